import type { ErrorCode, TwitterTokensError } from "../oauth/errors.ts";
import type { Account } from "./records.ts";

export type BackOff = NonNullable<Account["backOff"]>;

/** ms */
const first = 30_000;
const longest = 15 * 60_000;
/** An hour is as long as X's word is taken for: its windows have 15 minutes, and a wrong date must not last for ever. */
const longestAsked = 60 * 60_000;
/** So that windows do not all come back in the same moment. */
const spread = 5_000;

/**
 * When to try again after a failure that keeps the tokens: twice as long each time, give or take a fifth, unless X named a moment.
 * @param random [0, 1)
 */
export function backOffAfter(
	failuresBefore: number,
	error: { readonly code: ErrorCode; readonly retryAt?: number | undefined },
	message: string,
	now: number,
	random: number,
): BackOff {
	const delay = Math.min(first * 2 ** Math.min(failuresBefore, 20) * (0.8 + 0.4 * random), longest);
	const asked = error.retryAt !== undefined && error.retryAt > now ? error.retryAt + spread * random : 0;
	const until = asked ? Math.min(asked, now + longestAsked) : now + delay;
	return { until: Math.round(until), failures: failuresBefore + 1, code: error.code, message };
}

/** Not yet. A moment that lies further ahead than any back-off reaches comes from a clock that was set back since. */
export function isBackingOff(backOff: BackOff | undefined, now: number): backOff is BackOff {
	return backOff !== undefined && now < backOff.until && backOff.until - now <= longestAsked;
}

/** What a person reads after a failed renewal: what X or the network said, and what that means for the tokens. */
export function failureMessage(error: TwitterTokensError, unclearSends: number): string {
	if (unclearSends === 0) return error.message;
	const unclear =
		"The request to renew may have reached X although its answer did not reach this computer; then X has replaced the tokens.";
	const next =
		unclearSends === 1
			? "It is tried once more. If X refuses then, a new sign-in is needed."
			: 'This happened twice, so it is not tried again by itself. "Refresh Token" tries again; if X refuses then, sign in again.';
	return `${error.message} ${unclear} ${next}`;
}
