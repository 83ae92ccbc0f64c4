import * as v from "valibot";

/** What X's documentation says an access token lives, for an answer without a usable `expires_in` (fact sheet, section 6). */
const documentedLifetimeSeconds = 7200;

/** A year. What claims to live longer has an odd `expires_in`; much longer, and its end is no date any more. */
const longestLifetimeSeconds = 365 * 24 * 3600;

/**
 * X's token response (fact sheet, section 6). Only the access token is indispensable: a response is never
 * thrown away over an odd side field, because the refresh token that bought it is already spent.
 */
export const TokenResponse = v.looseObject({
	access_token: v.pipe(v.string(), v.nonEmpty()),
	refresh_token: v.optional(v.unknown()),
	scope: v.optional(v.unknown()),
	expires_in: v.optional(v.unknown()),
	token_type: v.optional(v.unknown()),
});

/** Keys untouched, as X sent them. */
export type TokenResponse = v.InferOutput<typeof TokenResponse>;

/** One generation of an account's tokens, as it is stored. */
export const TokenSet = v.object({
	accessToken: v.pipe(v.string(), v.nonEmpty()),
	/** Absent without the scope `offline.access`. */
	refreshToken: v.optional(v.string()),
	/** Sorted, without repeats: X answers in an order of its own. */
	scopes: v.array(v.string()),
	/** Milliseconds since 1970, counted from the moment the request was sent. */
	expiresAt: v.number(),
	/** Milliseconds since 1970 at which the request that brought this set was sent. */
	issuedAt: v.number(),
	/** X's response, keys untouched. */
	response: TokenResponse,
});

export type TokenSet = v.InferOutput<typeof TokenSet>;

/** A blank-separated scope string as a sorted set. */
export function scopesOf(text: string): string[] {
	return [...new Set(text.split(/\s+/).filter(Boolean))].sort();
}

/**
 * @param sentAt ms since 1970 at which the request left; the lifetime counts from there
 * @param before the set that was refreshed: an answer that leaves out `refresh_token` or `scope` means "unchanged" (RFC 6749, sections 5.1 and 6)
 */
export function tokenSetFrom(
	response: TokenResponse,
	sentAt: number,
	before?: { readonly refreshToken?: string | undefined; readonly scopes: readonly string[] },
): TokenSet {
	const { refresh_token, scope } = response;
	const refreshToken = typeof refresh_token === "string" && refresh_token ? refresh_token : before?.refreshToken;
	return {
		accessToken: response.access_token,
		...(refreshToken ? { refreshToken } : {}),
		scopes: typeof scope === "string" ? scopesOf(scope) : [...(before?.scopes ?? [])],
		expiresAt: sentAt + lifetimeSeconds(response.expires_in) * 1000,
		issuedAt: sentAt,
		response,
	};
}

function lifetimeSeconds(expiresIn: unknown): number {
	const seconds = typeof expiresIn === "string" && expiresIn.trim() !== "" ? Number(expiresIn) : expiresIn;
	return typeof seconds === "number" && seconds > 0 && seconds <= longestLifetimeSeconds
		? seconds
		: documentedLifetimeSeconds;
}
