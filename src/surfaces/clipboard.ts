import * as vscode from "vscode";
import { clipboardClearAfter } from "../signIn/settings.ts";

/** Copies a secret and takes it back after `clipboard.clearAfter`, if it is still there. */
export async function copySecret(secret: string, what: string): Promise<void> {
	await vscode.env.clipboard.writeText(secret);
	const seconds = clipboardClearAfter();
	if (seconds > 0) {
		setTimeout(async () => {
			if ((await vscode.env.clipboard.readText()) === secret) {
				await vscode.env.clipboard.writeText("");
			}
		}, seconds * 1000);
	}
	vscode.window.setStatusBarMessage(
		seconds > 0
			? vscode.l10n.t("$(check) {0} copied; the clipboard is cleared in {1} s", what, seconds)
			: vscode.l10n.t("$(check) {0} copied", what),
		5000,
	);
}
