import * as vscode from "vscode";
import { messageOf } from "../oauth/errors.ts";
import type { Vault, VaultLog } from "../vault/vault.ts";

/** Ticks steps of the walkthrough (`package.json`) once their result is there, whichever way and window it came by. */
export function followWalkthrough(vault: Vault, log: VaultLog): vscode.Disposable {
	const tick = (step: "hasApp" | "hasSignedIn") =>
		vscode.commands.executeCommand("setContext", `twitterTokens.${step}`, true);
	const look = async () => {
		if ((await vault.apps()).length === 0) return;
		await tick("hasApp");
		if ((await vault.accounts()).length === 0) return;
		listening.dispose();
		await tick("hasSignedIn");
	};
	const listening = vault.onDidChange(() => {
		look().catch((error) => log.warn(`walkthrough: ${messageOf(error)}`));
	});
	return { dispose: () => listening.dispose() };
}
