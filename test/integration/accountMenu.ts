import assert from "node:assert/strict";
import * as vscode from "vscode";
import { command } from "./support.ts";

interface Choice {
	readonly label: string;
	readonly detail?: string;
}

/** The items of an account's menu in Manage Accounts, without choosing any. */
export async function accountMenu(handle: string): Promise<readonly Choice[]> {
	let items: readonly Choice[] = [];
	await answering(
		[
			(list) => list.find(({ label }) => label.includes(handle)),
			(list) => {
				items = list;
				return undefined;
			},
			() => undefined,
		],
		() => command("manageAccounts"),
	);
	return items;
}

/** Chooses in an account's menu as a person would. */
export async function chooseInAccountMenu(handle: string, label: RegExp): Promise<void> {
	const pick = (pattern: RegExp) => (list: readonly Choice[]) => {
		const found = list.find((item) => pattern.test(item.label));
		assert.ok(found, `${pattern} is not among ${list.map((item) => item.label).join(", ")}`);
		return found;
	};
	await answering([pick(new RegExp(handle)), pick(label)], () => command("manageAccounts"));
}

/** Answers the menus that open during `act`, one after the other. */
async function answering(
	answers: readonly ((items: readonly Choice[]) => Choice | undefined)[],
	act: () => Promise<unknown>,
): Promise<void> {
	const original = vscode.window.showQuickPick;
	const left = [...answers];
	Object.assign(vscode.window, {
		showQuickPick: async (items: readonly Choice[]) => {
			const answer = left.shift();
			assert.ok(answer, "a menu too many");
			return answer(items);
		},
	});
	try {
		await act();
	} finally {
		Object.assign(vscode.window, { showQuickPick: original });
	}
}

/** As if the workspace were not trusted, during `act`: the test host cannot take the trust away. */
export async function untrusted(act: () => Promise<unknown>): Promise<void> {
	const own = Object.getOwnPropertyDescriptor(vscode.workspace, "isTrusted");
	assert.ok(own);
	Object.defineProperty(vscode.workspace, "isTrusted", { get: () => false, configurable: true });
	try {
		await act();
	} finally {
		Object.defineProperty(vscode.workspace, "isTrusted", own);
	}
}
