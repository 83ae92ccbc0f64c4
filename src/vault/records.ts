import { createHash } from "node:crypto";
import * as v from "valibot";
import { errorCodes } from "../oauth/errors.ts";
import { TokenSet } from "../oauth/tokens.ts";

/** An X app, remembered so that renewal needs no settings. */
export const App = v.object({
	clientId: v.string(),
	/** Present and not empty: a confidential client. */
	clientSecret: v.optional(v.string()),
	redirectUri: v.string(),
	scope: v.string(),
	/** Typed by the user or moved here from a file: used where the auth settings are empty or name no secret. */
	kept: v.optional(v.boolean()),
});
export type App = v.InferOutput<typeof App>;

export const User = v.object({ id: v.string(), handle: v.string(), name: v.optional(v.string()) });
export type User = v.InferOutput<typeof User>;

/**
 * Why X does not renew an account any more (fact sheet, section 7):
 * - `replacedElsewhere`: the grant died before its time, as it does when the same user signs in to the same app elsewhere;
 * - `unusedTooLong`: the refresh token was older than X keeps one;
 * - `answerLost`: an earlier renewal got no answer; X had taken the token all the same.
 */
export const signInReasons = ["replacedElsewhere", "unusedTooLong", "answerLost"] as const;
export type SignInReason = (typeof signInReasons)[number];

/** Moments are ms since 1970. */
export const Account = v.object({
	/** Eight hexadecimal digits; part of a file name. Never given to a second account. */
	id: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
	clientId: v.string(),
	/** The endpoint that issued the tokens: they are never sent to another. */
	tokenEndpoint: v.string(),
	/** Unknown until X was asked, which is never a condition for keeping tokens. */
	user: v.optional(User),
	tokens: TokenSet,
	/** First sign-in; the oldest account is the default as long as none is chosen. */
	addedAt: v.optional(v.number()),
	lastRenewedAt: v.optional(v.number()),
	lastUsedAt: v.optional(v.number()),
	/** Noted before a refresh request leaves, gone with its answer: whoever finds it knows that an answer may be lost. */
	renewal: v.optional(v.object({ startedAt: v.number(), attempts: v.number() })),
	/** No automatic renewal before `until`; `message` says what went wrong last. */
	backOff: v.optional(
		v.object({ until: v.number(), failures: v.number(), code: v.picklist(errorCodes), message: v.string() }),
	),
	/** Set only by X's own "token was invalid", confirmed after reading again. */
	signInNeeded: v.optional(v.object({ since: v.number(), reason: v.picklist(signInReasons) })),
});
export type Account = v.InferOutput<typeof Account>;

export const PendingAuthorization = v.object({
	state: v.string(),
	codeVerifier: v.string(),
	app: App,
	createdAt: v.number(),
	/** Ten minutes after `createdAt`. */
	expiresAt: v.number(),
});
export type PendingAuthorization = v.InferOutput<typeof PendingAuthorization>;

/** What stays of a pending authorization that was used, until it would have expired: nobody gets it a second time. */
export const TakenPending = v.object({ taken: v.literal(true), expiresAt: v.number() });

/** The value of `default`. */
export const DefaultAccount = v.object({ id: v.string() });

/** The value of `startedAfresh`: the session of the editor in which a key was made because an older one was lost. */
export const StartedAfresh = v.object({ session: v.string() });

export const keys = {
	account: (id: string) => `account/${id}`,
	app: (clientId: string) => `app/${clientId}`,
	/** By hash: keys stand in the journal in clear, a state must not. */
	pending: (state: string) => `pending/${createHash("sha256").update(state).digest("hex")}`,
	default: "default",
	startedAfresh: "startedAfresh",
} as const;

export const isAccountKey = (key: string): boolean => key.startsWith("account/");
export const isPendingKey = (key: string): boolean => key.startsWith("pending/");

/** `@handle`, or `account 1a2b3c4d` as long as the handle is unknown. */
export function labelOf(account: Account): string {
	return account.user ? `@${account.user.handle}` : `account ${account.id}`;
}
