import * as vscode from "vscode";
import { clipboardClearAfter } from "../signIn/settings.ts";

/** Copies a secret and takes it back after `clipboard.clearAfter`, if it is still there. */
export async function copySecret(secret: string): Promise<void> {
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
		seconds > 0 ? vscode.l10n.t("$(check) Copied, cleared in {0} s", seconds) : vscode.l10n.t("$(check) Copied"),
		5000,
	);
}
