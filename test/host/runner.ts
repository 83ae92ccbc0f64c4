#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { format } from "node:util";
import { launchChromium } from "./chromium.ts";
import { startCodeServer } from "./codeServer.ts";

/*
 * Stands in for the executable of a desktop VS Code: takes the arguments that @vscode/test-electron passes, runs the
 * suite in the extension host of a VS Code server, prints what it prints, and ends with its exit code. The environment
 * reaches the extension host because everything in between inherits it.
 */

const values = new Map<string, string>();
let workspace: string | undefined;
for (const argument of process.argv.slice(2)) {
	const option = /^--([^=]+)(?:=(.*))?$/s.exec(argument);
	if (option?.[1] === undefined) workspace = resolve(argument);
	else values.set(option[1], option[2] ?? "");
}

const limit = Number(process.env.TWITTER_TOKENS_SUITE_LIMIT ?? 15 * 60_000);

function required(name: string): string {
	const value = values.get(name);
	if (value === undefined || value === "") throw new Error(`--${name}=… is missing`);
	return value;
}

async function main(): Promise<number> {
	const development = required("extensionDevelopmentPath");
	const tests = required("extensionTestsPath");
	const own = await mkdtemp(join(tmpdir(), "twitter-tokens-runner-"));
	// The window mixes the suite's console with its own messages and marks neither: the suite writes to a file instead.
	const consoleFile = join(own, "console");
	await writeFile(consoleFile, "");
	const server = await startCodeServer({
		environment: { TWITTER_TOKENS_CONSOLE: consoleFile },
		workspace: workspace ?? own,
		userDataDir: values.get("user-data-dir") ?? join(own, "user-data"),
		extensionsDir: values.get("extensions-dir") ?? join(own, "extensions"),
		arguments: ["--vscode-option", "enable-smoke-test-driver"],
	});
	const suite = follow(consoleFile);
	const windowLog: string[] = [];
	try {
		const context = await launchChromium({ profile: join(own, "browser") });
		try {
			const page = context.pages()[0] ?? (await context.newPage());
			let over = false;
			const ended = Promise.withResolvers<number>();
			const fail = (why: string): void => {
				if (over) return;
				console.error(`${why}\n${server.logs().slice(-8_000)}`);
				ended.resolve(70);
			};
			await page.exposeFunction("codeAutomationExit", (code: number) => ended.resolve(code));
			await page.exposeFunction("codeAutomationLog", (type: string, args: readonly unknown[]) => {
				windowLog.push(`[${type}] ${format(...args)}`);
			});
			page.on("crash", () => fail("The window crashed."));
			context.on("close", () => fail("The browser ended."));
			const timer = setTimeout(() => fail(`The suite did not end within ${limit / 1_000} s.`), limit);

			const remote = `vscode-remote://127.0.0.1:${server.port}`;
			const query = new URLSearchParams({
				folder: workspace ?? own,
				payload: JSON.stringify([
					["extensionDevelopmentPath", remote + development],
					["extensionTestsPath", remote + tests],
				]),
			});
			await page.goto(`${server.origin}/?${query}`);
			const code = await ended.promise;
			over = true;
			clearTimeout(timer);
			suite.stop();
			// Nothing from the suite and a failure: it did not even begin, and the window may know why.
			if (code !== 0 && !suite.printed()) console.error(windowLog.join("\n"));
			return code;
		} finally {
			await context.close();
		}
	} finally {
		suite.stop();
		await server.stop();
		await rm(own, { recursive: true, force: true });
	}
}

/** Prints what is added to a file until told to stop; then what is left. */
function follow(file: string): { stop(): void; printed(): boolean } {
	let offset = 0;
	const more = (): void => {
		const text = readFileSync(file);
		if (text.length > offset) process.stdout.write(text.subarray(offset));
		offset = text.length;
	};
	const timer = setInterval(more, 100);
	return {
		stop: () => {
			clearInterval(timer);
			more();
		},
		printed: () => offset > 0,
	};
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

try {
	process.exitCode = await main();
} catch (error) {
	console.error(error);
	process.exitCode = 70;
}
