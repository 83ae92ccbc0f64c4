import { statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { TwitterTokensError } from "../oauth/errors.ts";
import { type FoundApp, foundIn, foundInText } from "../oauth/importable.ts";
import { displayOf, locateAuthFile, readAuthText } from "../signIn/authSource.ts";
import { FileError, readTextFile } from "./atomicFile.ts";

/** What was found, and where. */
export interface Found {
	/** What the place is called in texts. */
	readonly place: string;
	readonly apps: readonly FoundApp[];
	/** The auth JSON on this computer it stands in: renewed tokens can be written back there. */
	readonly file?: string;
}

/**
 * Reads what a program names: "xurl", "clipboard", an object, its JSON text, X's token response, a token, or the path of
 * a `.json` file.
 *
 * @throws {TwitterTokensError} `InvalidAuthSettings` saying what was tried
 */
export async function readSource(from: unknown): Promise<Found> {
	const place = "the argument from";
	if (typeof from !== "string") {
		return { place, apps: [foundIn(from, place)] };
	}
	const text = from.trim();
	if (text === "xurl") {
		return readXurl();
	}
	if (text === "clipboard") {
		return readClipboard();
	}
	if (/\.json$/i.test(text) && !text.includes("\n") && !text.startsWith("{")) {
		return readAuthJson(locateAuthFile(text, place));
	}
	return { place, apps: [foundInText(text, place)] };
}

export async function readClipboard(): Promise<Found> {
	const place = vscode.l10n.t("the clipboard");
	return { place, apps: [foundInText(await vscode.env.clipboard.readText(), place)] };
}

export function readPasted(text: string): Found {
	const place = vscode.l10n.t("the pasted text");
	return { place, apps: [foundInText(text, place)] };
}

export async function readAuthJson(file: vscode.Uri): Promise<Found> {
	const place = displayOf(file);
	const found = foundInText(await readAuthText(file), place);
	return { place, apps: [found], ...(file.scheme === "file" ? { file: file.fsPath } : {}) };
}

/**
 * xurl's token store, wherever this version of it keeps it (fact sheet, section 11.1). Never made by us: xurl takes its
 * presence for a sign that there is something to migrate. `keys.yml` beside it holds chat keys and is not opened.
 */
export async function readXurl(): Promise<Found> {
	const path = xurlStorePath();
	if (path === undefined) {
		throw invalid(
			vscode.l10n.t(
				"xurl has no token store here ({0} is missing). Sign in with xurl first, or choose another source.",
				"~/.xurl",
			),
		);
	}
	try {
		const { text } = await readTextFile(path);
		const { readXurlStore } = await import("../oauth/xurlStore.ts");
		return { place: path, apps: await readXurlStore(text, path, process.env) };
	} catch (error) {
		throw error instanceof FileError
			? invalid(vscode.l10n.t("xurl's token store {0} cannot be read ({1}).", path, error.systemCode ?? error.problem))
			: error;
	}
}

/** `undefined` where xurl has none. */
export function xurlStorePath(): string | undefined {
	const own = join(process.env.HOME || homedir(), ".xurl");
	const kind = (path: string) => statSync(path, { throwIfNoEntry: false });
	try {
		const path = kind(own)?.isDirectory() ? join(own, "auth.yml") : own;
		return kind(path) ? path : undefined;
	} catch {
		return undefined;
	}
}

function invalid(message: string): TwitterTokensError {
	return new TwitterTokensError("InvalidAuthSettings", message);
}
