import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../oauth/errors.ts";
import { StorageError } from "./storageError.ts";

/** The folder that all windows and profiles of this user share, and the names of the files in it. */
export interface VaultFolder {
	readonly path: string;
	/** @throws StorageError `failed` */
	make(): void;
	journal(fingerprint: string): string;
	hasJournals(): boolean;
	/** Held while a sealing key or a journal is made or moved aside. */
	readonly setUpLock: string;
	renewalLock(id: string): string;
	/** Of an account; see `receipts.ts`. */
	receipt(id: string): string;
}

const journalName = /^vault-[0-9a-f]{16}\.sqlite$/;

export const isJournalFile = (name: string): boolean => name.startsWith("vault-");

export function vaultFolder(path: string): VaultFolder {
	return {
		path,
		setUpLock: join(path, "setUp.lock.sqlite"),
		journal: (fingerprint) => join(path, `vault-${fingerprint}.sqlite`),
		renewalLock: (id) => join(path, `renewal-${id}.lock.sqlite`),
		receipt: (id) => join(path, `receipt-${id}`),
		make() {
			try {
				// The mode counts for a new folder only; an old one may have been made by an editor with a wider one.
				mkdirSync(path, { recursive: true, mode: 0o700 });
				chmodSync(path, 0o700);
			} catch (error) {
				throw new StorageError("failed", `The folder for the tokens cannot be used: ${messageOf(error)}`, {
					cause: error,
				});
			}
		},
		hasJournals() {
			try {
				return readdirSync(path).some((name) => journalName.test(name));
			} catch {
				return false;
			}
		},
	};
}
