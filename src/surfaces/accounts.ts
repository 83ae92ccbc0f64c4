import * as vscode from "vscode";
import { answerOf } from "../signIn/cancelled.ts";
import { accountState, remaining } from "../vault/expiry.ts";
import { signInMessage } from "../vault/obstacles.ts";
import { type Account, labelOf } from "../vault/records.ts";
import type { Vault } from "../vault/vault.ts";
import { runForPerson } from "./commandRunner.ts";
import { countdown } from "./countdown.ts";
import type { AccountAction } from "./workspaceAccess.ts";

type Item = vscode.QuickPickItem & { readonly command?: string; readonly account?: Account };

/** The accounts, and from each the things one does with it. Escape in the second menu leads back to the first. */
export async function manageAccounts(
	vault: Vault,
	moreActions: (account: Account) => readonly AccountAction[],
): Promise<void> {
	for (;;) {
		const accounts = await vault.accounts();
		const preferred = await vault.defaultAccount();
		const items: Item[] = accounts.map((account) => ({
			label: `$(account) ${labelOf(account)}`,
			description: [stateText(account), account.id === preferred?.id ? vscode.l10n.t("default") : ""]
				.filter(Boolean)
				.join(" · "),
			detail: vscode.l10n.t("App {0} · {1}", account.clientId, account.tokens.scopes.join(" ")),
			account,
		}));
		if (items.length > 0) {
			items.push({ label: "", kind: vscode.QuickPickItemKind.Separator });
		}
		items.push(
			{ label: vscode.l10n.t("$(sign-in) Sign In with Browser"), command: "twitterTokens.signIn" },
			{ label: vscode.l10n.t("$(key) Get Token from a Code"), command: "twitterTokens.getToken" },
			{ label: vscode.l10n.t("$(link) Copy Callback URL"), command: "twitterTokens.copyCallbackUrl" },
		);
		const chosen = await vscode.window.showQuickPick(items, {
			title: vscode.l10n.t("Twitter Tokens: Accounts"),
			placeHolder:
				accounts.length > 0
					? vscode.l10n.t("Choose an account")
					: vscode.l10n.t("No account is signed in. Sign in to begin."),
		});
		if (!chosen) {
			return;
		}
		if (!chosen.account) {
			if (chosen.command) {
				await runForPerson(chosen.command);
			}
			return;
		}
		const actions = moreActions(chosen.account);
		if (await manageAccount(vault, chosen.account, chosen.account.id === preferred?.id, actions)) {
			return;
		}
	}
}

/** @returns whether something was done; false leads back to the list */
async function manageAccount(
	vault: Vault,
	account: Account,
	isDefault: boolean,
	moreActions: readonly AccountAction[],
): Promise<boolean> {
	const renewable = account.tokens.refreshToken !== undefined && !account.signInNeeded;
	const usable = renewable || remaining(account.tokens, Date.now()) > 0;
	const items: AccountAction[] = [
		...(account.signInNeeded
			? [
					{
						label: vscode.l10n.t("$(sign-in) Sign In Again"),
						detail: signInMessage(account),
						act: () => runForPerson("twitterTokens.signIn"),
					},
				]
			: []),
		...(usable ? [item(vscode.l10n.t("$(copy) Copy Access Token"), "twitterTokens.copyAccessToken")] : []),
		item(vscode.l10n.t("$(json) Copy Token Response"), "twitterTokens.copyTokenResponse"),
		...(renewable ? [item(vscode.l10n.t("$(sync) Refresh Token"), "twitterTokens.refreshToken")] : []),
		...(isDefault ? [] : [{ label: vscode.l10n.t("$(star) Make Default"), act: () => vault.setDefault(account.id) }]),
		...moreActions,
		item(vscode.l10n.t("$(sign-out) Sign Out"), "twitterTokens.signOut"),
	];
	function item(label: string, command: string) {
		return { label, act: () => runForPerson(command, { account: account.id }) };
	}
	const chosen = await vscode.window.showQuickPick(items, {
		title: vscode.l10n.t("Twitter Tokens: {0}", labelOf(account)),
		placeHolder: vscode.l10n.t("{0} · app {1}", stateText(account), account.clientId),
	});
	await chosen?.act();
	return chosen !== undefined;
}

function stateText(account: Account): string {
	switch (accountState(account, Date.now())) {
		case "signInNeeded":
			return vscode.l10n.t("sign in again");
		case "expired":
			return vscode.l10n.t("expired");
		case "valid":
			return vscode.l10n.t("{0} left", countdown(remaining(account.tokens, Date.now())));
	}
}

/** Which account a command means: the argument's, else a person is asked where there are several, else the default. */
export async function pickAccount(vault: Vault, argument: string | undefined, byPerson: boolean): Promise<Account> {
	if (argument !== undefined || !byPerson) {
		return vault.account(argument);
	}
	const accounts = await vault.accounts();
	if (accounts.length < 2) {
		return vault.account();
	}
	const preferred = await vault.defaultAccount();
	const sorted = [...accounts].sort((a, b) => Number(b.id === preferred?.id) - Number(a.id === preferred?.id));
	const chosen = await vscode.window.showQuickPick(
		sorted.map((account) => ({
			label: `$(account) ${labelOf(account)}`,
			description: [stateText(account), account.id === preferred?.id ? vscode.l10n.t("default") : ""]
				.filter(Boolean)
				.join(" · "),
			detail: vscode.l10n.t("App {0}", account.clientId),
			account,
		})),
		{ title: vscode.l10n.t("Twitter Tokens: Which Account?"), placeHolder: vscode.l10n.t("Choose an account") },
	);
	return answerOf(chosen).account;
}
