import { TwitterTokensError } from "../oauth/errors.ts";
import { isBackingOff } from "./backOff.ts";
import { standsStill } from "./expiry.ts";
import { type Account, type App, labelOf } from "./records.ts";

/** Who wants the renewal: this window's clock, somebody who needs a token now, or a person who said "renew". */
export type Asking = "automatic" | "demand" | "person";

/** Why nothing is sent, as the error for whoever asked; `undefined` when the way is free. */
export function obstacle(
	account: Account,
	app: App | undefined,
	tokenEndpoint: string,
	asking: Asking,
	now: number,
): TwitterTokensError | undefined {
	const { backOff } = account;
	const label = labelOf(account);
	const standing = standsStill(account);
	if (standing === "signInNeeded") return new TwitterTokensError("GrantLost", signInMessage(account));
	if (standing === "noRefreshToken") {
		return new TwitterTokensError(
			"GrantLost",
			`The tokens of ${label} cannot be renewed: the sign-in did not ask for the scope offline.access. Sign in again with it.`,
		);
	}
	if (account.tokenEndpoint !== tokenEndpoint) {
		return new TwitterTokensError(
			"InvalidAuthSettings",
			`The tokens of ${label} come from ${account.tokenEndpoint} and are not sent to ${tokenEndpoint}. ` +
				"Set twitterTokens.endpoints back, or sign in again.",
		);
	}
	if (!app) {
		return new TwitterTokensError(
			"ClientUnknown",
			`The app of ${label} (Client ID ${account.clientId}) is not stored here any more. Sign in again.`,
		);
	}
	if (backOff && isBackingOff(backOff, now) && (asking !== "person" || backOff.code === "RateLimited")) {
		return new TwitterTokensError(backOff.code, backOff.message, { retryAt: backOff.until });
	}
	if (asking === "person") return undefined;
	if (standing === "app") {
		return new TwitterTokensError(backOff?.code ?? "ClientUnknown", backOff?.message ?? "X refuses the app.");
	}
	if (standing === "answerUnclear") {
		return new TwitterTokensError(
			backOff?.code ?? "Network",
			backOff?.message ??
				`Two renewals of ${label} ended without an answer. "Refresh Token" tries again; if X refuses then, sign in again.`,
		);
	}
	return undefined;
}

/** What a dead grant means, and what to do. */
export function signInMessage(account: Account): string {
	const label = labelOf(account);
	switch (account.signInNeeded?.reason) {
		case "answerLost":
			return `An earlier answer of X to a renewal of ${label} got lost on its way, and X has replaced the tokens all the same. Sign in again.`;
		case "unusedTooLong":
			return `X keeps a sign-in for about six months without a renewal; that of ${label} is older. Sign in again.`;
		default:
			return (
				`X no longer accepts the tokens of ${label}, long before their time: the same user signed in to the same app on another computer ` +
				"or in another tool, or took the permission back. Sign in again, and give each computer an app of its own."
			);
	}
}
