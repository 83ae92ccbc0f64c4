import { homedir } from "node:os";
import * as vscode from "vscode";
import { expandAuthPath } from "../oauth/authPath.ts";
import { type AuthSettings, authSettingsFrom, authSourceOf, parseAuthText } from "../oauth/authSettings.ts";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";

/** Bytes; `parseAuthText` has the finer limit. Asked before reading: nobody wants 10 MB in memory for it. */
const maxFileBytes = 1_000_000;

/** Auth settings and where they were found: a client secret may have to move away from there. */
export interface LocatedAuth {
	readonly auth: AuthSettings;
	/** The file they stand in; absent where the value itself was given. */
	readonly file?: vscode.Uri;
}

/**
 * Reads an auth value in any of the contract's accepted forms; undefined where there is none.
 *
 * @param place what the value is called in error texts
 * @throws {TwitterTokensError} `InvalidAuthSettings` naming the key, the place and the remedy
 */
export async function readAuth(value: unknown, place: string): Promise<LocatedAuth | undefined> {
	const source = authSourceOf(value, place);
	switch (source.kind) {
		case "none":
			return undefined;
		case "value":
			return { auth: authSettingsFrom(source.value, place) };
		case "file": {
			const file = locateAuthFile(source.path, place);
			return { auth: await readAuthFile(file), file };
		}
	}
}

/** The auth settings in a file. */
export async function readAuthFile(file: vscode.Uri): Promise<AuthSettings> {
	const shown = displayOf(file);
	return authSettingsFrom(parseAuthText(await readAuthText(file), shown), shown);
}

/**
 * The text of an auth JSON, read through the file system it belongs to (which may be a remote window's).
 *
 * @throws {TwitterTokensError} `InvalidAuthSettings`
 */
export async function readAuthText(file: vscode.Uri): Promise<string> {
	const shown = displayOf(file);
	try {
		const { size } = await vscode.workspace.fs.stat(file);
		if (size > maxFileBytes) {
			throw invalid(`The file ${shown} is larger than an auth JSON can be (${size} bytes). Choose the right file.`);
		}
		return new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
	} catch (error) {
		if (error instanceof TwitterTokensError) {
			throw error;
		}
		const why = error instanceof vscode.FileSystemError ? error.code : messageOf(error);
		throw invalid(`The auth JSON ${shown} cannot be read (${why}). Check its path. Nothing was changed.`);
	}
}

/** How a file is called in texts. */
export function displayOf(file: vscode.Uri): string {
	return file.scheme === "file" ? file.fsPath : file.path;
}

/**
 * Where the contract's paths lead to.
 *
 * @throws {TwitterTokensError} `InvalidAuthSettings`
 */
export function locateAuthFile(path: string, place: string): vscode.Uri {
	const located = expandAuthPath(path, { home: homedir(), environment: process.env });
	const folder = vscode.workspace.workspaceFolders?.[0];
	if (located.kind === "absolute") {
		// The extension may run on the user's side of a remote window: a path below the workspace means the remote file.
		const below = folder && folder.uri.scheme !== "file" && located.path.startsWith(`${folder.uri.path}/`);
		return below ? folder.uri.with({ path: located.path }) : vscode.Uri.file(located.path);
	}
	if (!folder) {
		throw invalid(
			`${place} names ${path}, relative to a workspace folder, but no folder is open. Open it, or use an absolute path.`,
		);
	}
	if (!vscode.workspace.isTrusted) {
		throw invalid(
			`${place} names ${path} in a workspace that is not trusted. A file from there must not decide which app you sign in to: trust the workspace, or use an absolute path outside it.`,
		);
	}
	return vscode.Uri.joinPath(folder.uri, located.path);
}

function invalid(message: string): TwitterTokensError {
	return new TwitterTokensError("InvalidAuthSettings", message);
}
