import { basename } from "node:path";
import * as vscode from "vscode";
import { TwitterTokensError } from "../oauth/errors.ts";
import { cancelled } from "../signIn/cancelled.ts";
import { type Account, labelOf } from "../vault/records.ts";
import { confirm, fileProblemText, gitQuestion } from "./exportTokens.ts";
import { createWriteBack, failureOf, type WriteBack, type WriteBackFailure, type WriteBackParts } from "./writeBack.ts";

/** The write-back of this window: it warns where somebody sees it, and tries again when somebody comes back. */
export function startWriteBack(parts: Omit<WriteBackParts, "warn">): WriteBack {
	const writeBack = createWriteBack({ ...parts, warn: warnOfWriteBack });
	const watching = vscode.window.onDidChangeWindowState(({ focused }) => focused && writeBack.retry());
	return {
		...writeBack,
		dispose: () => {
			watching.dispose();
			writeBack.dispose();
		},
	};
}

/** Asks for the file, then as `offerWriteBack`. */
export async function chooseWriteBackFile(writeBack: WriteBack, account: Account): Promise<void> {
	const [file] =
		(await vscode.window.showOpenDialog({
			title: vscode.l10n.t("Write Renewed Tokens of {0} into…", labelOf(account)),
			openLabel: vscode.l10n.t("Choose"),
			filters: { JSON: ["json"] },
		})) ?? [];
	if (!file) {
		throw cancelled();
	}
	if (file.scheme !== "file") {
		throw new TwitterTokensError(
			"StorageUnavailable",
			vscode.l10n.t("Tokens can be written to a file on this computer only. Nothing was changed."),
		);
	}
	await offerWriteBack(writeBack, account, file.fsPath);
}

/**
 * Begins to write an account's renewed tokens into a file, once the person has agreed to exactly that.
 *
 * @throws {TwitterTokensError} `Cancelled`, or why the file cannot be used; then nothing is begun
 */
export async function offerWriteBack(writeBack: WriteBack, account: Account, file: string): Promise<void> {
	await confirm(
		vscode.l10n.t("Write the tokens of {0} into {1} now and after each renewal?", labelOf(account), basename(file)),
		vscode.l10n.t("Write"),
		[
			vscode.l10n.t(
				"{0} will always hold the living access token and refresh token in clear, readable for you only (0600). All else in it stays as it is. The tool that reads it must not renew by itself.",
				file,
			),
			...(await gitQuestion(file)),
		].join("\n\n"),
	);
	try {
		await writeBack.begin(account, file);
	} catch (error) {
		if (error instanceof TwitterTokensError && error.code !== "InvalidAuthSettings") {
			throw error;
		}
		throw new TwitterTokensError("StorageUnavailable", problemText(failureOf(error, account, file)), { cause: error });
	}
	vscode.window.setStatusBarMessage(
		vscode.l10n.t("$(check) {0} holds the tokens of {1} from now on", basename(file), labelOf(account)),
		5000,
	);
}

export async function endWriteBack(writeBack: WriteBack, account: Account): Promise<void> {
	const file = writeBack.fileOf(account.id);
	await writeBack.end(account.id);
	if (file !== undefined) {
		void vscode.window.showInformationMessage(
			vscode.l10n.t(
				"No longer written into {0}. With the next renewal the refresh token in it is worth nothing.",
				basename(file),
			),
		);
	}
}

/**
 * The warning about a file that was left alone. Only where somebody sees it: a window in the background leaves it to the
 * one in front.
 */
function warnOfWriteBack(failure: WriteBackFailure): boolean {
	if (!vscode.window.state.focused) {
		return false;
	}
	void vscode.window.showWarningMessage(
		`${problemText(failure)} ${vscode.l10n.t("The renewed tokens of {0} are kept here and are written as soon as it works.", labelOf(failure.account))}`,
	);
	return true;
}

function problemText({ file, problem, message, account }: WriteBackFailure): string {
	switch (problem) {
		case "notEditable":
			return message ?? vscode.l10n.t("{0} is not JSON.", file);
		case "otherApp":
			return vscode.l10n.t(
				"{0} names another app than the one of {1}, so nothing was written into it.",
				file,
				labelOf(account),
			);
		case "newerTokens":
			return vscode.l10n.t(
				"{0} holds newer tokens than this editor: another tool has renewed. Import them from there, or sign in again. Nothing was written into it.",
				file,
			);
		default:
			return fileProblemText(file, problem, message);
	}
}
