import * as vscode from "vscode";
import { type AuthSettings, authSettingsFrom, authSourceOf, defaultScope } from "../oauth/authSettings.ts";
import type { App } from "../vault/records.ts";
import { askForClientId, askForClientSecret, askForRedirectUri, problemOf } from "./appQuestions.ts";
import { type LocatedAuth, readAuth, readAuthFile } from "./authSource.ts";
import { answerOf } from "./cancelled.ts";

/**
 * Asks for auth settings where none are configured. What is typed or pasted goes to SecretStorage with the first
 * sign-in and is offered again next time; it is never written to settings.json.
 *
 * @param kept apps whose settings were typed before
 * @throws {TwitterTokensError} `Cancelled`
 */
export async function askForAuth(kept: readonly App[]): Promise<LocatedAuth & { readonly keep: boolean }> {
	/** Separators have nothing to choose. */
	type Choice = vscode.QuickPickItem & { readonly choose?: () => Promise<LocatedAuth & { readonly keep: boolean }> };
	const choices: Choice[] = [
		...kept.map((app) => ({
			label: `$(key) ${app.clientId}`,
			detail: `${app.clientSecret ? vscode.l10n.t("confidential app") : vscode.l10n.t("public app")} · ${app.scope}`,
			choose: async () => ({ auth: authOf(app), keep: true }),
		})),
		...(kept.length > 0 ? [{ label: "", kind: vscode.QuickPickItemKind.Separator }] : []),
		{
			label: vscode.l10n.t("$(edit) Type the Client ID"),
			detail: vscode.l10n.t("From console.x.com: OAuth 2.0 Client ID, and the Client Secret of a Web App or Bot"),
			choose: typeClientId,
		},
		{
			label: vscode.l10n.t("$(file-code) Choose an auth JSON file"),
			detail: vscode.l10n.t("An OpenIntegrations file works as it is"),
			choose: chooseFile,
		},
		{
			label: vscode.l10n.t("$(clippy) Paste an auth JSON"),
			detail: '{"client_id": "…", "client_secret": "…", "redirect_uri": "…", "scope": "…"}',
			choose: pasteJson,
		},
	];
	const choice = await vscode.window.showQuickPick(choices, {
		title: vscode.l10n.t("Twitter Tokens: Which X app?"),
		placeHolder: vscode.l10n.t("Choose how to name your X app"),
		ignoreFocusOut: true,
	});
	return answerOf(choice?.choose)();
}

/** The settings of an app that is already known. */
function authOf(app: App): AuthSettings {
	return {
		clientId: app.clientId,
		redirectUri: app.redirectUri,
		scope: app.scope || defaultScope,
		...(app.clientSecret ? { clientSecret: app.clientSecret } : {}),
	};
}

async function typeClientId(): Promise<LocatedAuth & { keep: boolean }> {
	const heading = (step: number) => vscode.l10n.t("Twitter Tokens: Your X App ({0}/3)", step);
	const clientId = await askForClientId(heading(1));
	const clientSecret = await askForClientSecret(heading(2), { optional: true });
	const redirectUri = await askForRedirectUri(heading(3), vscode.l10n.t("this editor's own"));
	const value = { client_id: clientId, client_secret: clientSecret, redirect_uri: redirectUri };
	return { auth: authSettingsFrom(value, vscode.l10n.t("your input")), keep: true };
}

async function chooseFile(): Promise<LocatedAuth & { keep: boolean }> {
	const [chosen] =
		(await vscode.window.showOpenDialog({
			title: vscode.l10n.t("Choose an auth JSON"),
			openLabel: vscode.l10n.t("Use"),
			filters: { JSON: ["json"] },
		})) ?? [];
	const file = answerOf(chosen);
	return { auth: await readAuthFile(file), file, keep: true };
}

async function pasteJson(): Promise<LocatedAuth & { keep: boolean }> {
	const place = vscode.l10n.t("the pasted text");
	const text = await vscode.window.showInputBox({
		title: vscode.l10n.t("Twitter Tokens: Paste an Auth JSON"),
		prompt: vscode.l10n.t("It is kept in SecretStorage, never in settings.json."),
		placeHolder: '{"client_id": "…"}',
		password: true,
		ignoreFocusOut: true,
		validateInput: (value) =>
			problemOf(() => {
				const source = authSourceOf(value, place);
				return source.kind === "value" ? authSettingsFrom(source.value, place) : source;
			}),
	});
	const located = text === undefined ? undefined : await readAuth(text, place);
	return { ...answerOf(located), keep: true };
}
