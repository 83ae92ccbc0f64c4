import * as v from "valibot";
import { kindOf } from "./authorization.ts";
import { type AuthSettings, authSettingsFrom, parseAuthText } from "./authSettings.ts";
import { TwitterTokensError } from "./errors.ts";
import { scopesOf, type TokenSet, tokenSetFrom } from "./tokens.ts";

/** Tokens that another tool holds: an access token, a refresh token, or both. */
export interface FoundGrant {
	readonly accessToken?: string;
	readonly refreshToken?: string;
	/** Empty where the place does not say; the first renewal brings them. */
	readonly scopes: readonly string[];
	/** As X's response has it. */
	readonly expiresIn?: unknown;
	/** ms since 1970, where the place keeps the moment itself. */
	readonly expiresAt?: number;
	/** Without the @; what the other tool believes, X was not asked. */
	readonly handle?: string;
}

/** OAuth 1.0a user tokens, for the token exchange (fact sheet, section 9.3). */
export interface FoundOAuth1 {
	readonly token: string;
	readonly tokenSecret: string;
}

/** An X app as a place to import from names it. */
export interface FoundApp {
	readonly name: string;
	/** Absent where the place holds tokens only, as a token response does. */
	readonly auth?: AuthSettings;
	readonly grants: readonly FoundGrant[];
	readonly oauth1?: FoundOAuth1;
}

const Text = v.optional(
	v.nullable(
		v.pipe(
			v.string((issue) => `is ${issue.received}, not text`),
			v.trim(),
		),
	),
);

const Importable = v.object({
	client_id: Text,
	access_token: Text,
	refresh_token: Text,
	scope: Text,
	expires_in: v.optional(v.unknown()),
	oauth_token: Text,
	oauth_token_secret: Text,
});

/**
 * What can be imported from an auth JSON or from a token response of X: the two have the same keys.
 *
 * @param place what the value is called in error texts
 * @throws {TwitterTokensError} `InvalidAuthSettings` naming the key and the place, never a value
 */
export function foundIn(value: unknown, place: string): FoundApp {
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw invalid(`${place} holds no JSON object. Expected an auth JSON or X's token response.`);
	}
	const parsed = v.safeParse(Importable, value);
	if (!parsed.success) {
		const issue = parsed.issues[0];
		throw invalid(`"${v.getDotPath(issue) ?? "?"}" in ${place} ${issue.message}. Nothing was imported.`);
	}
	const { client_id, access_token, refresh_token, scope, expires_in, oauth_token, oauth_token_secret } = parsed.output;
	const grant = grantOf(
		{
			...(access_token ? { accessToken: access_token } : {}),
			...(refresh_token ? { refreshToken: refresh_token } : {}),
			scopes: scopesOf(scope ?? ""),
			...(expires_in === undefined ? {} : { expiresIn: expires_in }),
		},
		place,
	);
	const oauth1 =
		oauth_token && oauth_token_secret ? { token: oauth_token, tokenSecret: oauth_token_secret } : undefined;
	if (!client_id && !grant && !oauth1) {
		throw invalid(
			`${place} holds nothing to import: neither "client_id" nor "access_token", "refresh_token" or "oauth_token" with "oauth_token_secret".`,
		);
	}
	return {
		name: place,
		...(client_id ? { auth: authSettingsFrom(value, place) } : {}),
		grants: grant ? [grant] : [],
		...(oauth1 ? { oauth1 } : {}),
	};
}

/**
 * The same for text that somebody pasted: JSON as lenient as everywhere, or a bare token.
 *
 * @throws {TwitterTokensError} `InvalidAuthSettings`
 */
export function foundInText(text: string, place: string): FoundApp {
	const trimmed = text.replace(/^\uFEFF/, "").trim();
	if (trimmed.startsWith("{")) {
		return foundIn(parseAuthText(trimmed, place), place);
	}
	const kind = kindOf(trimmed);
	if (kind === "OAuth 2.0 refresh token") {
		return { name: place, grants: [{ refreshToken: trimmed, scopes: [] }] };
	}
	// Only what is recognized: any word on a clipboard would do for a token otherwise.
	if (kind === "access token") {
		return { name: place, grants: [{ accessToken: trimmed, scopes: [] }] };
	}
	const other = otherThanAccess(trimmed);
	throw invalid(
		other
			? `${place} holds ${other}`
			: `${place} holds neither an auth JSON nor X's token response (it does not begin with "{"), nor a token of X. Nothing was imported.`,
	);
}

/**
 * A grant whose tokens are of the right kind; `undefined` where there are none.
 *
 * @throws {TwitterTokensError} `InvalidAuthSettings` saying what they are instead
 */
export function grantOf(grant: FoundGrant, place: string): FoundGrant | undefined {
	const { accessToken, refreshToken } = grant;
	for (const [key, token, own] of [
		["access_token", accessToken, "access token"],
		["refresh_token", refreshToken, "OAuth 2.0 refresh token"],
	] as const) {
		if (token === undefined) {
			continue;
		}
		const other = own === kindOf(token) ? undefined : otherThanAccess(token);
		if (other) {
			throw invalid(`"${key}" in ${place} is ${other}`);
		}
		if (!/^[\x21-\x7e]{1,4096}$/.test(token)) {
			throw invalid(`"${key}" in ${place} is not a token: it holds blanks or other characters that no token has.`);
		}
	}
	return accessToken !== undefined || refreshToken !== undefined ? grant : undefined;
}

/** What people take for an OAuth 2.0 access token, and what to do instead (fact sheet, sections 6.1 and 9.1). */
function otherThanAccess(token: string): string | undefined {
	// An OAuth 2.0 token of X is base64url of plain text and cannot begin so.
	if (token.startsWith("AAAA")) {
		return "the app's bearer token (AAAA…), which stands for no user. Sign in to get a user's access token. Nothing was imported.";
	}
	const kind = kindOf(token);
	switch (kind) {
		case "authorization code":
			return "an authorization code. Use the command Get Token for it. Nothing was imported.";
		case "OAuth 1.0a access token":
			return `an ${kind}. Put it into "oauth_token" and its secret into "oauth_token_secret" of an auth JSON: these can be exchanged. Nothing was imported.`;
		case "OAuth 2.0 Client ID":
			return 'a Client ID. It belongs into "client_id". Nothing was imported.';
		case "access token":
		case "OAuth 2.0 refresh token":
			return `an ${kind}. Nothing was imported.`;
		default:
			return undefined;
	}
}

/** ms since 1970 at which X issued a token, if it says so inside (fact sheet, section 6.1: undocumented, best effort). */
export function issuedIn(token: string): number | undefined {
	const inside = /^[\w-]{20,200}$/.test(token) ? Buffer.from(token, "base64url").toString("latin1") : "";
	const moment = /^[\w-]{45}:(\d{13}):\d:\d:(?:ac|at|rt):\d$/.exec(inside)?.[1];
	return moment === undefined ? undefined : Number(moment);
}

/** X's clock and ours may differ; a token from further in the future does not tell the truth. ms */
const clockTolerance = 24 * 60 * 60_000;

/**
 * Tokens of another tool as a token set. How long the access token lives is taken from the place, else from inside the
 * token; where nobody knows, it counts as expiring now, so that the first use renews it. Without a refresh token that
 * would make it useless, so then it gets the longest time it can have.
 *
 * @param now ms since 1970
 */
export function importedTokens(grant: FoundGrant & { readonly accessToken: string }, now: number): TokenSet {
	const inside = issuedIn(grant.accessToken);
	const issuedAt = inside !== undefined && inside <= now + clockTolerance ? Math.min(inside, now) : undefined;
	const response = {
		token_type: "bearer",
		...(grant.expiresIn === undefined ? {} : { expires_in: grant.expiresIn }),
		access_token: grant.accessToken,
		...(grant.scopes.length > 0 ? { scope: grant.scopes.join(" ") } : {}),
		...(grant.refreshToken ? { refresh_token: grant.refreshToken } : {}),
	};
	const tokens = tokenSetFrom(response, issuedAt ?? now);
	const lifetime = tokens.expiresAt - tokens.issuedAt;
	const expiresAt = grant.expiresAt === undefined ? undefined : Math.min(grant.expiresAt, now + lifetime);
	if (expiresAt !== undefined) {
		return { ...tokens, expiresAt, issuedAt: Math.min(issuedAt ?? now, expiresAt - 1, now) };
	}
	return issuedAt === undefined && grant.refreshToken
		? { ...tokens, expiresAt: now, issuedAt: now - lifetime }
		: tokens;
}

function invalid(message: string): TwitterTokensError {
	return new TwitterTokensError("InvalidAuthSettings", message);
}
