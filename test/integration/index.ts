// Before Mocha, which keeps the console it finds.
import "../host/suiteConsole.ts";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import Mocha from "mocha";
import CountingReporter from "../reporter.ts";

/** What VS Code calls in its extension host. A rejection makes its exit code 1. */
export async function run(): Promise<void> {
	const mocha = new Mocha({
		ui: "bdd",
		timeout: 20_000,
		color: process.env.TWITTER_TOKENS_COLOR === "1",
		reporter: CountingReporter as unknown as NonNullable<Mocha.MochaOptions["reporter"]>,
		...(process.env.MOCHA_GREP ? { grep: process.env.MOCHA_GREP } : {}),
	});
	// This file is a bundle, next to one for each test file.
	const files = (await readdir(__dirname, { recursive: true })).filter((name) => name.endsWith(".test.cjs")).sort();
	for (const file of files) mocha.addFile(join(__dirname, file));
	await mocha.loadFilesAsync();
	const failures = await new Promise<number>((done) => mocha.run(done));
	if (failures > 0) throw new Error(`${failures} failed`);
	if (mocha.suite.total() === 0) throw new Error("There are no integration tests");
}
