import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** What a layer of tests came to. */
export interface Counts {
	readonly passed: number;
	readonly failed: number;
	readonly skipped: number;
}

/** Names the file the reporter writes its counts to; without it the reporter only prints. */
export const resultVariable = "TWITTER_TOKENS_RESULT";

/** Set where the package was built just before: a layer then builds nothing under the other's feet. */
export const packagedVariable = "TWITTER_TOKENS_PACKAGED";

const folder = resolve(import.meta.dirname, "../out/results");

export function resultFile(layer: string): string {
	return join(folder, `${layer}.json`);
}

/** Removes what an earlier run left: a layer that writes nothing must not pass on old numbers. */
export function forgetResult(file: string): void {
	rmSync(file, { force: true });
}

export function writeResult(file: string, counts: Counts): void {
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, `${JSON.stringify(counts)}\n`);
}

/** The counts in such a file, or `undefined` if there are none or none that make sense. */
export function readResult(file: string): Counts | undefined {
	let value: unknown;
	try {
		value = JSON.parse(readFileSync(file, "utf8"));
	} catch {
		return undefined;
	}
	if (typeof value !== "object" || value === null) return undefined;
	const { passed, failed, skipped } = value as Record<string, unknown>;
	if (!isCount(passed) || !isCount(failed) || !isCount(skipped)) return undefined;
	return { passed, failed, skipped };
}

function isCount(value: unknown): value is number {
	return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
