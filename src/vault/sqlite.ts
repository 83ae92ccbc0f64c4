import { closeSync, openSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { TwitterTokensError } from "../oauth/errors.ts";
import { StorageError } from "./storageError.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const busyCode = 5;
const corruptCodes: readonly number[] = [11, 26];

/**
 * Opens a database that other processes use at the same time. Their locks are the operating system's:
 * they end with the process that held them, without a clock. Nothing else of this process may open and close the file,
 * or POSIX drops its locks (sqlite.org/howtocorrupt.html, section 2.2).
 *
 * @throws StorageError `noSqlite`; SQLite's own errors
 */
export function openDatabase(file: string): DatabaseSync {
	// Not an import: the bundle must load where the module is missing, and say so only when it is needed.
	const sqlite = process.getBuiltinModule("node:sqlite");
	if (!sqlite) {
		throw new StorageError(
			"noSqlite",
			"This editor is too old to keep tokens safely: its Node has no SQLite. Update the editor.",
		);
	}
	createPrivately(file);
	return new sqlite.DatabaseSync(file);
}

/** SQLite would create it readable for everybody. Fails, without opening it, where the file exists. */
function createPrivately(file: string): void {
	try {
		closeSync(openSync(file, "wx", 0o600));
	} catch (error) {
		if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
	}
}

export const isBusy = (error: unknown): boolean => primaryCode(error) === busyCode;

/** The file is not a database, or a damaged one. */
export const isCorrupt = (error: unknown): boolean => corruptCodes.includes(primaryCode(error) ?? 0);

function primaryCode(error: unknown): number | undefined {
	const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
	return typeof code === "number" ? code & 0xff : undefined;
}

export interface Waiting {
	readonly limitMs: number;
	/** [0, 1) */
	readonly random: () => number;
	readonly signal?: AbortSignal | undefined;
	/** The error when the limit has passed. */
	readonly tooLong: () => Error;
}

/**
 * Repeats `work` while SQLite says "busy", without blocking the thread in between.
 * Waits 5 to 25 ms at first, longer as time goes by; jittered, so that windows do not keep meeting.
 */
export async function whenFree<T>(work: () => T, waiting: Waiting): Promise<T> {
	const start = performance.now();
	for (;;) {
		if (waiting.signal?.aborted) throw new TwitterTokensError("Cancelled", "Cancelled.");
		try {
			return work();
		} catch (error) {
			if (!isBusy(error)) throw error;
		}
		const waited = performance.now() - start;
		if (waited > waiting.limitMs) throw waiting.tooLong();
		const longest = Math.min(25 + waited / 10, 250);
		await wait(5 + waiting.random() * (longest - 5), undefined, { ref: true });
	}
}
