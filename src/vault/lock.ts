import { rmSync } from "node:fs";
import { isCorrupt, openDatabase, type Waiting, whenFree } from "./sqlite.ts";

export interface Lock {
	release(): void;
	/**
	 * Releases and deletes the file. Only where every later holder finds, on reading again, that there is nothing to do:
	 * for a moment two of them may each hold a lock, on the deleted file and on its successor.
	 */
	releaseForGood(): void;
}

/**
 * One holder at a time over all processes. The lock is an open exclusive transaction: it ends with its owner's process,
 * survives the owner's sleep, and needs no heartbeat.
 *
 * @throws what `waiting.tooLong` gives; TwitterTokensError `Cancelled`; SQLite's own errors
 */
export async function acquireLock(file: string, waiting: Waiting): Promise<Lock> {
	let database = open(file);
	try {
		await whenFree(() => {
			try {
				database.exec("BEGIN EXCLUSIVE");
			} catch (error) {
				if (!isCorrupt(error)) throw error;
				// A lock file holds nothing, and nobody can hold a lock on a file that SQLite does not take.
				database.close();
				rmSync(file, { force: true });
				database = open(file);
				database.exec("BEGIN EXCLUSIVE");
			}
		}, waiting);
	} catch (error) {
		database.close();
		throw error;
	}
	let held = true;
	const release = () => {
		if (!held) return;
		held = false;
		database.close();
	};
	return {
		release,
		releaseForGood() {
			release();
			try {
				rmSync(file, { force: true });
			} catch {
				// Windows: somebody else has it open. An empty file stays behind.
			}
		},
	};
}

function open(file: string) {
	return openDatabase(file);
}
