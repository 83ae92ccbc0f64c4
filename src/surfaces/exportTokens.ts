import { basename } from "node:path";
import * as vscode from "vscode";
import type { Endpoints } from "../oauth/endpoints.ts";
import { TwitterTokensError } from "../oauth/errors.ts";
import { authJsonText, curlCommand, envLines, tokenResponseText } from "../oauth/exports.ts";
import { answerOf, cancelled } from "../signIn/cancelled.ts";
import { editorCallbackUrl } from "../signIn/uriHandler.ts";
import { type Account, labelOf } from "../vault/records.ts";
import type { Renewer } from "../vault/renewer.ts";
import type { Vault } from "../vault/vault.ts";
import { FileError, type FileProblem, whatIsAt, writePrivateFile } from "./atomicFile.ts";
import { copySecret } from "./clipboard.ts";
import { gitViewOf } from "./gitView.ts";

export interface ExportParts {
	readonly vault: Vault;
	readonly renewer: Renewer;
	readonly endpoints: () => Endpoints;
}

interface Format {
	readonly label: string;
	readonly detail: string;
	/** What it is called once it is copied. */
	readonly name: string;
	readonly fileName: string;
	/** Other keys or lines may stand in such a file, and would be gone. */
	readonly text: (account: Account) => Promise<string>;
}

/** "Export…" in an account's menu: what, then where to. The tokens are fresh when they leave. */
export async function exportTokens(parts: ExportParts, id: string): Promise<void> {
	const account = await parts.vault.account(id);
	const format = await choose(formats(parts, account), {
		title: vscode.l10n.t("Twitter Tokens: Export {0}", labelOf(account)),
		placeHolder: vscode.l10n.t("As what?"),
	});
	const places = [
		{ label: vscode.l10n.t("$(clippy) To the Clipboard"), file: false },
		{
			label: vscode.l10n.t("$(save) To a File…"),
			detail: vscode.l10n.t("In clear; readable for you only (0600)"),
			file: true,
		},
	];
	const { file } = await choose(places, {
		title: vscode.l10n.t("Twitter Tokens: Export {0}", labelOf(account)),
		placeHolder: vscode.l10n.t("{0}: where to?", format.name),
	});
	const text = await format.text(await parts.renewer.fresh(id));
	if (file) {
		await exportToFile(text, format.fileName);
	} else {
		await copySecret(text.trimEnd());
	}
}

function formats({ vault, endpoints }: ExportParts, { tokens }: Account): Format[] {
	const shared = vscode.l10n.t("With the refresh token: whoever renews first ends the other's copy.");
	return [
		{
			label: vscode.l10n.t("$(list-flat) .env Line"),
			detail: vscode.l10n.t("X_ACCESS_TOKEN=… ; works until the token expires"),
			name: vscode.l10n.t(".env line"),
			fileName: ".env",
			text: async (account) => envLines(account.tokens, false),
		},
		...(tokens.refreshToken
			? [
					{
						label: vscode.l10n.t("$(warning) .env Lines with Refresh Token"),
						detail: shared,
						name: vscode.l10n.t(".env lines"),
						fileName: ".env",
						text: async (account: Account) => envLines(account.tokens, true),
					},
				]
			: []),
		{
			label: vscode.l10n.t("$(terminal) curl Command"),
			detail: vscode.l10n.t("Asks X who you are; X bills that as one user read"),
			name: vscode.l10n.t("curl command"),
			fileName: "whoami.sh",
			text: async (account) => curlCommand(endpoints().api, account.tokens),
		},
		{
			label: vscode.l10n.t("$(json) Token Response"),
			detail: tokens.refreshToken ? shared : vscode.l10n.t("X's own JSON"),
			name: vscode.l10n.t("Token response"),
			fileName: "token.json",
			text: async (account) => tokenResponseText(account.tokens),
		},
		{
			label: vscode.l10n.t("$(file-code) Auth JSON"),
			detail: tokens.refreshToken
				? vscode.l10n.t("For OpenIntegrations, with secret. Whoever renews first ends the other's copy.")
				: vscode.l10n.t("For OpenIntegrations: the app with its secret, and the token"),
			name: vscode.l10n.t("Auth JSON"),
			fileName: "twitter.json",
			text: async ({ clientId, tokens: fresh }) => {
				const app = await vault.app(clientId);
				return authJsonText(
					app ?? { clientId, redirectUri: editorCallbackUrl(), scope: fresh.scopes.join(" ") },
					fresh,
				);
			},
		},
	];
}

async function exportToFile(text: string, fileName: string): Promise<void> {
	const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
	const file = await vscode.window.showSaveDialog({
		title: vscode.l10n.t("Twitter Tokens: Export"),
		saveLabel: vscode.l10n.t("Export"),
		...(folder?.scheme === "file" ? { defaultUri: vscode.Uri.joinPath(folder, fileName) } : {}),
	});
	if (!file) {
		throw cancelled();
	}
	await saveTokens(file, text);
	void vscode.window.showInformationMessage(vscode.l10n.t("The tokens are in clear in {0}.", file.fsPath));
}

/** Writes tokens where the person said, after every question that has to be asked. */
export async function saveTokens(file: vscode.Uri, text: string): Promise<void> {
	if (file.scheme !== "file") {
		throw notWritten(
			vscode.l10n.t("Tokens can be written to a file on this computer only: elsewhere nobody knows who may read it."),
		);
	}
	const path = file.fsPath;
	try {
		const there = whatIsAt(path);
		if (there === "symbolicLink") {
			throw new FileError("symbolicLink", path);
		}
		if (there === "other") {
			throw new FileError("notAFile", path);
		}
		const questions = [
			...(there === "file" ? [vscode.l10n.t("{0} exists. Everything in it would be replaced.", basename(path))] : []),
			...(await gitQuestion(path)),
		];
		if (questions.length > 0) {
			await confirm(
				questions.join("\n\n"),
				there === "file" ? vscode.l10n.t("Replace") : vscode.l10n.t("Write All the Same"),
			);
		}
		await writePrivateFile(path, text, there === "file");
	} catch (error) {
		throw error instanceof FileError ? notWritten(fileProblemText(path, error.problem, error.systemCode)) : error;
	}
}

/** What has to be said about git before tokens get into a file. */
export async function gitQuestion(path: string): Promise<string[]> {
	switch (await gitViewOf(path)) {
		case "tracked":
			return [vscode.l10n.t("git tracks {0}: with the next commit the tokens are in its history.", basename(path))];
		case "wouldBeAdded":
			return [
				vscode.l10n.t(
					"{0} lies in a git work tree and is not ignored: a commit of everything would take the tokens along. Better put it into .gitignore first.",
					basename(path),
				),
			];
		case "none":
			return [];
	}
}

/** @throws {TwitterTokensError} `Cancelled` */
export async function confirm(question: string, yes: string, detail?: string): Promise<void> {
	const chosen = await vscode.window.showWarningMessage(
		question,
		{ modal: true, ...(detail === undefined ? {} : { detail }) },
		yes,
	);
	if (chosen !== yes) {
		throw cancelled();
	}
}

/** Why a file was left alone, and what to do about it. */
export function fileProblemText(path: string, problem: FileProblem, systemCode: string | undefined): string {
	switch (problem) {
		case "vanished":
			return vscode.l10n.t("{0} is not there.", path);
		case "notAFile":
			return vscode.l10n.t("{0} is not a plain file.", path);
		case "tooLarge":
			return vscode.l10n.t("{0} is too large for an auth JSON.", path);
		case "notText":
			return vscode.l10n.t("{0} is not UTF-8 text.", path);
		case "readOnly":
			return vscode.l10n.t("{0} is read-only. Allow writing to it, or choose another file.", path);
		case "symbolicLink":
			return vscode.l10n.t("{0} is a symbolic link. Choose the file itself.", path);
		case "busy":
			return vscode.l10n.t("{0} keeps changing. Close the other program that writes to it.", path);
		case "failed":
			return vscode.l10n.t("{0} could not be written ({1}).", path, systemCode ?? "?");
	}
}

async function choose<T extends { readonly label: string }>(
	items: readonly T[],
	options: { readonly title: string; readonly placeHolder: string },
): Promise<T> {
	return answerOf(await vscode.window.showQuickPick(items, options));
}

function notWritten(message: string): TwitterTokensError {
	return new TwitterTokensError("StorageUnavailable", `${message} ${vscode.l10n.t("Nothing was written.")}`);
}
