import * as vscode from "vscode";
import { assertRedirectUri } from "../oauth/authSettings.ts";
import { answerOf } from "./cancelled.ts";

/** @throws Cancelled */
export async function askForClientId(title: string, value = ""): Promise<string> {
	return await ask({
		title,
		value,
		prompt: vscode.l10n.t("OAuth 2.0 Client ID: 34 characters, usually ending in 6MTpjaQ. Not the API Key."),
		validateInput: (typed) => {
			const clientId = copied(typed);
			if (!clientId) return vscode.l10n.t("X needs the Client ID.");
			// Told, not forbidden: X may change what its ids look like (fact sheet, section 2.4).
			return /^(\d+|[A-Za-z0-9]{25})$/.test(clientId)
				? {
						message: vscode.l10n.t("This looks like the API Key or the app's number. X wants the OAuth 2.0 Client ID."),
						severity: vscode.InputBoxValidationSeverity.Warning,
					}
				: undefined;
		},
	});
}

/** @returns empty where nothing was typed, which `optional` allows. @throws Cancelled */
export async function askForClientSecret(title: string, { optional }: { optional: boolean }): Promise<string> {
	return await ask({
		title,
		password: true,
		prompt: optional
			? vscode.l10n.t("OAuth 2.0 Client Secret of a Web App or Bot. Leave empty for a Native App.")
			: vscode.l10n.t("OAuth 2.0 Client Secret, shown once below the Client ID. Not the API Key Secret."),
		validateInput: (typed) =>
			optional || copied(typed)
				? undefined
				: vscode.l10n.t("A Web App or Bot has a secret. Escape, and choose Native App, if yours has none."),
	});
}

/** @param otherwise what an empty answer means, as the end of "Leave empty for …"; left out where there must be one. @throws Cancelled */
export async function askForRedirectUri(title: string, otherwise?: string): Promise<string> {
	const registered = vscode.l10n.t("Callback URL exactly as registered at console.x.com.");
	return await ask({
		title,
		prompt: otherwise === undefined ? registered : `${registered} ${vscode.l10n.t("Leave empty for {0}.", otherwise)}`,
		placeHolder: "http://127.0.0.1:8737/callback",
		validateInput: (typed) =>
			copied(typed) || otherwise === undefined
				? problemOf(() => assertRedirectUri(copied(typed), vscode.l10n.t("The callback URL")))
				: undefined,
	});
}

export function problemOf(check: () => unknown): string | undefined {
	try {
		check();
		return undefined;
	} catch (error) {
		return error instanceof Error ? error.message : undefined;
	}
}

async function ask(options: vscode.InputBoxOptions): Promise<string> {
	// X's console is in another window: looking there must not close the question.
	const typed = await vscode.window.showInputBox({ ...options, ignoreFocusOut: true });
	return copied(answerOf(typed));
}

/** Without what comes along when a value is copied out of a file. */
function copied(typed: string): string {
	return typed
		.trim()
		.replace(/^(["'])(.*)\1$/, "$2")
		.trim();
}
