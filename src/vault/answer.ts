import { TwitterTokensError } from "../oauth/errors.ts";
import type { TokenSet } from "../oauth/tokens.ts";
import type { Draft } from "./draft.ts";
import type { Account } from "./records.ts";
import { accountIn, putAccount } from "./recordsIn.ts";

/** What became of a change that only the holder of the stored tokens may make. */
export interface Outcome {
	readonly account: Account;
	/** The refresh token that was sent is still the stored one. */
	readonly held: boolean;
}

/** Fencing: only whoever sent the refresh token that is still stored may say what became of it. @throws NoAccount */
export function changeIfHeld(draft: Draft, id: string, sent: string, change: (stored: Account) => Account): Outcome {
	const stored = accountIn(draft, id);
	if (!stored) throw new TwitterTokensError("NoAccount", "The account was signed out meanwhile.");
	if (stored.tokens.refreshToken !== sent) return { account: stored, held: false };
	return { account: putAccount(draft, change(stored)), held: true };
}

/** Also heals a mark that somebody else set while this answer was on its way. @throws NoAccount */
export function keepAnswer(draft: Draft, id: string, sent: string, tokens: TokenSet, now: number): Outcome {
	return changeIfHeld(draft, id, sent, ({ renewal: _, backOff: __, signInNeeded: ___, ...kept }) => ({
		...kept,
		tokens,
		lastRenewedAt: now,
	}));
}
