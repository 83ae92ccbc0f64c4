import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { type Summary, until } from "./support.ts";

/** What VS Code gives without a question. */
export const silent = async (scopes: string[], account?: Summary) =>
	vscode.authentication.getSession("twitter", scopes, {
		silent: true,
		...(account ? { account: { id: account.id, label: account.label } } : {}),
	});

/** VS Code names the commands of its Accounts menu differently from version to version. */
export async function commandLike(pattern: RegExp): Promise<string> {
	return until(
		async () => (await vscode.commands.getCommands(true)).find((id) => pattern.test(id)),
		`a command ${pattern}`,
	);
}

/** VS Code's own question for the access, which it shows in a menu when it is asked from the Accounts menu. */
export async function askForAccess(scopes: string[]): Promise<void> {
	await vscode.authentication.getSession("twitter", scopes, {});
	await vscode.commands.executeCommand(await commandLike(/^twitter.*twitter-tokens\.twitter-tokensAccess$/));
	// The menu is open as soon as VS Code has asked for the accounts.
	await sleep(500);
}

/** Gives the access to the first account of the menu, unless an earlier test did. */
export async function allowAccess(scopes: string[]): Promise<void> {
	if (await silent(scopes)) return;
	await askForAccess(scopes);
	await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
	await until(() => silent(scopes), "the access is given");
}
