import { basename } from "node:path";
import * as vscode from "vscode";
import type { RedeemParts } from "../signIn/redeem.ts";
import type { Account } from "../vault/records.ts";
import type { Renewer } from "../vault/renewer.ts";
import { exportTokens } from "./exportTokens.ts";
import { askWhoThisIs } from "./whoAmI.ts";
import type { AccountAction } from "./workspaceAccess.ts";
import type { WriteBack } from "./writeBack.ts";
import { chooseWriteBackFile, endWriteBack } from "./writeBackMenu.ts";

export interface AccountActionParts extends RedeemParts {
	readonly renewer: Renewer;
	readonly writeBack: WriteBack;
}

/** What one does with an account's tokens now and then, in its menu in Manage Accounts. */
export function accountActions(parts: AccountActionParts, account: Account): AccountAction[] {
	const { writeBack } = parts;
	const file = writeBack.fileOf(account.id);
	return [
		{
			label: vscode.l10n.t("$(export) Export…"),
			act: () => exportTokens(parts, account.id),
		},
		file === undefined
			? {
					label: vscode.l10n.t("$(file-symlink-file) Write Renewed Tokens into a File…"),
					detail: vscode.l10n.t("Keeps the tokens in an OpenIntegrations auth JSON alive"),
					act: () => chooseWriteBackFile(writeBack, account),
				}
			: {
					label: vscode.l10n.t("$(circle-slash) Stop Writing Renewed Tokens into {0}", basename(file)),
					detail: file,
					act: () => endWriteBack(writeBack, account),
				},
		{
			label: vscode.l10n.t("$(question) Ask X Who This Is (One Billed Request)"),
			detail: vscode.l10n.t("Needs the scopes tweet.read and users.read"),
			act: () => askWhoThisIs(parts, account.id),
		},
	];
}
