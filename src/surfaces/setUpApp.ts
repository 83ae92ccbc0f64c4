import * as vscode from "vscode";
import { defaultScope } from "../oauth/authSettings.ts";
import type { Endpoints } from "../oauth/endpoints.ts";
import { messageOf } from "../oauth/errors.ts";
import type { Transport } from "../oauth/transport.ts";
import { askForClientId, askForClientSecret, askForRedirectUri } from "../signIn/appQuestions.ts";
import { answerOf, cancelled } from "../signIn/cancelled.ts";
import { withProgress } from "../signIn/progress.ts";
import { authSetting } from "../signIn/settings.ts";
import type { SignIn } from "../signIn/signIn.ts";
import { editorCallbackUrl } from "../signIn/uriHandler.ts";
import type { App } from "../vault/records.ts";
import type { Vault } from "../vault/vault.ts";
import { checkCredentials } from "./checkCredentials.ts";
import { asTwitterTokensError, type Complaints, openConsole } from "./commandRunner.ts";

export interface SetUpAppParts extends Complaints {
	readonly vault: Vault;
	readonly transport: Transport;
	readonly endpoints: () => Endpoints;
	readonly signIn: SignIn;
}

/** Free in most places, and what the README names. */
const loopbackRedirect = "http://127.0.0.1:8737/callback";

/**
 * Leads through X's console to an app that works: its type, its callback URL, its credentials, and X's own word on them.
 * The app is kept in SecretStorage only once X has accepted it, or could not be asked.
 *
 * @throws Cancelled
 */
export async function setUpApp(parts: SetUpAppParts): Promise<void> {
	const confidential = await pickType(heading(1));
	const redirectUri = await pickRedirectUri(heading(2));
	await vscode.env.clipboard.writeText(redirectUri);
	await showConsoleSteps(confidential, redirectUri);

	for (let clientId = ""; ; ) {
		clientId = await askForClientId(heading(3), clientId);
		const clientSecret = confidential ? await askForClientSecret(heading(4), { optional: false }) : undefined;
		const app: App = {
			clientId,
			...(clientSecret ? { clientSecret } : {}),
			redirectUri,
			scope: defaultScope,
			kept: true,
		};
		const problem = await problemWith(parts, app);
		if (problem === undefined) {
			await parts.vault.saveApp(app);
			void offerSignIn(parts, app, vscode.l10n.t("X knows this app and accepts its credentials."));
			return;
		}
		if (problem.refused) {
			await offerCorrection(problem.message);
			continue;
		}
		await parts.vault.saveApp(app);
		void offerSignIn(parts, app, vscode.l10n.t("X could not be asked about the app: {0}", problem.message));
		return;
	}
}

const heading = (step: number) => vscode.l10n.t("Twitter Tokens: Set Up X App ({0}/4)", step);

/** @returns whether the app has a secret */
async function pickType(title: string): Promise<boolean> {
	const chosen = await vscode.window.showQuickPick(
		[
			{
				label: vscode.l10n.t("Native App"),
				detail: vscode.l10n.t("No secret to keep. The right one for tools on your own computer."),
				confidential: false,
			},
			{
				label: vscode.l10n.t("Web App, Automated App or Bot"),
				detail: vscode.l10n.t("Has a Client Secret, which is kept in SecretStorage."),
				confidential: true,
			},
		],
		{ title, placeHolder: vscode.l10n.t("Type of App, as X's console calls it"), ignoreFocusOut: true },
	);
	return answerOf(chosen).confidential;
}

async function pickRedirectUri(title: string): Promise<string> {
	const editor = editorCallbackUrl();
	const chosen = await vscode.window.showQuickPick(
		[
			{
				label: loopbackRedirect,
				detail: vscode.l10n.t("Loopback, as X's own tools: browser on this computer"),
				uri: loopbackRedirect,
			},
			{
				label: editor,
				detail: vscode.l10n.t("This editor's own; not confirmed that X's console takes it"),
				uri: editor,
			},
			{ label: vscode.l10n.t("Another…"), detail: vscode.l10n.t("One that is registered already"), uri: undefined },
		],
		{ title, placeHolder: vscode.l10n.t("Callback URL (copied when chosen)"), ignoreFocusOut: true },
	);
	return answerOf(chosen).uri ?? (await askForRedirectUri(title));
}

async function showConsoleSteps(confidential: boolean, redirectUri: string): Promise<void> {
	const open = vscode.l10n.t("Open Developer Console");
	const done = vscode.l10n.t("I Have Done This");
	const steps = [
		vscode.l10n.t("1. Open your app, or make one, and its User authentication settings."),
		confidential
			? vscode.l10n.t("2. Type of App: Web App, Automated App or Bot.")
			: vscode.l10n.t("2. Type of App: Native App."),
		vscode.l10n.t("3. Callback URI, character for character: {0} (it is on the clipboard)", redirectUri),
		vscode.l10n.t("4. Website URL: any https address. X wants one."),
		confidential
			? vscode.l10n.t("5. Save, and copy the OAuth 2.0 Client ID and Client Secret.")
			: vscode.l10n.t("5. Save, and copy the OAuth 2.0 Client ID."),
	];
	const chosen = await vscode.window.showInformationMessage(
		vscode.l10n.t("At console.x.com:"),
		{ modal: true, detail: steps.join("\n") },
		open,
		done,
	);
	if (chosen === open) await openConsole();
	else if (chosen !== done) throw cancelled();
}

async function problemWith(
	{ transport, endpoints }: SetUpAppParts,
	app: App,
): Promise<{ readonly refused: boolean; readonly message: string } | undefined> {
	try {
		const verdict = await withProgress(vscode.l10n.t("Asking X about the app…"), () =>
			checkCredentials(transport, endpoints().token, app),
		);
		return verdict.ok ? undefined : { refused: true, message: verdict.problem ?? "" };
	} catch (error) {
		return { refused: false, message: messageOf(error) };
	}
}

/** Returns when the user wants to type again. @throws Cancelled */
async function offerCorrection(message: string): Promise<void> {
	const correct = vscode.l10n.t("Correct It");
	const open = vscode.l10n.t("Open Developer Console");
	const chosen = await vscode.window.showErrorMessage(message, correct, open);
	if (chosen === open) await openConsole();
	else if (chosen !== correct) throw cancelled();
}

async function offerSignIn({ signIn, tell }: SetUpAppParts, app: App, said: string): Promise<void> {
	const start = vscode.l10n.t("Sign In with Browser");
	const settings = vscode.l10n.t("Open Settings");
	const hidden =
		authSetting() === ""
			? ""
			: ` ${vscode.l10n.t("Later sign-ins use the app of the setting twitterTokens.auth: empty it to use this one.")}`;
	const kept = vscode.l10n.t("It is kept in SecretStorage.");
	const chosen = await vscode.window.showInformationMessage(
		`${said} ${kept}${hidden}`,
		start,
		...(hidden ? [settings] : []),
	);
	if (chosen === start) await signIn.withBrowser(app).catch((error) => tell(asTwitterTokensError(error)));
	else if (chosen === settings) {
		await vscode.commands.executeCommand("workbench.action.openSettings", "twitterTokens.auth");
	}
}
