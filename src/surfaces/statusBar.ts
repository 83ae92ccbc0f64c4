import * as vscode from "vscode";
import { renewalRules, statusBarVisibility } from "../signIn/settings.ts";
import { willRenewItself } from "../vault/expiry.ts";
import { signInMessage } from "../vault/obstacles.ts";
import { type Account, labelOf } from "../vault/records.ts";
import type { Renewer } from "../vault/renewer.ts";
import type { Doubt, Vault } from "../vault/vault.ts";
import { type Status, statusOf } from "./status.ts";

/** Milliseconds between looks at the wall clock: timers stand still while the computer sleeps. */
const longestWait = 15_000;

export interface StatusBar extends vscode.Disposable {
	/** Whether this window shows the account; what is shown is renewed by itself. */
	isShown(accountId: string): boolean;
}

/** Paints the default account, at every change of it and at every change of a minute. */
export function createStatusBar(vault: Vault, renewer: Renewer, warn: (error: unknown) => void): StatusBar {
	const item = vscode.window.createStatusBarItem("twitterTokens.status", vscode.StatusBarAlignment.Right, 100);
	item.name = vscode.l10n.t("Twitter Tokens");
	item.command = "twitterTokens.manageAccounts";
	let timer: NodeJS.Timeout | undefined;
	let shown: string | undefined;
	let doubt: Doubt | undefined;
	let latest = 0;

	const paint = async () => {
		const turn = ++latest;
		let account: Account | undefined;
		try {
			account = await vault.defaultAccount();
			doubt = await vault.doubt();
		} catch (error) {
			warn(error);
		}
		if (turn !== latest) {
			return;
		}
		const visibility = statusBarVisibility();
		shown = visibility === "never" ? undefined : account?.id;
		show(account);
	};

	const show = (account: Account | undefined) => {
		clearTimeout(timer);
		const { automatic, leadTimeMs } = renewalRules();
		const status = statusOf({
			account,
			now: Date.now(),
			leadTimeMs,
			renewing: account !== undefined && renewer.isRenewing(account.id),
			renewsItself: account !== undefined && willRenewItself(account, automatic, true),
			visibility: statusBarVisibility(),
		});
		if (!status) {
			item.hide();
			return;
		}
		item.text = status.text;
		item.backgroundColor = status.background && new vscode.ThemeColor(`statusBarItem.${status.background}Background`);
		item.tooltip = tooltipOf(account, doubt);
		item.accessibilityInformation = { label: sentenceOf(status, account), role: "button" };
		item.show();
		if (account) {
			timer = setTimeout(() => show(account), Math.min(status.validFor, longestWait));
		}
	};

	const repaint = () => void paint();
	const subscriptions = [
		vault.onDidChange(repaint),
		renewer.onDidChange(repaint),
		vscode.workspace.onDidChangeConfiguration((change) => change.affectsConfiguration("twitterTokens") && repaint()),
		vscode.window.onDidChangeWindowState(repaint),
	];
	repaint();
	return {
		isShown: (accountId) => accountId === shown,
		dispose: () => {
			latest++;
			clearTimeout(timer);
			for (const subscription of subscriptions) {
				subscription.dispose();
			}
			item.dispose();
		},
	};
}

function tooltipOf(account: Account | undefined, doubt: Doubt | undefined): vscode.MarkdownString | string {
	if (!account) {
		return vscode.l10n.t("No X account is signed in. Click to sign in.");
	}
	const { tokens } = account;
	const tooltip = new vscode.MarkdownString();
	const line = (name: string, value: string) => {
		tooltip.appendMarkdown(`**${name}** `).appendText(value).appendMarkdown("  \n");
		// `appendText` makes every blank one at which no line may break.
		tooltip.value = tooltip.value.replaceAll("&nbsp;", " ");
	};
	line(vscode.l10n.t("Account"), account.user?.name ? `${labelOf(account)} (${account.user.name})` : labelOf(account));
	line(vscode.l10n.t("App"), account.clientId);
	line(vscode.l10n.t("Scopes"), tokens.scopes.join(" "));
	line(vscode.l10n.t("Expires"), momentOf(tokens.expiresAt));
	line(
		vscode.l10n.t("Last renewal"),
		account.lastRenewedAt === undefined ? vscode.l10n.t("none since the sign-in") : momentOf(account.lastRenewedAt),
	);
	if (!tokens.refreshToken) {
		line(vscode.l10n.t("Renewal"), vscode.l10n.t("not possible: the scope offline.access was not asked for"));
	}
	if (doubt) {
		line(vscode.l10n.t("Kept"), doubtText(doubt));
	}
	if (account.signInNeeded) {
		line(vscode.l10n.t("Sign in again"), signInMessage(account));
	} else if (account.backOff) {
		line(vscode.l10n.t("Last failure"), account.backOff.message);
	}
	return tooltip;
}

function doubtText(doubt: Doubt): string {
	return doubt === "notWritten"
		? vscode.l10n.t("not in its file yet, which cannot be written; Show Log says why")
		: vscode.l10n.t(
				"perhaps only until the editor ends: it has lost stored tokens before, and was not restarted since",
			);
}

function sentenceOf(status: Status, account: Account | undefined): string {
	if (!account) {
		return vscode.l10n.t("Twitter Tokens: no account is signed in");
	}
	const label = labelOf(account);
	switch (status.kind) {
		case "renewing":
			return vscode.l10n.t("Twitter Tokens: the access token of {0} is being renewed", label);
		case "signInNeeded":
			return vscode.l10n.t("Twitter Tokens: {0} must sign in again", label);
		case "expired":
			return vscode.l10n.t("Twitter Tokens: the access token of {0} has expired", label);
		default:
			return vscode.l10n.t(
				"Twitter Tokens: the access token of {0} expires at {1}",
				label,
				momentOf(account.tokens.expiresAt),
			);
	}
}

/** A moment in the user's own time zone and habits. */
export function momentOf(at: number): string {
	const sameDay = new Date(at).toDateString() === new Date().toDateString();
	return new Date(at).toLocaleString(
		vscode.env.language,
		sameDay ? { hour: "numeric", minute: "2-digit" } : { dateStyle: "medium", timeStyle: "short" },
	);
}
