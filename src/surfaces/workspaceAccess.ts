import * as vscode from "vscode";
import { type Account, labelOf } from "../vault/records.ts";
import type { Consent } from "./consent.ts";
import type { Terminals } from "./terminals.ts";

/** What one can do with an account in its menu. */
export interface AccountAction extends vscode.QuickPickItem {
	readonly act: () => Promise<unknown>;
}

export interface WorkspaceAccessParts {
	readonly terminals: Terminals;
	readonly consent: Consent;
}

/** What this workspace may do with the account's access token, to be given and taken back in Manage Accounts. */
export function workspaceActions({ terminals, consent }: WorkspaceAccessParts, account: Account): AccountAction[] {
	const actions: AccountAction[] = [];
	const label = labelOf(account);
	if (terminals.isOn(account.id)) {
		actions.push({
			label: vscode.l10n.t("$(terminal) Stop Using in Terminals"),
			act: async () => {
				await terminals.switchOff();
				tell(vscode.l10n.t("$(check) New terminals do not get the access token of {0} any more", label));
			},
		});
	} else if (vscode.workspace.isTrusted) {
		actions.push({
			label: vscode.l10n.t("$(terminal) Use in This Workspace's Terminals"),
			detail: terminals.describe(),
			act: async () => {
				await terminals.switchOn(account);
				tell(vscode.l10n.t("$(check) New terminals get the access token of {0}", label));
			},
		});
	}
	if (consent.isGiven(account.id)) {
		actions.push({
			label: vscode.l10n.t("$(circle-slash) Revoke This Workspace's Access"),
			detail: vscode.l10n.t("Launch configurations and tasks of this workspace have to ask again."),
			act: async () => {
				await consent.revoke(account.id);
				tell(vscode.l10n.t("$(check) This workspace may not read the access token of {0} any more", label));
			},
		});
	}
	return actions;
}

function tell(text: string): void {
	vscode.window.setStatusBarMessage(text, 5000);
}
