import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { downloadAndUnzipVSCode } from "@vscode/test-electron";

export interface VSCode {
	/** For `vscodeExecutablePath` of `runTests`. */
	readonly executable: string;
	readonly kind: "desktop" | "code-server";
	/** How it was found, for the log of a run. */
	readonly description: string;
}

/**
 * The VS Code to test in: a desktop one that `VSCODE_PATH` names, or of the version `VSCODE_VERSION` names, which is
 * downloaded; else VS Code's server in Chromium, which needs nothing but the npm registry. Asked for a version that
 * cannot be had, it fails: a run that claims to have tested 1.101 must not have tested something else.
 */
export async function findVSCode(): Promise<VSCode> {
	const path = process.env.VSCODE_PATH;
	if (path) return { executable: path, kind: "desktop", description: `VSCODE_PATH, ${path}` };

	const version = process.env.VSCODE_VERSION;
	if (version) {
		const executable = await downloadAndUnzipVSCode(version);
		return { executable, kind: "desktop", description: `VS Code ${version}` };
	}

	if (process.platform === "win32") throw new Error("Set VSCODE_VERSION or VSCODE_PATH: code-server does not run here");
	const executable = join(import.meta.dirname, "runner.ts");
	// Some ways of copying a checkout lose this.
	await chmod(executable, 0o755);
	return { executable, kind: "code-server", description: "VS Code's server in Chromium" };
}
