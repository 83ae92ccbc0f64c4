import * as vscode from "vscode";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import type { FoundApp, FoundGrant, FoundOAuth1 } from "../oauth/importable.ts";
import { answerOf } from "../signIn/cancelled.ts";
import { type Found, readAuthJson, readClipboard, readPasted, readXurl, xurlStorePath } from "./importSource.ts";

/** One thing to import. */
export type Wanted =
	| { readonly kind: "app"; readonly found: FoundApp }
	| { readonly kind: "grant"; readonly found: FoundApp; readonly grant: FoundGrant }
	| { readonly kind: "oauth1"; readonly found: FoundApp; readonly oauth1: FoundOAuth1 };

/** Asks where the tokens are, and reads them. */
export async function askForSource(): Promise<Found> {
	const xurl = xurlStorePath();
	const choices: (vscode.QuickPickItem & { readonly read: () => Promise<Found> })[] = [
		{
			label: vscode.l10n.t("$(file-code) An Auth JSON File…"),
			detail: vscode.l10n.t("As OpenIntegrations keeps it: OAuth 2.0 tokens, or an OAuth 1.0a token"),
			read: chooseFile,
		},
		...(xurl ? [{ label: vscode.l10n.t("$(terminal) xurl"), detail: xurl, read: readXurl }] : []),
		{
			label: vscode.l10n.t("$(clippy) The Clipboard"),
			detail: vscode.l10n.t("X's token response, an auth JSON, or a token"),
			read: readClipboard,
		},
		{
			label: vscode.l10n.t("$(edit) Paste…"),
			detail: '{"token_type": "bearer", "access_token": "…", "refresh_token": "…"}',
			read: paste,
		},
	];
	const chosen = await vscode.window.showQuickPick(choices, {
		title: vscode.l10n.t("Twitter Tokens: Import Tokens"),
		placeHolder: vscode.l10n.t("Where are they?"),
		ignoreFocusOut: true,
	});
	return answerOf(chosen).read();
}

async function chooseFile(): Promise<Found> {
	const [file] =
		(await vscode.window.showOpenDialog({
			title: vscode.l10n.t("Choose an auth JSON"),
			openLabel: vscode.l10n.t("Import"),
			filters: { JSON: ["json"] },
		})) ?? [];
	return readAuthJson(answerOf(file));
}

async function paste(): Promise<Found> {
	const text = await vscode.window.showInputBox({
		title: vscode.l10n.t("Twitter Tokens: Paste Tokens"),
		prompt: vscode.l10n.t("X's token response, an auth JSON, or a token. It is kept in SecretStorage."),
		password: true,
		ignoreFocusOut: true,
		validateInput: (value) => {
			try {
				readPasted(value);
				return undefined;
			} catch (error) {
				return messageOf(error);
			}
		},
	});
	return readPasted(answerOf(text));
}

/**
 * Says what taking over a shared grant means (fact sheet, sections 7 and 11.1) before anything is taken. VS Code cuts a
 * detail off after some 80 characters.
 */
export async function askWhat({ place, apps }: Found): Promise<readonly Wanted[]> {
	type Choice = vscode.QuickPickItem & { readonly wanted: readonly Wanted[] };
	const nameOf = (found: FoundApp) => (apps.length > 1 ? ` · ${found.name}` : "");
	const appChoices = apps.flatMap((found): Choice[] =>
		found.auth
			? [
					{
						label: vscode.l10n.t("$(key) App Only, Then Sign In"),
						description: found.auth.clientId + nameOf(found),
						detail: vscode.l10n.t("Tokens of your own. The other tool is signed out, unless it gets its own app."),
						wanted: [{ kind: "app", found }],
					},
				]
			: [],
	);
	const grants = apps.flatMap((found) => found.grants.map((grant) => ({ kind: "grant" as const, found, grant })));
	const grantChoices = grants.map(
		({ kind, found, grant }): Choice => ({
			label: grant.handle
				? vscode.l10n.t("$(account) Take Over the Tokens of @{0}", grant.handle)
				: vscode.l10n.t("$(account) Take Over the Tokens"),
			description: `${found.auth?.clientId ?? ""}${nameOf(found)}`,
			detail: vscode.l10n.t("Shared: whoever renews first, you or the other tool, ends the other's copy."),
			wanted: [{ kind, found, grant }],
		}),
	);
	const all: Choice[] =
		grants.length > 1
			? [{ label: vscode.l10n.t("$(organization) Take Over All {0} of Them", grants.length), wanted: grants }]
			: [];
	const exchanges = apps.flatMap((found): Choice[] =>
		found.oauth1
			? [
					{
						label: vscode.l10n.t("$(arrow-swap) Exchange the OAuth 1.0a Token"),
						description: `${found.auth?.clientId ?? ""}${nameOf(found)}`,
						detail: vscode.l10n.t("Without a browser. Ends this app's OAuth 2.0 tokens of the account; 1.0a stays."),
						wanted: [{ kind: "oauth1", found, oauth1: found.oauth1 }],
					},
				]
			: [],
	);
	const choices = [...appChoices, ...grantChoices, ...all, ...exchanges];
	if (choices.length === 0) {
		throw nothingIn(place);
	}
	const chosen = await vscode.window.showQuickPick(choices, {
		title: vscode.l10n.t("Twitter Tokens: Import from {0}", place),
		placeHolder: vscode.l10n.t("What should be taken from there?"),
		ignoreFocusOut: true,
	});
	return answerOf(chosen).wanted;
}

export function nothingIn(place: string): TwitterTokensError {
	return new TwitterTokensError("InvalidAuthSettings", vscode.l10n.t("{0} holds nothing to import.", place));
}
