import * as vscode from "vscode";

/** globalState: it was said. */
const saidKey = "twitterTokens.saidBrowserHosted";

/** Says once what a VS Code in a browser cannot give: its secrets belong to that browser (host facts, section 3). */
export async function tellAboutBrowserHosting(memory: vscode.Memento): Promise<void> {
	if (vscode.env.uiKind !== vscode.UIKind.Web || memory.get(saidKey)) {
		return;
	}
	await memory.update(saidKey, true);
	void vscode.window.showInformationMessage(
		vscode.l10n.t(
			"Here secrets belong to this browser: from another one you sign in anew, and clearing this site's data loses the tokens.",
		),
		vscode.l10n.t("OK"),
	);
}
