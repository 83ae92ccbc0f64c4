// Before Mocha, which keeps the console it finds.
import "../host/suiteConsole.ts";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { MochaOptions } from "mocha";
import * as vscode from "vscode";
import CountingReporter from "../reporter.ts";
import { readResult, resultVariable, writeResult } from "../results.ts";
import { readReload, writeReload } from "./restart/reload.ts";

const afterReload = "afterReload.test.cjs";

/**
 * What VS Code calls in its extension host. A rejection makes its exit code 1. Where the window can be reloaded, it is
 * once, and VS Code calls this again: first come all files but those named `afterReload`, then these.
 */
export async function run(): Promise<void> {
	const before = readReload();
	// This file is a bundle, next to one for each test file.
	const files = (await readdir(__dirname, { recursive: true })).filter((name) => name.endsWith(".test.cjs")).sort();
	const reloads = process.env.TWITTER_TOKENS_HOST === "code-server" && files.some((name) => name.endsWith(afterReload));
	// What a reload is to leave comes late, what searches the log last.
	const rank = (name: string) => ["beforeReload.test", "log.test"].findIndex((late) => name.includes(late));
	const chosen = files
		.filter((name) => name.includes("log.test") || name.endsWith(afterReload) === (before !== undefined))
		.sort((one, two) => rank(one) - rank(two));
	const tests = await runFiles(chosen);
	const result = process.env[resultVariable] ?? "";
	if (before) {
		const now = readResult(result);
		if (now) {
			const { passed, skipped } = before.counts;
			writeResult(result, { passed: passed + now.passed, failed: now.failed, skipped: skipped + now.skipped });
		}
	} else if (reloads) {
		writeReload({ counts: readResult(result) ?? { passed: tests, failed: 0, skipped: 0 } });
		// This extension host ends meanwhile: the call is cancelled.
		vscode.commands.executeCommand("workbench.action.reloadWindow").then(undefined, () => {});
		await new Promise(() => {});
	} else if (tests === 0) {
		throw new Error("There are no integration tests");
	}
}

async function runFiles(files: readonly string[]): Promise<number> {
	// Not at the top, where it would become a `require`: of Mocha, which is an ES module, the oldest editors' Node gives less.
	const { default: Mocha } = await import("mocha");
	const mocha = new Mocha({
		ui: "bdd",
		timeout: 20_000,
		color: process.env.TWITTER_TOKENS_COLOR === "1",
		reporter: CountingReporter as unknown as NonNullable<MochaOptions["reporter"]>,
		...(process.env.MOCHA_GREP ? { grep: process.env.MOCHA_GREP } : {}),
	});
	for (const file of files) mocha.addFile(join(__dirname, file));
	await mocha.loadFilesAsync();
	const failures = await new Promise<number>((done) => mocha.run(done));
	if (failures > 0) throw new Error(`${failures} failed`);
	return mocha.suite.total();
}
