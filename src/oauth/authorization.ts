import { createHash } from "node:crypto";
import { TwitterTokensError } from "./errors.ts";

/** The constants of OpenIntegrations links (fact sheet, section 10.1): its `state`, and its verifier. */
const foreignState = "state";
const foreignVerifier = "challenge";

/** An address with a code is a few hundred characters; what is longer was pasted by mistake. */
const maxCharacters = 20_000;

/** Everything an authorization request says (fact sheet, section 2.1). */
export interface AuthorizationRequest {
	readonly clientId: string;
	readonly redirectUri: string;
	readonly scope: string;
	readonly state: string;
	readonly codeVerifier: string;
}

/** Fresh values of RFC 7636: 32 random bytes each, 43 URL-safe characters. X damages a `state` that is not URL-safe. */
export function newStateAndVerifier(randomBytes: (size: number) => Buffer): { state: string; codeVerifier: string } {
	return { state: randomBytes(32).toString("base64url"), codeVerifier: randomBytes(32).toString("base64url") };
}

/** The address of X's consent page. Blanks are `%20`, as in X's examples. */
export function authorizationLink(authorizeEndpoint: string, request: AuthorizationRequest): string {
	const parameters = {
		response_type: "code",
		client_id: request.clientId,
		redirect_uri: request.redirectUri,
		scope: request.scope,
		state: request.state,
		code_challenge: createHash("sha256").update(request.codeVerifier).digest("base64url"),
		code_challenge_method: "S256",
	};
	const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
	return `${authorizeEndpoint}${authorizeEndpoint.includes("?") ? "&" : "?"}${query.join("&")}`;
}

/** Characters; X's redirects have about 200, with a `state` of at most 500. */
const longestRedirect = 16_384;

/** What came back from the consent page. */
export interface Callback {
	readonly code: string;
	readonly state?: string;
}

/**
 * Reads a whole redirected address, its query string, or a bare code.
 *
 * @throws {TwitterTokensError} `AccessDenied`, `ScopeInvalid` where X says so; `CodeInvalid` for what is none of the three
 */
export function readCallback(text: string): Callback {
	assertShort(text);
	if (text.length > longestRedirect) {
		throw notACode("This is too long for a redirect.");
	}
	const trimmed = text.trim().replace(/^["'<]+|["'>]+$/g, "");
	const query = /(?:^|[?&])(?:code|state|error|denied)=/.test(trimmed);
	return query || trimmed.includes("://") ? readQuery(trimmed.replace(/^[^?]*\?/, "")) : { code: bareCode(trimmed) };
}

/** Reads the query of a redirect, percent-encoded or already decoded by the editor (host facts, section 4). */
export function readQuery(query: string): Callback {
	assertShort(query);
	const values = new Map<string, string>();
	for (const pair of query.replace(/^\?/, "").split("#", 1).join("").split("&")) {
		const [name = "", ...rest] = pair.split("=");
		if (values.has(name) && values.get(name) !== decoded(rest.join("="))) {
			throw notACode(`The address contains "${name}" twice.`);
		}
		values.set(name, decoded(rest.join("=")));
	}
	const error = values.get("error") ?? (values.has("denied") ? "access_denied" : undefined);
	if (error !== undefined) {
		throw refusal(error);
	}
	const code = values.get("code");
	if (!code) {
		throw notACode("The address contains no code.");
	}
	const state = values.get("state");
	return { code: bareCode(code), ...(state === undefined ? {} : { state }) };
}

/** The `state` of a redirect even where the rest of it is an error; undefined where there is none. */
export function stateIn(query: string): string | undefined {
	const value = /(?:^|[?&])state=([^&#]*)/.exec(query)?.[1];
	return value === undefined ? undefined : decoded(value);
}

/** Not `URLSearchParams`: it turns the `+` of an already decoded value into a blank. */
function decoded(value: string): string {
	try {
		return decodeURIComponent(value);
	} catch {
		return value;
	}
}

function assertShort(text: string): void {
	if (text.length > maxCharacters) {
		throw notACode(`This is not an authorization code: it has ${text.length} characters.`);
	}
}

function bareCode(text: string): string {
	const kind = kindOf(text);
	if (kind !== undefined && kind !== "authorization code") {
		throw notACode(`This is an ${kind}, not an authorization code.`);
	}
	if (!/^[\x21-\x7e]{1,4096}$/.test(text) || /[<>"{}\\^`]/.test(text)) {
		throw notACode("This is not an authorization code.");
	}
	return text;
}

function notACode(problem: string): TwitterTokensError {
	return new TwitterTokensError(
		"CodeInvalid",
		`${problem} Paste the whole address the browser was sent to, its query string, or the value of "code" in it.`,
	);
}

function refusal(error: string): TwitterTokensError {
	if (error === "invalid_scope") {
		return new TwitterTokensError(
			"ScopeInvalid",
			'X does not know one of the requested scopes. Check "scope" in your auth settings against the list at docs.x.com and sign in again.',
		);
	}
	if (error === "server_error" || error === "temporarily_unavailable") {
		return new TwitterTokensError("Unavailable", "X cannot take the sign-in at the moment. Try again in a while.");
	}
	const reason = error === "access_denied" ? "The sign-in was cancelled on X" : "X refused the authorization";
	return new TwitterTokensError(
		"AccessDenied",
		`${reason}. Nothing was changed. Sign in again when you want to allow it.`,
		{
			serverText: error.slice(0, 100).replace(/[^\w. -]/g, ""),
		},
	);
}

const kinds = { ac: "authorization code", at: "access token", rt: "OAuth 2.0 refresh token" } as const;

type OtherKind = "OAuth 2.0 Client ID" | "app-only bearer token" | "OAuth 1.0a access token";

/** Best effort (fact sheet, sections 5.2 and 6.1): what somebody pasted. Undefined means: cannot tell, accept it. */
export function kindOf(text: string): (typeof kinds)[keyof typeof kinds] | OtherKind | undefined {
	if (/^AAAA[A-Za-z0-9%]{80,}$/.test(text)) {
		return "app-only bearer token";
	}
	// User id and the rest; X's codes are one piece of base64url that does not begin so.
	if (/^\d{2,}-[A-Za-z0-9]{10,}$/.test(text)) {
		return "OAuth 1.0a access token";
	}
	const inside = /^[\w-]{20,}$/.test(text) ? Buffer.from(text, "base64url").toString("latin1") : "";
	if (/^[\x21-\x7e]+:1:ci$/.test(inside)) {
		return "OAuth 2.0 Client ID";
	}
	const kind = /^[\w-]{45}:\d{13}:\d:\d:(?<kind>ac|at|rt):\d$/.exec(inside)?.groups?.kind;
	return kind === undefined ? undefined : kinds[kind as keyof typeof kinds];
}

/** What is known of the authorizations that were begun here. */
export interface PendingLookup<P> {
	readonly byState: P | undefined;
	readonly newest: P | undefined;
}

/**
 * "Which verifier" of the contract, its four rules in their order.
 *
 * @param byItself the redirect arrived by itself (URI handler, loopback) and was not handed over by a person or a program
 * @returns the pending authorization the code belongs to, or the verifier to use without one
 * @throws {TwitterTokensError} `StateMismatch` (rule 4)
 */
export function verifierFor<P extends { readonly codeVerifier: string }>(
	callback: Callback,
	pending: PendingLookup<P>,
	settingsVerifier: string | undefined,
	byItself: boolean,
): { readonly codeVerifier: string; readonly pending?: P } {
	if (callback.state !== undefined && pending.byState) {
		return { codeVerifier: pending.byState.codeVerifier, pending: pending.byState };
	}
	if (!byItself) {
		if (callback.state === foreignState || (callback.state === undefined && !pending.newest)) {
			return { codeVerifier: settingsVerifier ?? foreignVerifier };
		}
		if (callback.state === undefined && pending.newest) {
			return { codeVerifier: pending.newest.codeVerifier, pending: pending.newest };
		}
	}
	throw new TwitterTokensError(
		"StateMismatch",
		"This redirect does not belong to a sign-in that was started here within the last 10 minutes, so its code was not used. Start the sign-in again and finish it in the newest browser tab.",
	);
}
