import assert from "node:assert/strict";
import * as vscode from "vscode";

type Choice = vscode.QuickPickItem;

/** What a person does, in this order; what is not expected fails the test. */
export interface Person {
	/** The labels of the items to choose in menus; undefined leaves a menu by Escape. */
	readonly picks?: readonly (RegExp | undefined)[];
	/** What the open and the save dialog give. */
	readonly file?: vscode.Uri | undefined;
	/** Answers to modal questions: a button, or undefined for Cancel. */
	readonly confirms?: readonly (RegExp | undefined)[];
	/** What is typed into an input box, or into one after the other; undefined leaves it by Escape. */
	readonly types?: string | readonly (string | undefined)[];
	/** The buttons to press in messages that have them. */
	readonly clicks?: readonly RegExp[];
}

export interface Seen {
	/** The menus as they were shown. */
	readonly menus: (readonly Choice[])[];
	/** The texts of modal questions, with their details. */
	readonly questions: string[];
	readonly warnings: string[];
	readonly told: string[];
	readonly errors: string[];
}

/** Acts while a person sits at the window. */
export async function withPerson(person: Person, act: () => Promise<unknown>): Promise<Seen> {
	const seen: Seen = { menus: [], questions: [], warnings: [], told: [], errors: [] };
	const picks = [...(person.picks ?? [])];
	const confirms = [...(person.confirms ?? [])];
	const clicks = [...(person.clicks ?? [])];
	const typed = typeof person.types === "string" ? undefined : [...(person.types ?? [])];
	const message =
		(heap: string[]) =>
		async (text: string, options: unknown, ...more: string[]) => {
			if (typeof options !== "object" || options === null || !("modal" in options)) {
				heap.push(text);
				const button = [options, ...more].find((each) => typeof each === "string" && clicks[0]?.test(each));
				if (button !== undefined) clicks.shift();
				return button;
			}
			seen.questions.push("detail" in options ? `${text}\n\n${options.detail}` : text);
			assert.ok(confirms.length > 0, `a question too many: ${text}`);
			const pattern = confirms.shift();
			return pattern && more.find((button) => pattern.test(button));
		};
	const own = {
		showQuickPick: vscode.window.showQuickPick,
		showOpenDialog: vscode.window.showOpenDialog,
		showSaveDialog: vscode.window.showSaveDialog,
		showInputBox: vscode.window.showInputBox,
		showWarningMessage: vscode.window.showWarningMessage,
		showInformationMessage: vscode.window.showInformationMessage,
		showErrorMessage: vscode.window.showErrorMessage,
	};
	Object.assign(vscode.window, {
		showQuickPick: async (items: readonly Choice[]) => {
			seen.menus.push(items);
			assert.ok(picks.length > 0, `a menu too many: ${items.map(({ label }) => label).join(", ")}`);
			const pattern = picks.shift();
			if (!pattern) return undefined;
			const found = items.find(({ label }) => pattern.test(label));
			assert.ok(found, `${pattern} is not among ${items.map(({ label }) => label).join(", ")}`);
			return found;
		},
		showOpenDialog: async () => (person.file ? [person.file] : undefined),
		showSaveDialog: async () => person.file,
		showInputBox: async () => {
			if (!typed) return person.types;
			assert.ok(typed.length > 0 || person.types === undefined, "an input too many");
			return typed.shift();
		},
		showWarningMessage: message(seen.warnings),
		showInformationMessage: message(seen.told),
		showErrorMessage: message(seen.errors),
	});
	try {
		await act();
	} finally {
		Object.assign(vscode.window, own);
	}
	assert.equal(picks.length, 0, "a menu that did not come");
	assert.equal(confirms.length, 0, "a question that did not come");
	return seen;
}
