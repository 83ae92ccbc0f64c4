import * as vscode from "vscode";
import { readCallback } from "../oauth/authorization.ts";
import { answerOf } from "../signIn/cancelled.ts";
import { redeem, type SignedIn } from "../signIn/redeem.ts";
import type { SignIn } from "../signIn/signIn.ts";
import { editorCallbackUrl } from "../signIn/uriHandler.ts";
import { type Account, labelOf } from "../vault/records.ts";
import type { Renewer } from "../vault/renewer.ts";
import { accessToken } from "./accessToken.ts";
import { accountActions } from "./accountActions.ts";
import { manageAccounts, pickAccount } from "./accounts.ts";
import { argumentsOf } from "./arguments.ts";
import { checkCredentials, tellVerdict } from "./checkCredentials.ts";
import { chooseApp } from "./chooseApp.ts";
import { copySecret } from "./clipboard.ts";
import {
	asTwitterTokensError,
	type CommandHandler,
	type Complaints,
	registerCommand,
	registerValue,
	runForPerson,
} from "./commandRunner.ts";
import { importTokens } from "./importTokens.ts";
import { offerToMoveSecret } from "./moveSecret.ts";
import { setUpApp } from "./setUpApp.ts";
import { type SignOutParts, signOut } from "./signOut.ts";
import { momentOf } from "./statusBar.ts";
import { summaryOf } from "./summary.ts";
import { type WorkspaceAccessParts, workspaceActions } from "./workspaceAccess.ts";
import type { WriteBack } from "./writeBack.ts";
import { offerWriteBack } from "./writeBackMenu.ts";

export interface CommandParts extends SignOutParts, Complaints, WorkspaceAccessParts {
	readonly signIn: SignIn;
	readonly renewer: Renewer;
	readonly memory: vscode.Memento;
	readonly writeBack: WriteBack;
	readonly log: vscode.LogOutputChannel;
}

/** The commands of the contract, each a few lines: what it takes, whom it asks, what it answers. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
	const { vault, transport, endpoints, signIn, renewer, memory, log } = parts;

	const handlers: Record<string, CommandHandler> = {
		async getToken(argument) {
			const { code, ...wanted } = argumentsOf(argument);
			const chosen = await chooseApp(vault, wanted);
			const { app, codeVerifier } = chosen;
			const signedIn =
				code === undefined
					? await signIn.withPrompt(app, codeVerifier)
					: await redeem(parts, { callback: readCallback(code), way: "command", handedOver: { app, codeVerifier } });
			void offerToMoveSecret(vault, memory, chosen);
			return signedIn.account.tokens.response;
		},
		async signIn(argument) {
			const chosen = await chooseApp(vault, argumentsOf(argument));
			const { account } = await signIn.withBrowser(chosen.app);
			void offerToMoveSecret(vault, memory, chosen);
			return summaryOf(account, Date.now());
		},
		async getAuthorizationLink(argument) {
			const { app } = await chooseApp(vault, argumentsOf(argument));
			const link = await signIn.link(app);
			await vscode.env.clipboard.writeText(link);
			vscode.window.setStatusBarMessage(
				vscode.l10n.t("$(check) Authorization link copied; it works for 10 minutes"),
				5000,
			);
			return link;
		},
		setUpApp: () => setUpApp(parts),
		async copyCallbackUrl() {
			const url = editorCallbackUrl();
			await vscode.env.clipboard.writeText(url);
			vscode.window.setStatusBarMessage(vscode.l10n.t("$(check) Callback URL copied"), 5000);
			return url;
		},
		async copyAccessToken(argument, { byPerson }) {
			const { id } = await pickAccount(vault, argumentsOf(argument).account, byPerson);
			const { tokens } = await renewer.fresh(id);
			await copySecret(tokens.accessToken);
		},
		async copyTokenResponse(argument, { byPerson }) {
			const { id } = await pickAccount(vault, argumentsOf(argument).account, byPerson);
			const { tokens } = await vault.account(id);
			await copySecret(JSON.stringify(tokens.response, undefined, 2));
		},
		async refreshToken(argument, { byPerson }) {
			const { id } = await pickAccount(vault, argumentsOf(argument).account, byPerson);
			const account = await renewer.renew(id);
			vscode.window.setStatusBarMessage(
				vscode.l10n.t("$(check) {0} renewed until {1}", labelOf(account), momentOf(account.tokens.expiresAt)),
				5000,
			);
			return summaryOf(account, Date.now());
		},
		manageAccounts: () =>
			manageAccounts(vault, (account) => [...workspaceActions(parts, account), ...accountActions(parts, account)]),
		async importTokens(argument, { byPerson }) {
			const offer = (account: Account, file: string) =>
				offerWriteBack(parts.writeBack, account, file).catch((error) => parts.tell(asTwitterTokensError(error)));
			const accounts = await importTokens({ ...parts, offerWriteBack: offer }, argumentsOf(argument).from, byPerson);
			return accounts.map((account) => summaryOf(account, Date.now()));
		},
		async signOut(argument, { byPerson }) {
			const { account: wanted, revoke } = argumentsOf(argument);
			const account = await pickAccount(vault, wanted, byPerson);
			const label = labelOf(account);
			const revokes = revoke ?? (byPerson ? await askWhetherToRevoke(account) : false);
			const revoked = await signOut(parts, account.id, revokes);
			if (byPerson) {
				tellRevoked(label, revoked);
			}
			return { revoked };
		},
		async checkCredentials(argument, { byPerson }) {
			const { app } = await chooseApp(vault, argumentsOf(argument));
			const verdict = await checkCredentials(transport, endpoints().token, app);
			if (byPerson) {
				tellVerdict(verdict);
			}
			return verdict;
		},
		async showLog() {
			log.show();
		},
	};

	return vscode.Disposable.from(
		...Object.entries(handlers).map(([name, handler]) => registerCommand(`twitterTokens.${name}`, handler, parts)),
		registerValue("twitterTokens.accessToken", (argument) => accessToken(parts, argument), parts),
	);
}

/** Says who is signed in and until when. Nobody waits for the answer. */
export function announce({ account, nameProblem }: SignedIn): void {
	const until = momentOf(account.tokens.expiresAt);
	const sentences = [vscode.l10n.t("Signed in to X as {0} until {1}.", labelOf(account), until)];
	if (!account.tokens.refreshToken) {
		sentences.push(vscode.l10n.t("It cannot be renewed: add offline.access to the scopes and sign in again."));
	}
	if (nameProblem !== undefined) {
		sentences.push(nameProblem);
	}
	const copy = vscode.l10n.t("Copy Access Token");
	void vscode.window.showInformationMessage(sentences.join(" "), copy).then((chosen) => {
		if (chosen === copy) {
			return runForPerson("twitterTokens.copyAccessToken", { account: account.id });
		}
	});
}

async function askWhetherToRevoke(account: Account): Promise<boolean> {
	const chosen = await vscode.window.showQuickPick(
		[
			{
				label: vscode.l10n.t("$(trash) Forget Here"),
				detail: vscode.l10n.t("Removes the tokens from this computer. Other tools that share the app stay signed in."),
				revoke: false,
			},
			{
				label: vscode.l10n.t("$(circle-slash) Revoke at X and Forget"),
				detail: vscode.l10n.t("Ends the grant at X too, also for other tools that use the same app and account."),
				revoke: true,
			},
		],
		{
			title: vscode.l10n.t("Twitter Tokens: Sign Out {0}", labelOf(account)),
			placeHolder: vscode.l10n.t("Only here, or at X too? · app {0}", account.clientId),
		},
	);
	return answerOf(chosen).revoke;
}

function tellRevoked(label: string, revoked: boolean | "notAsked"): void {
	if (revoked === false) {
		const open = vscode.l10n.t("Open Connected Apps");
		void vscode.window
			.showWarningMessage(
				vscode.l10n.t(
					"{0} is forgotten here, but X did not confirm the revocation. Revoke the app among your connected apps on X.",
					label,
				),
				open,
			)
			.then(
				(chosen) =>
					chosen === open && vscode.env.openExternal(vscode.Uri.parse("https://x.com/settings/connected_apps")),
			);
		return;
	}
	void vscode.window.showInformationMessage(
		revoked === true
			? vscode.l10n.t("Signed out {0}; X revoked its tokens.", label)
			: vscode.l10n.t("Signed out {0}.", label),
	);
}
