import * as vscode from "vscode";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";

/** How a command was called: by a person at the window, or by a program that wants an answer. */
export interface Call {
	readonly byPerson: boolean;
}

/** Where failures go: into the log, and before a person's eyes. */
export interface Complaints {
	readonly note: (what: string, error: TwitterTokensError) => void;
	readonly tell: (error: TwitterTokensError) => void;
}

export type CommandHandler = (argument: unknown, call: Call) => Promise<unknown>;

/**
 * Registers a command of the contract. A program gets a rejection with a `code`; a person gets a message with a way
 * on. VS Code itself would answer a person with a modal dialog, for a plain Escape too.
 */
export function registerCommand(id: string, handler: CommandHandler, { note, tell }: Complaints): vscode.Disposable {
	return vscode.commands.registerCommand(id, async (argument: unknown) => {
		const byPerson = calledByTheWindow() || isOurMenus(argument);
		try {
			return await handler(argument ?? {}, { byPerson });
		} catch (thrown) {
			const error = asTwitterTokensError(thrown);
			note(id, error);
			if (byPerson) {
				tell(error);
				return undefined;
			}
			throw error;
		}
	});
}

/**
 * Registers a command whose result VS Code puts into a launch configuration or a task. It always rejects where it fails: for
 * `undefined` an input of type `command` leaves its own text in place, and the task runs with that.
 */
export function registerValue(
	id: string,
	value: (argument: unknown) => Promise<string>,
	{ note }: Complaints,
): vscode.Disposable {
	return vscode.commands.registerCommand(id, async (argument: unknown) => {
		try {
			return await value(argument);
		} catch (thrown) {
			const error = asTwitterTokensError(thrown);
			note(id, error);
			throw error;
		}
	});
}

/**
 * Palette, menus and key bindings reach the extension host through the one method, extensions through the other: also from
 * a command of their own that the palette called, further down in the stack. Should the first get another name one day, a
 * person sees VS Code's own dialog instead of our message.
 */
function calledByTheWindow(): boolean {
	const [nearest] = /\$executeContributedCommand|\bexecuteCommand\b/.exec(new Error().stack ?? "") ?? [];
	return nearest === "$executeContributedCommand";
}

/** Marks a call that one of our own menus makes for a person: its failure is shown, as the palette's is. */
const byPersonMark = Symbol("by a person");

/** Runs one of our commands for a person who chose it in one of our menus. */
export async function runForPerson(command: string, argument: object = {}): Promise<unknown> {
	return vscode.commands.executeCommand(command, { ...argument, [byPersonMark]: true });
}

function isOurMenus(argument: unknown): boolean {
	return typeof argument === "object" && argument !== null && byPersonMark in argument;
}

/** Anything thrown as an error of the contract. */
export function asTwitterTokensError(thrown: unknown): TwitterTokensError {
	return thrown instanceof TwitterTokensError
		? thrown
		: new TwitterTokensError(
				"UnexpectedResponse",
				`Twitter Tokens failed unexpectedly (${messageOf(thrown).slice(0, 200)}). Nothing that is stored was changed; look into the log and report it.`,
				{ cause: thrown },
			);
}

/** The error with a button for each way on. */
export async function showError(error: TwitterTokensError): Promise<void> {
	if (error.code === "Cancelled") {
		return;
	}
	const actions = actionsFor(error);
	const chosen = await vscode.window.showErrorMessage(error.message, ...actions.keys());
	if (chosen !== undefined) {
		await actions.get(chosen)?.();
	}
}

function actionsFor(error: TwitterTokensError): Map<string, () => Thenable<unknown>> {
	const actions = new Map<string, () => Thenable<unknown>>();
	switch (error.code) {
		case "InvalidAuthSettings":
			actions.set(vscode.l10n.t("Open Settings"), () =>
				vscode.commands.executeCommand("workbench.action.openSettings", "twitterTokens."),
			);
			break;
		case "TimedOut":
		case "RedirectMismatch":
			actions.set(vscode.l10n.t("Copy Callback URL"), () => runForPerson("twitterTokens.copyCallbackUrl"));
			actions.set(vscode.l10n.t("Open Developer Console"), openConsole);
			break;
		case "ClientUnknown":
		case "ClientAuthenticationFailed":
		case "ScopeInvalid":
			actions.set(vscode.l10n.t("Open Developer Console"), openConsole);
			break;
		case "NoAccount":
		case "GrantLost":
		case "CodeInvalid":
		case "VerifierMismatch":
		case "StateMismatch":
			actions.set(vscode.l10n.t("Sign In"), () => runForPerson("twitterTokens.signIn"));
			break;
		case "StorageUnavailable":
			actions.set(vscode.l10n.t("Reload Window"), () =>
				vscode.commands.executeCommand("workbench.action.reloadWindow"),
			);
			break;
	}
	actions.set(vscode.l10n.t("Show Log"), () => runForPerson("twitterTokens.showLog"));
	return actions;
}

export const openConsole = () => vscode.env.openExternal(vscode.Uri.parse("https://console.x.com"));
