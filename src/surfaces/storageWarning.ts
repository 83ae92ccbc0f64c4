import * as vscode from "vscode";
import { StorageError } from "../vault/storageError.ts";
import type { Vault } from "../vault/vault.ts";

/** True where tokens lie on this computer, but the key that opens them is not in SecretStorage (any more). */
export function isKeyMissing(error: unknown): boolean {
	return error instanceof StorageError && error.reason === "keyNotVisible";
}

/**
 * VS Code does not say when it has lost its secrets: without a keyring it keeps them in memory only, and with another
 * keyring it deletes them (host facts, section 3). A journal whose key is gone tells it. Nothing is deleted here.
 */
export async function offerToStartAfresh(vault: Vault): Promise<void> {
	const reload = vscode.l10n.t("Reload Window");
	const startAfresh = vscode.l10n.t("Start Afresh");
	const why =
		vscode.env.uiKind === vscode.UIKind.Web
			? vscode.l10n.t(
					"This browser does not hold the key to the tokens stored on this computer: another browser signed in, or this window was open before it did.",
				)
			: vscode.l10n.t(
					"The editor has lost the key to the stored tokens: the system's keyring is missing or has changed. Without one, everything is gone at each restart (see password-store in the documentation of VS Code).",
				);
	const chosen = await vscode.window.showWarningMessage(
		vscode.l10n.t("{0} Reload the window first. If that does not help, start afresh and sign in again.", why),
		reload,
		startAfresh,
	);
	if (chosen === reload) {
		await vscode.commands.executeCommand("workbench.action.reloadWindow");
	} else if (chosen === startAfresh) {
		await vault.startAfresh();
		await vscode.commands.executeCommand("twitterTokens.manageAccounts");
	}
}
