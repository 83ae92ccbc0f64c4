import * as vscode from "vscode";
import { readCallback } from "../oauth/authorization.ts";
import { messageOf } from "../oauth/errors.ts";

export interface CodePrompt extends vscode.Disposable {
	/** Shows that X is awaited, or why it may not be. */
	setWaiting(problem?: string): void;
}

/**
 * The masked prompt for a code. It stays open when the focus leaves, because the code is in the browser; a text that
 * is refused keeps it open too and says why, with everything else untouched.
 *
 * @param admit takes a pasted text; throws where it must not be used
 */
export function showCodePrompt(parts: {
	readonly title: string;
	readonly openPage: () => Promise<void>;
	readonly copyLink: () => Promise<void>;
	readonly admit: (text: string) => Promise<void>;
	readonly cancel: () => void;
}): CodePrompt {
	const open: vscode.QuickInputButton = {
		iconPath: new vscode.ThemeIcon("link-external"),
		tooltip: vscode.l10n.t("Open the Authorization Page"),
	};
	const copy: vscode.QuickInputButton = {
		iconPath: new vscode.ThemeIcon("copy"),
		tooltip: vscode.l10n.t("Copy the Authorization Link"),
	};
	const input = vscode.window.createInputBox();
	input.title = parts.title;
	input.prompt = vscode.l10n.t(
		"Paste the address the browser was sent to, or the code in it. It works for 30 seconds.",
	);
	input.placeholder = vscode.l10n.t("Address or code");
	input.password = true;
	input.ignoreFocusOut = true;
	input.buttons = [open, copy];

	const refuse = (error: unknown) => {
		input.validationMessage = messageOf(error);
	};
	let admitted = false;
	const subscriptions = [
		input.onDidChangeValue(() => {
			input.validationMessage = undefined;
		}),
		input.onDidTriggerButton((button) => {
			(button === open ? parts.openPage() : parts.copyLink()).catch(refuse);
		}),
		input.onDidAccept(async () => {
			if (admitted || input.value.trim() === "") {
				return;
			}
			admitted = true;
			try {
				await parts.admit(input.value);
			} catch (error) {
				admitted = false;
				refuse(error);
			}
		}),
		input.onDidHide(() => parts.cancel()),
	];
	input.show();
	return {
		setWaiting: (problem) => {
			input.busy = problem === undefined;
			input.validationMessage = problem && { message: problem, severity: vscode.InputBoxValidationSeverity.Warning };
		},
		dispose: () => vscode.Disposable.from(...subscriptions, input).dispose(),
	};
}

/**
 * Looks at the clipboard when the window regains the focus: somebody who copied the address in the browser need not
 * paste it. Anything that is not a redirect with a `state` is left alone.
 */
export function watchClipboard(offer: (text: string) => Promise<void>): vscode.Disposable {
	return vscode.window.onDidChangeWindowState(async ({ focused }) => {
		if (!focused) {
			return;
		}
		try {
			const text = await vscode.env.clipboard.readText();
			if (text.length < 5000 && readCallback(text).state !== undefined) {
				await offer(text);
			}
		} catch {
			// Not a redirect, or no permission to read the clipboard: the prompt is there for it.
		}
	});
}
