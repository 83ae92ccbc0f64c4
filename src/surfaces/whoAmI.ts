import * as vscode from "vscode";
import { issuedIn } from "../oauth/importable.ts";
import { whoAmI } from "../oauth/users.ts";
import type { RedeemParts } from "../signIn/redeem.ts";
import { type Account, labelOf } from "../vault/records.ts";
import type { Renewer } from "../vault/renewer.ts";

/** Milliseconds that X gets to answer. */
const limit = 10_000;

/**
 * Asks X once whose tokens an account has, and says so in the vault (fact sheet, section 1.2: billed, needs `tweet.read`
 * and `users.read`).
 *
 * @returns the account, which may be an older one that turned out to be the same user
 * @throws {TwitterTokensError} X's refusal, explained; the tokens are kept
 */
export async function nameAccount({ vault, transport, endpoints }: RedeemParts, account: Account): Promise<Account> {
	const signal = AbortSignal.timeout(limit);
	const user = await whoAmI(transport, endpoints().api, account.tokens.accessToken, signal);
	const newer = (await vault.accounts()).find(
		(other) =>
			other.id !== account.id &&
			other.user?.id === user.id &&
			other.clientId === account.clientId &&
			other.tokenEndpoint === account.tokenEndpoint &&
			!other.signInNeeded &&
			issuedAt(other) > issuedAt(account),
	);
	if (newer) {
		// An imported pair from before our last renewal: its refresh token is spent, and would cost ours its place.
		await vault.remove(account.id);
		return newer;
	}
	return vault.identify(account.id, user);
}

/** By X's own clock where the token tells. */
function issuedAt({ tokens }: Account): number {
	return issuedIn(tokens.accessToken) ?? tokens.issuedAt;
}

/** On demand, from the account's menu. */
export async function askWhoThisIs(parts: RedeemParts & { readonly renewer: Renewer }, id: string): Promise<void> {
	const account = await nameAccount(parts, await parts.renewer.fresh(id));
	void vscode.window.showInformationMessage(
		account.user?.name === undefined
			? vscode.l10n.t("X says: {0}.", labelOf(account))
			: vscode.l10n.t("X says: {0}, {1}.", labelOf(account), account.user.name),
	);
}
