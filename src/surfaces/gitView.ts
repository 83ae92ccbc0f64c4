import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import { isTrackedByGit } from "./moveSecret.ts";

/** What git would do with a file: `tracked` and `wouldBeAdded` put what is in it into the history, sooner or later. */
export type GitView = "tracked" | "wouldBeAdded" | "none";

export async function gitViewOf(path: string): Promise<GitView> {
	if (!isInWorkTree(path)) {
		return "none";
	}
	if (await isTrackedByGit(path)) {
		return "tracked";
	}
	return (await isIgnored(path)) ? "none" : "wouldBeAdded";
}

/** Asked of the file system: git may be missing, or must not be started in a workspace that is not trusted. */
function isInWorkTree(path: string): boolean {
	for (let folder = dirname(path); ; folder = dirname(folder)) {
		if (existsSync(join(folder, ".git"))) {
			return true;
		}
		if (dirname(folder) === folder) {
			return false;
		}
	}
}

/** False also where nobody can tell: a warning too many is better than one too few. */
async function isIgnored(path: string): Promise<boolean> {
	if (!vscode.workspace.isTrusted) {
		return false;
	}
	try {
		await promisify(execFile)(
			"git",
			["-c", "core.fsmonitor=false", "-C", dirname(path), "check-ignore", "--quiet", "--", path],
			{ timeout: 5000, windowsHide: true },
		);
		return true;
	} catch {
		return false;
	}
}
