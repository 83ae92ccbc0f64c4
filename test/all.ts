import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { node24, projectFolder } from "./host/processes.ts";
import { type Counts, forgetResult, packagedVariable, readResult, resultFile, resultVariable } from "./results.ts";

/*
 * `npm test`: everything, in the order in which failing is cheapest. Every layer runs even if an earlier one failed.
 * The two that wait for windows most of the time run side by side, on one package that is built before.
 * The last line is for machines: the sum of what passed, failed and was skipped.
 */

interface Layer {
	readonly name: string;
	readonly command: readonly string[];
	/** A check says yes or no and counts nothing; a suite writes its counts. */
	readonly kind: "check" | "suite";
}

const resolve = createRequire(import.meta.url).resolve;
const bin = (name: string, path: string): string => join(dirname(resolve(`${name}/package.json`)), path);

const layers: readonly Layer[] = [
	{ name: "lint", kind: "check", command: [bin("@biomejs/biome", "bin/biome"), "check", "."] },
	{ name: "types", kind: "check", command: [bin("typescript", "bin/tsc")] },
	{
		name: "unit",
		kind: "suite",
		command: [
			bin("mocha", "bin/mocha.js"),
			"--reporter",
			join(projectFolder, "test/reporter.ts"),
			"test/unit/**/*.test.ts",
		],
	},
	{ name: "package", kind: "check", command: ["test/package.ts"] },
];

const inWindows: readonly Layer[] = [
	{ name: "integration", kind: "suite", command: ["test/integration/run.ts"] },
	{ name: "endToEnd", kind: "suite", command: ["test/endToEnd/run.ts"] },
];

/** A layer that hangs fails; nobody may be watching. */
const limit = 40 * 60_000;

const none: Counts = { passed: 0, failed: 0, skipped: 0 };

interface Outcome extends Counts {
	readonly note: string;
	readonly seconds: number;
}

function headline({ name }: Layer): void {
	console.log(`\n── ${name} ${"─".repeat(Math.max(0, 100 - name.length))}`);
}

/** @param aside its output is held back until it has ended, so that it does not mix with another layer's */
async function runLayer(layer: Layer, { aside = false, packaged = false } = {}): Promise<Outcome> {
	const file = resultFile(layer.name);
	forgetResult(file);
	if (!aside) headline(layer);
	const begun = performance.now();
	const held: Buffer[] = [];
	const ended = await new Promise<string>((done) => {
		const child = spawn(node24(), layer.command, {
			cwd: projectFolder,
			stdio: aside ? ["inherit", "pipe", "pipe"] : "inherit",
			timeout: limit,
			env: { ...process.env, [resultVariable]: file, ...(packaged ? { [packagedVariable]: "1" } : {}) },
		});
		for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => held.push(chunk));
		child.once("error", (error) => done(error.message));
		child.once("close", (code, signal) => done(code === 0 ? "" : `exit ${code ?? signal}`));
	});
	if (aside) {
		headline(layer);
		process.stdout.write(Buffer.concat(held));
	}
	const seconds = (performance.now() - begun) / 1_000;
	if (layer.kind === "check") {
		return ended === "" ? { ...none, note: "ok", seconds } : { ...none, failed: 1, note: ended, seconds };
	}

	const counts = readResult(file);
	if (counts === undefined) {
		return { ...none, failed: 1, note: `no result (${ended === "" ? "exit 0" : ended})`, seconds };
	}
	// Counts that say "all well" and an exit code that says otherwise: something failed that no test stands for.
	if (ended !== "" && counts.failed === 0) return { ...counts, failed: 1, note: ended, seconds };
	if (counts.passed + counts.failed + counts.skipped === 0) return { ...none, failed: 1, note: "ran no test", seconds };
	return { ...counts, note: "", seconds };
}

const outcomes: (readonly [string, Outcome])[] = [];
for (const layer of layers) outcomes.push([layer.name, await runLayer(layer)]);
const windows = inWindows.map(async (layer, index): Promise<readonly [string, Outcome]> => {
	return [layer.name, await runLayer(layer, { aside: index > 0, packaged: true })];
});
outcomes.push(...(await Promise.all(windows)));

const sum = (key: keyof Counts): number => outcomes.reduce((total, [, outcome]) => total + outcome[key], 0);

const row = (cells: readonly (string | number)[], note = ""): string =>
	cells.map((cell, index) => (index === 0 ? String(cell).padEnd(12) : String(cell).padStart(9))).join("") +
	(note === "" ? "" : `   ${note}`);

console.log(`\n${row(["", "passed", "failed", "skipped", "seconds"])}`);
for (const [name, { passed, failed, skipped, seconds, note }] of outcomes) {
	console.log(row([name, passed, failed, skipped, seconds.toFixed(1)], note));
}
console.log("");

process.exitCode = sum("failed") === 0 ? 0 : 1;
console.log(`${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
