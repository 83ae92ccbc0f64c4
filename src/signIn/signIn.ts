import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import {
	authorizationLink,
	newStateAndVerifier,
	readCallback,
	readQuery,
	stateIn,
	verifierFor,
} from "../oauth/authorization.ts";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import type { App, PendingAuthorization } from "../vault/records.ts";
import { isLoopbackRedirect, type LoopbackListener, listenOnLoopback, type Page } from "./loopback.ts";
import { type CodePrompt, showCodePrompt, watchClipboard } from "./paste.ts";
import { type Arrival, type RedeemParts, redeem, requestOf, type SignedIn } from "./redeem.ts";

/** Milliseconds a pending authorization is kept and waited for. */
const pendingLifetime = 10 * 60_000;

/** Milliseconds another window gets for an exchange that it has begun. */
const otherWindowLimit = 60_000;

export interface SignInParts extends RedeemParts {
	readonly renderPage: (page: Page) => string;
	/** Tells the person who is signed in; called for every way but a program's. */
	readonly announce: (signedIn: SignedIn) => void;
	/** Tells the person why a redirect that nobody waits for was not taken. */
	readonly complain: (error: unknown) => void;
}

export interface SignIn {
	/** Opens X's page at once and waits for whatever arrives first. */
	withBrowser(app: App): Promise<SignedIn>;
	/** Asks for a code; opens X's page only when told so. */
	withPrompt(app: App, codeVerifier: string | undefined): Promise<SignedIn>;
	/** Starts a pending authorization and hands out its link. */
	link(app: App): Promise<string>;
	/** Takes a redirect that arrived by itself: after a reload, or in another window than the one that waits, too. */
	arrive(query: string): Promise<void>;
}

/** The ways in which a code arrives; the first one wins and closes the rest. */
export function createSignIn(parts: SignInParts): SignIn {
	const { vault, log } = parts;
	/** Flows of this window that wait for a redirect, by their state. */
	const waiting = new Map<string, (arrival: Promise<Arrival>) => Promise<SignedIn>>();

	async function begin(app: App): Promise<PendingAuthorization> {
		const createdAt = Date.now();
		const pending = { ...newStateAndVerifier(randomBytes), app, createdAt, expiresAt: createdAt + pendingLifetime };
		await vault.addPending(pending);
		return pending;
	}

	const linkOf = (pending: PendingAuthorization) => authorizationLink(parts.endpoints().authorize, requestOf(pending));

	async function arriveBy(way: "uri handler" | "loopback", query: string): Promise<SignedIn | undefined> {
		const state = stateIn(query);
		const pending = state === undefined ? undefined : await vault.findPending(state);
		if (state !== undefined && !pending && (await vault.wasTaken(state))) {
			log.info(`a redirect came twice by ${way}; the second one is left alone`);
			return undefined;
		}
		if (!pending) {
			verifierFor(
				{ code: "", ...(state === undefined ? {} : { state }) },
				{ byState: undefined, newest: undefined },
				undefined,
				true,
			);
		}
		const arrival = (async () => {
			try {
				return { callback: readQuery(query), way };
			} catch (error) {
				// X's refusal ends this authorization.
				await vault.takePending(state ?? "");
				throw error;
			}
		})();
		const flow = waiting.get(state ?? "");
		if (flow) {
			return flow(arrival);
		}
		const signedIn = await redeem(parts, await arrival);
		parts.announce(signedIn);
		return signedIn;
	}

	/** One sign-in that a person watches: a prompt, and behind it all the other ways. */
	function watched(app: App, codeVerifier: string | undefined, openAtOnce: boolean): Promise<SignedIn> {
		const open: { pending?: Promise<PendingAuthorization>; listener?: LoopbackListener; prompt?: CodePrompt } = {};
		const subscriptions: vscode.Disposable[] = [];
		let ended = false;

		return new Promise<SignedIn>((resolve, reject) => {
			const end = () => {
				ended = true;
				clearTimeout(timer);
				open.prompt?.dispose();
				open.listener?.close();
				vscode.Disposable.from(...subscriptions).dispose();
				open.pending?.then(({ state }) => waiting.delete(state)).catch(() => {});
			};
			const abandon = async (error: TwitterTokensError) => {
				if (ended) {
					return;
				}
				end();
				reject(error);
				await open.pending?.then(({ state }) => vault.takePending(state)).catch(() => {});
			};
			const timer = setTimeout(() => abandon(timedOut(app)), pendingLifetime);

			/** The first arrival ends the waiting; its exchange is never broken off for a prompt's sake. */
			const take = (arrival: Promise<Arrival>): Promise<SignedIn> => {
				end();
				const signedIn = vscode.window.withProgress(
					{
						location: vscode.ProgressLocation.Notification,
						title: vscode.l10n.t("Twitter Tokens: getting the tokens…"),
					},
					async () => redeem(parts, await arrival),
				) as Promise<SignedIn>;
				signedIn.then((result) => {
					parts.announce(result);
					resolve(result);
				}, reject);
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
			const prepare = () => {
				open.pending ??= (async () => {
					const pending = await begin(app);
					if (isLoopbackRedirect(app.redirectUri)) {
						const onRedirect = async (query: string) => pageFor(() => arriveBy("loopback", query));
						try {
							open.listener = await listenOnLoopback(app.redirectUri, onRedirect, parts.renderPage);
						} catch (error) {
							delete open.pending;
							await vault.takePending(pending.state);
							throw error;
						}
					}
					if (ended) {
						open.listener?.close();
						await vault.takePending(pending.state);
						throw new TwitterTokensError("Cancelled", cancelledText());
					}
					waiting.set(pending.state, take);
					subscriptions.push(
						vault.onDidChange(async () => {
							if (!ended && !(await vault.findPending(pending.state)) && !ended) {
								end();
								accountOfOtherWindow(pending).then(resolve, reject);
							}
						}),
					);
					return pending;
				})();
				return open.pending;
			};
			const openPage = async () => {
				await openInBrowser(linkOf(await prepare()));
				open.prompt?.setWaiting(true);
			};
			const copyLink = async () => {
				await vscode.env.clipboard.writeText(linkOf(await prepare()));
				open.prompt?.setWaiting(true);
			};
			const showPrompt = () => {
				open.prompt = showCodePrompt({
					title: openAtOnce
						? vscode.l10n.t("Twitter Tokens: Finish the Sign-In in the Browser")
						: vscode.l10n.t("Twitter Tokens: Get Token"),
					openPage,
					copyLink,
					admit: (text) => handOver(text, "paste"),
					cancel: () => abandon(new TwitterTokensError("Cancelled", cancelledText())),
				});
				subscriptions.push(watchClipboard((text) => handOver(text, "clipboard")));
			};

			if (openAtOnce) {
				prepare()
					.then(async () => {
						showPrompt();
						await openPage();
					})
					.catch(async (error) => {
						end();
						reject(error);
					});
			} else {
				showPrompt();
			}
		});
	}

	/** The redirect landed in another window: its account appears in the vault we share. */
	function accountOfOtherWindow(pending: PendingAuthorization): Promise<SignedIn> {
		return new Promise((resolve, reject) => {
			const look = async () => {
				const account = (await vault.accounts()).find(
					({ clientId, tokens }) => clientId === pending.app.clientId && tokens.issuedAt >= pending.createdAt,
				);
				if (account) {
					stop();
					resolve({ account });
				}
			};
			const subscription = vault.onDidChange(() => void look());
			const timer = setTimeout(() => {
				stop();
				reject(new TwitterTokensError("Cancelled", vscode.l10n.t("The sign-in went on in another window.")));
			}, otherWindowLimit);
			const stop = () => {
				subscription.dispose();
				clearTimeout(timer);
			};
			void look();
		});
	}

	return {
		withBrowser: (app) => watched(app, undefined, true),
		withPrompt: (app, codeVerifier) => watched(app, codeVerifier, false),
		link: async (app) => linkOf(await begin(app)),
		async arrive(query) {
			const awaited = waiting.has(stateIn(query) ?? "");
			try {
				await arriveBy("uri handler", query);
			} catch (error) {
				// Who waits for it shows it.
				if (!awaited) {
					parts.complain(error);
				}
			}
		},
	};
}

/** As a string: a `Uri` would decode the nested redirect URI (host facts, section 4). */
async function openInBrowser(link: string): Promise<void> {
	const opened = await vscode.env.openExternal(link as unknown as vscode.Uri);
	if (!opened) {
		throw new TwitterTokensError(
			"Cancelled",
			vscode.l10n.t("The browser was not opened. Use the button again, or copy the authorization link."),
		);
	}
}

/** What the browser shows after a redirect to the loopback listener. */
async function pageFor(arrive: () => Promise<SignedIn | undefined>): Promise<Page> {
	try {
		await arrive();
		return {
			title: vscode.l10n.t("You are signed in"),
			text: vscode.l10n.t("You can close this tab and go back to {0}.", vscode.env.appName),
		};
	} catch (error) {
		return { title: vscode.l10n.t("The sign-in did not succeed"), text: messageOf(error) };
	}
}

function cancelledText(): string {
	return vscode.l10n.t("The sign-in was cancelled. Nothing was changed.");
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
