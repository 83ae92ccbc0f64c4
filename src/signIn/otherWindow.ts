import * as vscode from "vscode";
import { TwitterTokensError } from "../oauth/errors.ts";
import type { PendingAuthorization } from "../vault/records.ts";
import type { Vault } from "../vault/vault.ts";
import type { SignedIn } from "./redeem.ts";

/** Milliseconds another window gets for an exchange that it has begun. */
const limit = 60_000;

/**
 * VS Code hands a redirect to the last active window, which need not be the one that waits for it. That window
 * exchanges the code; its account appears in the vault that all windows share.
 *
 * @throws {TwitterTokensError} `Cancelled` where no account appeared: the other window says why
 */
export function accountOfOtherWindow(vault: Vault, pending: PendingAuthorization): Promise<SignedIn> {
	const { promise, resolve, reject } = Promise.withResolvers<SignedIn>();
	const look = async () => {
		const account = (await vault.accounts()).find(
			({ clientId, tokens }) => clientId === pending.app.clientId && tokens.issuedAt >= pending.createdAt,
		);
		if (account) {
			resolve({ account });
		}
	};
	const subscription = vault.onDidChange(() => void look().catch(reject));
	const timer = setTimeout(
		() => reject(new TwitterTokensError("Cancelled", vscode.l10n.t("The sign-in went on in another window."))),
		limit,
	);
	void look().catch(reject);
	return promise.finally(() => {
		subscription.dispose();
		clearTimeout(timer);
	});
}
