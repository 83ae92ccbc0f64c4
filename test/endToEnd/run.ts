import { spawn } from "node:child_process";
import { glob } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { node24, projectFolder } from "../host/processes.ts";
import { packagedVariable, resultVariable, writeResult } from "../results.ts";

/*
 * Packages the extension and runs test/endToEnd/**\/*.test.ts, each of which installs that package into a real window.
 * Words on the command line choose files: `npm run endToEnd -- signIn`.
 */

async function start(command: string, args: readonly string[]): Promise<number> {
	const child = spawn(command, args, { cwd: projectFolder, stdio: "inherit" });
	return await new Promise((done, failed) => {
		child.once("error", failed);
		child.once("exit", (code) => done(code ?? 1));
	});
}

async function main(): Promise<number> {
	const words = process.argv.slice(2);
	const files: string[] = [];
	for await (const name of glob("test/endToEnd/**/*.test.ts", { cwd: projectFolder })) {
		if (words.length === 0 || words.some((word) => name.includes(word))) files.push(name);
	}
	if (files.length === 0) throw new Error(`No end-to-end test matches ${words.join(" ")}`);

	if (process.platform !== "linux") {
		console.log(`Skipped: ${files.length} files of end-to-end tests need code-server, which is tried on Linux only.`);
		const result = process.env[resultVariable];
		if (result) writeResult(result, { passed: 0, failed: 0, skipped: files.length });
		return 0;
	}

	const prepared = process.env[packagedVariable] ? 0 : await start(node24(), ["test/package.ts"]);
	if (prepared !== 0) return prepared;

	const root = dirname(createRequire(import.meta.url).resolve("mocha/package.json"));
	return await start(node24(), [
		join(root, "bin/mocha.js"),
		...["--reporter", join(projectFolder, "test/reporter.ts")],
		...["--require", join(projectFolder, "test/endToEnd/failures.ts")],
		...["--timeout", "60000"],
		// A browser that a failed test left open must not keep the run from ending.
		"--exit",
		...files.sort(),
	]);
}

process.exitCode = await main();
