import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as v from "valibot";
import { messageOf } from "../oauth/errors.ts";
import { TokenSet } from "../oauth/tokens.ts";
import type { VaultFolder } from "./folder.ts";
import { type SealingKey, seal, unseal } from "./sealing.ts";
import type { VaultLog } from "./secretStore.ts";
import { StorageError } from "./storageError.ts";

/** X's answer to the renewal of an account, and the refresh token that it was given for. */
export const Receipt = v.object({ sent: v.string(), tokens: TokenSet });
export type Receipt = v.InferOutput<typeof Receipt>;

/**
 * Answers of X that have arrived and are not in the journal yet, each sealed in a file of its own. The journal's commit
 * waits for its lock and for the disk; this is one write, which the operating system completes even if its process is
 * killed right after. Only whoever holds the account's renewal lock writes, reads or removes one.
 */
export interface Receipts {
	/** Returns when a death of this process can do no harm any more. Says in the log where it could not be written. */
	write(id: string, receipt: Receipt): void;
	/** Without a lock: there is one, or there was a moment ago. */
	exist(id: string): boolean;
	/** `undefined` where there is none, or one that was cut off while it was written. @throws StorageError */
	read(id: string): Receipt | undefined;
	remove(id: string): void;
}

/** @param key the sealing key, as far as this process has met it: before any renewal it has */
export function createReceipts(folder: VaultFolder, key: () => SealingKey | undefined, log: VaultLog): Receipts {
	const name = (id: string) => `receipt/${id}`;
	return {
		write(id, receipt) {
			try {
				const known = key();
				if (!known) throw new Error("no sealing key yet");
				writeFileSync(folder.receipt(id), seal(known, name(id), 1, JSON.stringify(receipt)), { mode: 0o600 });
			} catch (error) {
				log.warn(`X's answer could not be written beside the journal: ${messageOf(error)}`);
			}
		},
		exist: (id) => existsSync(folder.receipt(id)),
		read(id) {
			if (!existsSync(folder.receipt(id))) return undefined;
			const known = key();
			// Not "there is none": whoever is told so removes it.
			if (!known) throw new StorageError("failed", "An answer of X is kept on disk, and its key has not been met yet.");
			const text = unseal(known, name(id), 1, contentOf(folder.receipt(id)));
			const receipt = text === undefined ? undefined : v.safeParse(Receipt, JSON.parse(text));
			return receipt?.success ? receipt.output : undefined;
		},
		remove(id) {
			try {
				rmSync(folder.receipt(id), { force: true });
			} catch (error) {
				// It is worth nothing once the journal has moved on, and overwritten by the next.
				log.warn(`A stored answer of X could not be cleared away: ${messageOf(error)}`);
			}
		},
	};
}

function contentOf(file: string): Uint8Array {
	try {
		return readFileSync(file);
	} catch (error) {
		throw new StorageError("failed", `An answer of X that is kept on disk cannot be read: ${messageOf(error)}`, {
			cause: error,
		});
	}
}
