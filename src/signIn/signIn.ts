import { randomBytes } from "node:crypto";
import { authorizationLink, newStateAndVerifier, readQuery, stateIn } from "../oauth/authorization.ts";
import { TwitterTokensError } from "../oauth/errors.ts";
import type { App, PendingAuthorization } from "../vault/records.ts";
import type { Page } from "./loopback.ts";
import { type Arrival, type RedeemParts, redeem, requestOf, type SignedIn } from "./redeem.ts";
import { type Arriving, type WatchedParts, watchSignIn } from "./watchedSignIn.ts";

/** Milliseconds a pending authorization is kept and waited for. */
const pendingLifetime = 10 * 60_000;

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

/** Joins the ways in which a code arrives to the pending authorizations that survive a reload. */
export function createSignIn(parts: SignInParts): SignIn {
	const { vault, log, announce } = parts;
	/** Who waits in this window, by state. */
	const waiting = new Map<string, (arriving: Arriving) => Promise<SignedIn>>();
	let giveUpFormer: (() => void) | undefined;

	const begin = async (app: App): Promise<PendingAuthorization> => {
		// Bad ones must not leave anything pending.
		parts.endpoints();
		const createdAt = Date.now();
		const pending = { ...newStateAndVerifier(randomBytes), app, createdAt, expiresAt: createdAt + pendingLifetime };
		await vault.addPending(pending);
		return pending;
	};
	const linkOf = (pending: PendingAuthorization) => authorizationLink(parts.endpoints().authorize, requestOf(pending));
	const redeemAndAnnounce = async (arrival: Arrival) => {
		const signedIn = await redeem(parts, arrival);
		announce(signedIn);
		return signedIn;
	};

	/** Only a redirect whose state is pending here counts (contract, "Which verifier"); an echo of one is left alone. */
	const arriveBy = async (way: "uri handler" | "loopback", query: string): Promise<SignedIn | undefined> => {
		const state = stateIn(query) ?? "";
		if (!(await vault.findPending(state))) {
			if (await vault.wasTaken(state)) {
				log.info(`a redirect came twice by ${way}; the second one is left alone`);
				return undefined;
			}
			throw new TwitterTokensError(
				"StateMismatch",
				"A redirect arrived that does not belong to a sign-in started here within the last 10 minutes; its code was not used. Start the sign-in again and finish it in the newest browser tab.",
			);
		}
		const take = waiting.get(state) ?? (async (arriving: Arriving) => redeemAndAnnounce(await arriving));
		return take(arrivalOf(way, query, state));
	};
	const arrivalOf = async (way: Arrival["way"], query: string, state: string): Promise<Arrival> => {
		try {
			return { callback: readQuery(query), way };
		} catch (error) {
			// X's refusal ends this authorization.
			await vault.takePending(state);
			throw error;
		}
	};

	const watched: WatchedParts = {
		vault,
		renderPage: parts.renderPage,
		begin,
		linkOf,
		redeem: redeemAndAnnounce,
		arrive: (query) => arriveBy("loopback", query),
		waitFor: (state, take) => {
			waiting.set(state, take);
			return { dispose: () => void waiting.delete(state) };
		},
		replaceFormer(giveUp) {
			giveUpFormer?.();
			giveUpFormer = giveUp;
			return {
				dispose: () => {
					giveUpFormer = giveUpFormer === giveUp ? undefined : giveUpFormer;
				},
			};
		},
		limitMs: pendingLifetime,
	};
	return {
		withBrowser: (app) => watchSignIn(watched, { app, openAtOnce: true }),
		withPrompt: (app, codeVerifier) => watchSignIn(watched, { app, codeVerifier, openAtOnce: false }),
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
