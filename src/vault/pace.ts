import type { Account } from "./records.ts";

/** ms */
const minute = 60_000;

/** Not more than one renewal of an account per minute unless a person asks, whatever the clocks and X's `expires_in` say. */
export interface Pace {
	/** Call with each account as it is seen: new tokens, from whichever window, start the minute. */
	observe(account: Account): void;
	mayRenew(account: Account): boolean;
	/** This window sends a request. */
	renews(account: Account): void;
}

/**
 * The wall clock says when a renewal before this window's time was; from then on only the steady clock counts.
 * @param steadyNow ms from some moment on, never set back
 */
export function createPace(now: () => number, steadyNow: () => number): Pace {
	const known = new Map<string, { accessToken: string; since: number | undefined }>();
	return {
		observe({ id, tokens: { accessToken } }) {
			const before = known.get(id);
			if (before?.accessToken === accessToken) return;
			known.set(id, { accessToken, since: before && steadyNow() });
		},
		mayRenew({ id, lastRenewedAt }) {
			const since = known.get(id)?.since;
			if (since !== undefined) return steadyNow() - since >= minute;
			return lastRenewedAt === undefined || Math.abs(now() - lastRenewedAt) >= minute;
		},
		renews({ id, tokens: { accessToken } }) {
			known.set(id, { accessToken, since: steadyNow() });
		},
	};
}
