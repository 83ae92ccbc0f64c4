import * as vscode from "vscode";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import { remaining } from "../vault/expiry.ts";
import { type Account, labelOf } from "../vault/records.ts";
import type { Renewer } from "../vault/renewer.ts";
import type { Vault } from "../vault/vault.ts";
import { variableNames } from "./terminalVariables.ts";

/** workspaceState: the id of the account whose access token this workspace's terminals get. */
const stateKey = "twitterTokens.terminalAccount";

export interface TerminalsParts {
	readonly vault: Vault;
	readonly renewer: Renewer;
	readonly state: vscode.Memento;
	readonly collection: vscode.GlobalEnvironmentVariableCollection;
	readonly log: { info(message: string): void; warn(message: string): void };
}

/** The access token in the environment of new terminals and shell tasks: of one account, in workspaces where it was switched on. */
export interface Terminals extends vscode.Disposable {
	isOn(accountId: string): boolean;
	/** What the switch hands out, as the user reads it. */
	describe(): string;
	/** In place of another account, if one was on. @throws AccessDenied in a workspace that is not trusted */
	switchOn(account: Account): Promise<void>;
	switchOff(): Promise<void>;
}

export function createTerminals({ vault, renewer, state, collection, log }: TerminalsParts): Terminals {
	let disposed = false;
	let applying: Promise<void> = Promise.resolve();
	let waiting = false;

	const chosenAccount = () => state.get<string>(stateKey);

	/** The token to set. Asking counts as use, so it is renewed by itself as long as the switch is on. */
	const currentToken = async (): Promise<{ account: Account; token: string } | undefined> => {
		const id = chosenAccount();
		if (id === undefined || !vscode.workspace.isTrusted) {
			return undefined;
		}
		if ((await vault.accounts()).some((account) => account.id === id && !account.signInNeeded)) {
			await renewer.fresh(id);
			// Read again: while waiting, another window may have brought newer tokens, or X may have refused the grant.
			const account = await vault.account(id);
			if (!account.signInNeeded && remaining(account.tokens, Date.now()) > 0) {
				return { account, token: account.tokens.accessToken };
			}
		}
		return undefined;
	};

	const apply = async () => {
		waiting = false;
		let current: { account: Account; token: string } | undefined;
		try {
			current = await currentToken();
		} catch (error) {
			log.info(`Terminals get no access token: ${messageOf(error)}`);
		}
		// Switched off or over while the renewal was on its way.
		if (disposed || (current && current.account.id !== chosenAccount())) {
			return;
		}
		const names = current ? configuredNames() : [];
		if (current) {
			// VS Code would write a persistent collection to disk in clear, and give a token of days ago to the terminals of the next start.
			if (collection.persistent) collection.persistent = false;
			const description = vscode.l10n.t("The X access token of {0}", labelOf(current.account));
			if (collection.description !== description) collection.description = description;
		}
		const stale: string[] = [];
		collection.forEach((name) => {
			if (!names.includes(name)) stale.push(name);
		});
		for (const name of stale) {
			collection.delete(name);
		}
		for (const name of names) {
			// A replacement by the same value would mark every open terminal as stale.
			if (current && collection.get(name)?.value !== current.token) {
				collection.replace(name, current.token);
			}
		}
	};

	/** One at a time; what changes meanwhile is looked at once more. */
	const applySoon = (): Promise<void> => {
		if (!waiting) {
			waiting = true;
			applying = applying.then(apply);
		}
		return applying;
	};

	const configuredNames = (): string[] => {
		const { names, refused } = variableNames(
			vscode.workspace.getConfiguration("twitterTokens").get<unknown>("terminal.variables"),
		);
		if (refused.length > 0) {
			log.warn(`twitterTokens.terminal.variables: not used as names of variables: ${refused.join(", ")}`);
		}
		return names;
	};

	const subscriptions = [
		vault.onDidChange(() => {
			if (chosenAccount() !== undefined) void applySoon();
		}),
		vscode.workspace.onDidGrantWorkspaceTrust(applySoon),
		vscode.workspace.onDidChangeConfiguration((change) => {
			if (change.affectsConfiguration("twitterTokens.terminal") && chosenAccount() !== undefined) void applySoon();
		}),
	];
	if (chosenAccount() !== undefined) {
		void applySoon();
	}

	return {
		isOn: (accountId) => accountId === chosenAccount(),
		describe: () =>
			vscode.l10n.t(
				// What it hands out comes first: the menu cuts off what does not fit.
				"Every program in new terminals and tasks can read it as {0}",
				configuredNames().join(", "),
			),
		async switchOn(account) {
			if (!vscode.workspace.isTrusted) {
				throw new TwitterTokensError(
					"AccessDenied",
					vscode.l10n.t(
						"This workspace is not trusted, so its terminals get no access token. Trust the workspace first.",
					),
				);
			}
			await state.update(stateKey, account.id);
			await applySoon();
		},
		async switchOff() {
			await state.update(stateKey, undefined);
			await applySoon();
		},
		dispose() {
			disposed = true;
			for (const subscription of subscriptions) {
				subscription.dispose();
			}
		},
	};
}
