import { type AuthorizationRequest, type Callback, verifierFor } from "../oauth/authorization.ts";
import type { Endpoints } from "../oauth/endpoints.ts";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import { exchangeCode } from "../oauth/tokenEndpoint.ts";
import type { Transport } from "../oauth/transport.ts";
import { whoAmI } from "../oauth/users.ts";
import type { Account, App, PendingAuthorization } from "../vault/records.ts";
import type { Vault } from "../vault/vault.ts";

/** Milliseconds a sign-in waits for the handle: X has given the tokens already, and they are stored. */
const whoAmILimit = 10_000;

export interface RedeemParts {
	readonly vault: Vault;
	readonly transport: Transport;
	readonly endpoints: () => Endpoints;
	readonly log: { info(message: string): void; warn(message: string): void };
}

export interface SignedIn {
	readonly account: Account;
	/** Why X did not say who signed in; absent where it did. */
	readonly nameProblem?: string;
}

/** A code that came back, and who brought it. */
export interface Arrival {
	readonly callback: Callback;
	/** Named in the log. */
	readonly way: "uri handler" | "loopback" | "paste" | "clipboard" | "command";
	/** What a code without a pending authorization is exchanged with; absent for what arrives by itself. */
	readonly handedOver?: { readonly app: App; readonly codeVerifier?: string | undefined };
}

/** The authorization request of a pending authorization. */
export function requestOf({ app, state, codeVerifier }: PendingAuthorization): AuthorizationRequest {
	return { ...app, state, codeVerifier };
}

/**
 * From a code to an account in the vault. Begins the exchange at once (a code lives 30 seconds), stores the tokens
 * before anything else, and asks X for the handle only then.
 *
 * @throws {TwitterTokensError} `StateMismatch` and whatever the exchange throws; nothing is stored then
 */
export async function redeem(parts: RedeemParts, { callback, way, handedOver }: Arrival): Promise<SignedIn> {
	const { vault, transport, log } = parts;
	const endpoints = parts.endpoints();
	const { pending, codeVerifier } = verifierFor(
		callback,
		{
			byState: callback.state === undefined ? undefined : await vault.findPending(callback.state),
			newest: handedOver && (await vault.newestPending(handedOver.app.clientId)),
		},
		handedOver?.codeVerifier,
		handedOver === undefined,
	);
	// Used once, whichever window or way is first.
	if (pending && !(await vault.takePending(pending.state))) {
		throw new TwitterTokensError(
			"StateMismatch",
			"This sign-in was finished in another window. Look at its status bar.",
		);
	}
	const app = pending?.app ?? handedOver?.app;
	if (!app) {
		throw new TwitterTokensError("StateMismatch", "This redirect does not belong to a sign-in that was started here.");
	}
	const tokens = await exchangeCode(transport, endpoints.token, app, {
		code: callback.code,
		redirectUri: app.redirectUri,
		codeVerifier,
		scope: app.scope,
	});
	const account = await vault.saveSignIn({ app, tokens, tokenEndpoint: endpoints.token });
	log.info(`signed in by ${way}: ${account.id}, scopes ${tokens.scopes.join(" ")}`);
	return identify(parts, account);
}

/** Asks X once who the account is. Its failure never costs the tokens. */
export async function identify({ vault, transport, endpoints, log }: RedeemParts, account: Account): Promise<SignedIn> {
	try {
		const limit = AbortSignal.timeout(whoAmILimit);
		const user = await whoAmI(transport, endpoints().api, account.tokens.accessToken, limit);
		return { account: await vault.identify(account.id, user) };
	} catch (error) {
		log.warn(`${account.id}: ${messageOf(error)}`);
		return { account, nameProblem: messageOf(error) };
	}
}
