import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import type { VaultFolder } from "./folder.ts";
import { type Journal, moveAside, openJournal } from "./journal.ts";
import { acquireLock } from "./lock.ts";
import type { SealingKey } from "./sealing.ts";
import type { VaultLog } from "./secretStore.ts";
import { isCorrupt, type Waiting, whenFree } from "./sqlite.ts";
import { StorageError } from "./storageError.ts";

/** Keeps the journal of a key open, waits where other windows hold it, and replaces a damaged file. */
export interface JournalAccess {
	/** @throws StorageError; what `work` throws */
	use<T>(key: SealingKey, work: (journal: Journal) => T): Promise<T>;
	close(): void;
}

export function createJournalAccess(folder: VaultFolder, waiting: Waiting, log: VaultLog): JournalAccess {
	let opened: { fingerprint: string; journal: Journal } | undefined;

	const close = () => {
		const journal = opened?.journal;
		opened = undefined;
		journal?.close();
	};
	const now = ({ fingerprint, bytes }: SealingKey) => {
		if (opened?.fingerprint === fingerprint && opened.journal.isCurrent()) return opened.journal;
		close();
		folder.make();
		opened = { fingerprint, journal: openJournal(folder.journal(fingerprint), { fingerprint, bytes }) };
		return opened.journal;
	};

	/** Alone, and only if it is still damaged then: another window may have replaced it meanwhile. */
	const replaceDamaged = async (key: SealingKey) => {
		close();
		const lock = await acquireLock(folder.setUpLock, waiting);
		try {
			await whenFree(() => now(key).read(), waiting);
		} catch (error) {
			if (!isCorrupt(error)) throw error;
			close();
			const suffix = `.damaged-${Date.now()}`;
			moveAside(folder.journal(key.fingerprint), suffix);
			log.warn(`The journal was damaged; it now ends in ${suffix} and is made again from SecretStorage.`);
		} finally {
			lock.release();
		}
	};

	return {
		close,
		async use(key, work) {
			const once = () => whenFree(() => work(now(key)), waiting);
			try {
				try {
					return await once();
				} catch (error) {
					if (!isCorrupt(error)) throw error;
					await replaceDamaged(key);
					return await once();
				}
			} catch (error) {
				throw storageErrorFrom(error);
			}
		},
	};
}

/** Errors of the file system and of SQLite carry a `code`; anything else is the caller's own. */
function storageErrorFrom(error: unknown): unknown {
	if (error instanceof TwitterTokensError || !(error instanceof Error && "code" in error)) return error;
	return new StorageError("failed", `The stored tokens cannot be used: ${messageOf(error)}`, { cause: error });
}
