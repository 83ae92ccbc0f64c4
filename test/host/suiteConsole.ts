import { appendFileSync } from "node:fs";
import { format } from "node:util";

/*
 * To be imported first by what runs in the extension host: sends the console to the file that runner.ts prints. A
 * desktop VS Code passes the console on by itself.
 */

const file = process.env.TWITTER_TOKENS_CONSOLE;
if (file) {
	const write = (...args: unknown[]): void => appendFileSync(file, `${format(...args)}\n`);
	for (const method of ["log", "info", "warn", "error", "debug"]) {
		// VS Code has put accessors there that ignore an assignment.
		Object.defineProperty(console, method, { value: write, configurable: true, writable: true });
	}
}
