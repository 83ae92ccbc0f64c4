import * as vscode from "vscode";
import { readCallback, verifierFor } from "../oauth/authorization.ts";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import type { App, PendingAuthorization } from "../vault/records.ts";
import type { Vault } from "../vault/vault.ts";
import { isLoopbackRedirect, type LoopbackListener, listenOnLoopback, type Page } from "./loopback.ts";
import { accountOfOtherWindow } from "./otherWindow.ts";
import { type CodePrompt, showCodePrompt, watchClipboard } from "./paste.ts";
import { withProgress } from "./progress.ts";
import type { Arrival, SignedIn } from "./redeem.ts";

/** A code that has arrived, or that X's refusal has put an end to. */
export type Arriving = Promise<Arrival>;

export interface WatchedParts {
	readonly vault: Vault;
	readonly renderPage: (page: Page) => string;
	readonly begin: (app: App) => Promise<PendingAuthorization>;
	readonly linkOf: (pending: PendingAuthorization) => string;
	/** From a code to an account. */
	readonly redeem: (arrival: Arrival) => Promise<SignedIn>;
	/** Takes the query of a redirect; finds its way to `take` by the state. */
	readonly arrive: (query: string) => Promise<SignedIn | undefined>;
	/** Registers who waits for a state in this window. */
	readonly waitFor: (state: string, take: (arriving: Arriving) => Promise<SignedIn>) => vscode.Disposable;
	/** VS Code shows one prompt at a time: a new sign-in ends the one before it, and gets its port. */
	readonly replaceFormer: (giveUp: () => void) => vscode.Disposable;
	/** Milliseconds until nothing is waited for any more. */
	readonly limitMs: number;
}

export interface Watched {
	readonly app: App;
	/** For a code of a link that was made elsewhere. */
	readonly codeVerifier?: string | undefined;
	/** The page is opened at once, not when the person asks for it. */
	readonly openAtOnce: boolean;
}

/** A sign-in that a person watches: a prompt, and behind it every other way. The first arrival closes the rest. */
export function watchSignIn(parts: WatchedParts, { app, codeVerifier, openAtOnce }: Watched): Promise<SignedIn> {
	const { vault } = parts;
	const outcome = Promise.withResolvers<SignedIn>();
	const waiting: vscode.Disposable[] = [];
	let prompt: CodePrompt | undefined;
	let listener: LoopbackListener | undefined;
	let prepared: Promise<PendingAuthorization> | undefined;
	let ended = false;

	const end = () => {
		ended = true;
		vscode.Disposable.from(...waiting.splice(0)).dispose();
	};
	/**
	 * Ends the waiting, not the authorization: whatever else opens a prompt closes ours as Escape does, and who approves
	 * on X all the same meant it. A redirect to the editor's own callback URL still signs in while it is pending.
	 */
	const giveUp = (error: unknown) => {
		if (!ended) {
			end();
			listener?.close();
			outcome.reject(error);
		}
	};
	/** The exchange that begins here is never broken off: its code is spent. */
	const take = (arriving: Arriving): Promise<SignedIn> => {
		end();
		const redeem = async () => parts.redeem(await arriving);
		const signedIn = withProgress(vscode.l10n.t("Getting tokens from X…"), redeem);
		// Until then a browser that fetches the redirect twice gets the same page twice.
		signedIn.finally(() => listener?.close()).then(outcome.resolve, outcome.reject);
		return signedIn;
	};

	const handOver = async (text: string, way: "paste" | "clipboard") => {
		const callback = readCallback(text);
		const byState = callback.state === undefined ? undefined : await vault.findPending(callback.state);
		if (way === "clipboard" && !byState) {
			return;
		}
		// Refused here, the prompt stays open; `redeem` decides again for good.
		verifierFor(callback, { byState, newest: await vault.newestPending(app.clientId) }, codeVerifier, false);
		if (!ended) {
			take(Promise.resolve({ callback, way, handedOver: { app, codeVerifier } })).catch(() => {});
		}
	};

	/** Everything that must be ready before the browser opens. */
	const prepare = async (): Promise<PendingAuthorization> => {
		const pending = await parts.begin(app);
		try {
			if (isLoopbackRedirect(app.redirectUri)) {
				const onRedirect = (query: string) => pageOf(parts.arrive(query));
				listener = await listenOnLoopback(app.redirectUri, onRedirect, parts.renderPage);
			}
			if (ended) {
				listener?.close();
				throw cancelled();
			}
		} catch (error) {
			prepared = undefined;
			await vault.takePending(pending.state);
			throw error;
		}
		waiting.push(
			parts.waitFor(pending.state, take),
			vault.onDidChange(async () => {
				if (!ended && !(await vault.findPending(pending.state)) && !ended) {
					end();
					listener?.close();
					accountOfOtherWindow(vault, pending).then(outcome.resolve, outcome.reject);
				}
			}),
		);
		return pending;
	};
	const link = async () => {
		prepared ??= prepare();
		return parts.linkOf(await prepared);
	};
	const openPage = async () => {
		// As a string: a `Uri` would decode the nested redirect URI (host facts, section 4).
		const opened = await vscode.env.openExternal((await link()) as unknown as vscode.Uri);
		// Who chose "Copy" in VS Code's question has the link all the same: the waiting goes on.
		prompt?.setWaiting(opened ? undefined : vscode.l10n.t("The browser was not opened. Use one of the buttons above."));
	};
	const copyLink = async () => {
		await vscode.env.clipboard.writeText(await link());
		prompt?.setWaiting();
	};
	const showPrompt = () => {
		prompt = showCodePrompt({
			title: openAtOnce
				? vscode.l10n.t("Twitter Tokens: Finish the Sign-In in the Browser")
				: vscode.l10n.t("Twitter Tokens: Get Token"),
			openPage,
			copyLink,
			admit: (text) => handOver(text, "paste"),
			cancel: () => giveUp(cancelled()),
		});
		waiting.push(
			prompt,
			watchClipboard((text) => handOver(text, "clipboard")),
		);
	};

	const timer = setTimeout(() => giveUp(timedOut(app)), parts.limitMs);
	waiting.push(
		{ dispose: () => clearTimeout(timer) },
		parts.replaceFormer(() => giveUp(cancelled())),
	);
	if (openAtOnce) {
		link().then(showPrompt).then(openPage).catch(giveUp);
	} else {
		showPrompt();
	}
	return outcome.promise;
}

/** What the browser shows after a redirect to the loopback listener. */
async function pageOf(arrived: Promise<SignedIn | undefined>): Promise<Page> {
	try {
		await arrived;
		return {
			title: vscode.l10n.t("You are signed in"),
			text: vscode.l10n.t("You can close this tab and go back to {0}.", vscode.env.appName),
		};
	} catch (error) {
		return { title: vscode.l10n.t("The sign-in did not succeed"), text: messageOf(error) };
	}
}

function cancelled(): TwitterTokensError {
	return new TwitterTokensError("Cancelled", vscode.l10n.t("The sign-in was cancelled. Nothing was changed."));
}

/** X shows its own error page and never calls back when the request itself is wrong (fact sheet, section 2.4). */
function timedOut({ redirectUri }: App): TwitterTokensError {
	return new TwitterTokensError(
		"TimedOut",
		vscode.l10n.t(
			'Nothing came back from X within 10 minutes. If X showed "Something went wrong", check at console.x.com: (1) the callback URL is exactly {0}; (2) the Client ID is the OAuth 2.0 one, not the API key; (3) the User authentication settings are saved, with a Website URL; (4) the scope names; (5) the app is not suspended. Then sign in again.',
			redirectUri,
		),
	);
}
