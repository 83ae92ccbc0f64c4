import * as vscode from "vscode";
import { TwitterTokensError } from "../oauth/errors.ts";
import { type Account, labelOf } from "../vault/records.ts";

/** workspaceState: ids of the accounts whose access token this workspace may read. */
const stateKey = "twitterTokens.accessAllowed";

/** The user's word that this workspace may read the access token of an account. */
export interface Consent {
	isGiven(accountId: string): boolean;
	/** Asks where it was not given yet, whoever calls. @throws Cancelled when refused; a refusal is not remembered */
	require(account: Account): Promise<void>;
	revoke(accountId: string): Promise<void>;
}

/** @param ask whether the user allows it */
export function createConsent(
	state: vscode.Memento,
	ask: (account: Account) => Promise<boolean> = askForConsent,
): Consent {
	/** Questions that stand open: a launch configuration may name the command several times. */
	const asking = new Map<string, Promise<boolean>>();
	const given = () => state.get<readonly string[]>(stateKey, []);

	return {
		isGiven: (accountId) => given().includes(accountId),
		async require(account) {
			const { id } = account;
			if (given().includes(id)) {
				return;
			}
			const question = asking.get(id) ?? ask(account).finally(() => asking.delete(id));
			asking.set(id, question);
			if (!(await question)) {
				throw new TwitterTokensError(
					"Cancelled",
					vscode.l10n.t("Not allowed: the access token of {0} was not handed out.", labelOf(account)),
				);
			}
			if (!given().includes(id)) {
				await state.update(stateKey, [...given(), id]);
			}
		},
		async revoke(accountId) {
			const left = given().filter((id) => id !== accountId);
			await state.update(stateKey, left.length > 0 ? left : undefined);
		},
	};
}

async function askForConsent(account: Account): Promise<boolean> {
	const allow = vscode.l10n.t("Allow");
	const workspace = vscode.workspace.name;
	const label = labelOf(account);
	const chosen = await vscode.window.showWarningMessage(
		workspace === undefined
			? vscode.l10n.t("Allow launch configurations and tasks of this window to read the access token of {0}?", label)
			: vscode.l10n.t(
					'Allow the launch configurations and tasks of the workspace "{0}" to read the access token of {1}?',
					workspace,
					label,
				),
		{
			modal: true,
			detail: vscode.l10n.t(
				"Whoever has it acts as {0} on X within the scopes {1}. Extensions can then read it by the same command without a question of their own. It is remembered for this workspace; Manage Accounts takes it back.",
				label,
				account.tokens.scopes.join(" "),
			),
		},
		allow,
	);
	return chosen === allow;
}
