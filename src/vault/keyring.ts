import { setTimeout as wait } from "node:timers/promises";
import { messageOf } from "../oauth/errors.ts";
import type { VaultFolder } from "./folder.ts";
import { openJournal } from "./journal.ts";
import { acquireLock } from "./lock.ts";
import { parseSealingKey, type SealingKey, sealingKeyFrom, sealingKeyText } from "./sealing.ts";
import { type SecretStore, secretKeys, type VaultLog } from "./secretStore.ts";
import type { Waiting } from "./sqlite.ts";
import { StorageError } from "./storageError.ts";

/** How long a key that another window has just made may take to be seen here, ms. Desktop VS Code needs about 100. */
const propagation = 3_000;

/**
 * The sealing key of this installation: read from SecretStorage, made once. A journal without a visible key means that
 * the key is on its way, or lost with the keyring; a second key made then would cut windows off from each other's tokens.
 */
export interface Keyring {
	/** The key, if this process has met it. */
	known(): SealingKey | undefined;
	/** @throws StorageError `keyNotVisible` */
	find(): Promise<SealingKey | undefined>;
	/** Finds the key, or makes the first one. @throws StorageError */
	findOrMake(): Promise<SealingKey>;
	/** Makes a key although there are journals under another one, which stay where they are. @returns false where a visible key was kept */
	makeAnew(): Promise<boolean>;
	/** The secret has changed: look again. A key that vanished stays in use here as long as this process lives. */
	refresh(): Promise<void>;
}

export interface KeyringParts {
	readonly secrets: SecretStore;
	readonly folder: VaultFolder;
	readonly log: VaultLog;
	readonly waiting: Waiting;
	readonly randomBytes: (size: number) => Buffer;
	/** For tests: how long to wait for a key, ms. */
	readonly propagationMs?: number | undefined;
}

export function createKeyring({ secrets, folder, log, waiting, randomBytes, propagationMs }: KeyringParts): Keyring {
	const patience = propagationMs ?? propagation;
	let current: SealingKey | undefined;
	let missedSince: number | undefined;

	const visible = async () => {
		current = parseSealingKey(await secretOf(secrets)) ?? current;
		return current;
	};

	/** Waits for a key that must exist. Once it has been missed for long enough, later calls do not wait again. */
	const awaited = async () => {
		missedSince ??= performance.now();
		for (;;) {
			const key = await visible();
			if (key) {
				missedSince = undefined;
				return key;
			}
			if (performance.now() - missedSince > patience) throw notVisible();
			await wait(50);
		}
	};

	const find = async () => current ?? (await visible()) ?? (folder.hasJournals() ? await awaited() : undefined);

	const make = async (evenBesideJournals: boolean) => {
		folder.make();
		const lock = await acquireLock(folder.setUpLock, waiting);
		try {
			const found = await visible();
			if (found) return found;
			if (folder.hasJournals() && !evenBesideJournals) return await awaited();
			const key = sealingKeyFrom(randomBytes(32));
			await storeSecret(secrets, sealingKeyText(key));
			// Secret first: dying in between leaves no journal that nobody can open. The journal tells everybody else to wait.
			openJournal(folder.journal(key.fingerprint), key).close();
			log.info(`Made the journal vault-${key.fingerprint}.`);
			missedSince = undefined;
			current = key;
			return key;
		} finally {
			lock.release();
		}
	};

	return {
		known: () => current,
		find,
		findOrMake: async () => (await find()) ?? (await make(false)),
		async makeAnew() {
			if (await visible()) return false;
			await make(true);
			return true;
		},
		async refresh() {
			await visible();
		},
	};
}

async function secretOf(secrets: SecretStore): Promise<string | undefined> {
	try {
		return await secrets.get(secretKeys.sealingKey);
	} catch (error) {
		throw new StorageError("failed", `The editor does not give out its secrets: ${messageOf(error)}`, { cause: error });
	}
}

async function storeSecret(secrets: SecretStore, text: string): Promise<void> {
	try {
		await secrets.store(secretKeys.sealingKey, text);
	} catch (error) {
		throw new StorageError("failed", `The editor does not keep secrets: ${messageOf(error)}`, { cause: error });
	}
}

function notVisible(): StorageError {
	return new StorageError(
		"keyNotVisible",
		"Tokens are stored on this computer, but this window does not see the key that opens them. Reload the window. " +
			"If that does not help, the keyring of this system is missing or has changed: then start afresh and sign in again.",
	);
}
