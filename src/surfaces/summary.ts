import { accountState } from "../vault/expiry.ts";
import { type Account, labelOf } from "../vault/records.ts";

/** An account as commands answer it (contract, "Commands"): without tokens. */
export interface AccountSummary {
	readonly id: string;
	readonly label: string;
	/** Without the @. */
	readonly handle?: string;
	readonly name?: string;
	readonly clientId: string;
	readonly scopes: readonly string[];
	/** ISO 8601, UTC. */
	readonly expiresAt: string;
	readonly state: "valid" | "expired" | "signInNeeded";
}

export function summaryOf(account: Account, now: number): AccountSummary {
	return {
		id: account.id,
		label: labelOf(account),
		...(account.user ? { handle: account.user.handle } : {}),
		...(account.user?.name === undefined ? {} : { name: account.user.name }),
		clientId: account.clientId,
		scopes: account.tokens.scopes,
		expiresAt: new Date(account.tokens.expiresAt).toISOString(),
		state: accountState(account, now),
	};
}
