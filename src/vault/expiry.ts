import type { TokenSet } from "../oauth/tokens.ts";
import type { Account } from "./records.ts";

/** How far a clock may be set back before the stored moments count as meaningless, ms. */
const clockTolerance = 60_000;

/** What X granted, ms; independent of what the clock does later. */
export const lifetime = (tokens: TokenSet): number => Math.max(0, tokens.expiresAt - tokens.issuedAt);

/** The clock shows a moment before the tokens were issued: it was set back since, or was ahead then. */
export const clockWentBack = (tokens: TokenSet, now: number): boolean => now < tokens.issuedAt - clockTolerance;

/** ms that the access token still has; 0 when expired, never more than X granted. */
export function remaining(tokens: TokenSet, now: number): number {
	return Math.max(0, Math.min(tokens.expiresAt - now, lifetime(tokens)));
}

/** At most half of the lifetime, or a short-lived token would be renewed as soon as it came. */
export function effectiveLeadTime(tokens: TokenSet, leadTimeMs: number): number {
	return Math.min(leadTimeMs, lifetime(tokens) / 2);
}

/** Time to renew. After a clock that went back nobody knows what is left; renewing once sets new moments. */
export function needsRenewal(tokens: TokenSet, now: number, leadTimeMs: number): boolean {
	return clockWentBack(tokens, now) || remaining(tokens, now) < effectiveLeadTime(tokens, leadTimeMs);
}

/** ms since 1970 at which `needsRenewal` becomes true. */
export function renewalDueAt(tokens: TokenSet, now: number, leadTimeMs: number): number {
	return clockWentBack(tokens, now) ? now : tokens.expiresAt - effectiveLeadTime(tokens, leadTimeMs);
}

export type AccountState = "valid" | "expired" | "signInNeeded";

export function accountState(account: Account, now: number): AccountState {
	if (account.signInNeeded) return "signInNeeded";
	return remaining(account.tokens, now) > 0 ? "valid" : "expired";
}

/** Somebody asked for the tokens since they were issued. */
export function usedSinceIssued(account: Account): boolean {
	return account.lastUsedAt !== undefined && account.lastUsedAt >= account.tokens.issuedAt;
}

/** Why nobody but a person should start the next renewal; `undefined` when it may start by itself. */
export function standsStill(account: Account): "signInNeeded" | "noRefreshToken" | "app" | "answerUnclear" | undefined {
	if (account.signInNeeded) return "signInNeeded";
	if (!account.tokens.refreshToken) return "noRefreshToken";
	const code = account.backOff?.code;
	if (code === "ClientAuthenticationFailed" || code === "ClientUnknown") return "app";
	// Sent twice without an answer: a third time by itself would be guessing (fact sheet, section 7).
	if ((account.renewal?.attempts ?? 0) > 1) return "answerUnclear";
	return undefined;
}

/** Renewal by itself, and only while it makes sense: automatic, and somebody sees or uses the account. */
export function willRenewItself(account: Account, automatic: boolean, isShown: boolean): boolean {
	return automatic && (isShown || usedSinceIssued(account)) && standsStill(account) === undefined;
}
