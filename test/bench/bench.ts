// node test/bench/bench.ts: how long people wait, and how much they install. Prints a table; fails for nothing.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { node24, projectFolder, run } from "../host/processes.ts";
import { startsOfWindow } from "./startup.ts";
import { vaultTimes } from "./vaultTimes.ts";

/** Milliseconds, one per run. */
export type Times = readonly number[];

const median = (times: Times) => times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;

function row(what: string, times: Times): void {
	const format = (ms: number) => `${ms < 1 ? ms.toFixed(3) : ms.toFixed(1)} ms`.padStart(11);
	const middle = format(median(times));
	console.log(`${what.padEnd(62)}${middle}${format(Math.max(...times))}${String(times.length).padStart(6)}`);
}

/** Loads a bundle in a process of its own, with nothing but names in place of VS Code. */
function loadTime(bundle: string): number {
	const script = `
		const Module = require("node:module");
		const load = Module._load;
		const anything = new Proxy(class {}, { get: (_, name) => (name === Symbol.toPrimitive ? () => "" : anything) });
		Module._load = (name, ...rest) => (name === "vscode" ? anything : load(name, ...rest));
		const start = performance.now();
		require(${JSON.stringify(join(projectFolder, "dist", bundle))});
		console.log(performance.now() - start);`;
	return Number(execFileSync(node24(), ["-e", script], { encoding: "utf8" }));
}

await run("npm", ["run", "--silent", "package"], { workingFolder: projectFolder });

console.log(`${"what".padEnd(62)}${"median".padStart(11)}${"longest".padStart(11)}${"runs".padStart(6)}`);
for (const [bundle, when] of [
	["extension.cjs", "at activation"],
	["http.cjs", "with the first request"],
	["xurlStore.cjs", "with the first import from xurl"],
] as const) {
	row(
		`loading ${bundle}, ${when}`,
		Array.from({ length: 20 }, () => loadTime(bundle)),
	);
}
// A window that only waits for a change does not keep its process alive.
const alive = setInterval(() => undefined, 1_000);
const folder = mkdtempSync(join(tmpdir(), "bench-"));
try {
	for (const [what, times] of await vaultTimes(folder)) row(what, times);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
if (process.platform === "linux") for (const [what, times] of await startsOfWindow()) row(what, times);

clearInterval(alive);

const size = (path: string) => `${(statSync(join(projectFolder, path)).size / 1000).toFixed(1)} kB`.padStart(11);
for (const path of ["twitter-tokens.vsix", "dist/extension.cjs", "dist/http.cjs", "dist/xurlStore.cjs"]) {
	console.log(`${`size of ${path}`.padEnd(62)}${size(path)}`);
}
