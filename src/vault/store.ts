import { messageOf } from "../oauth/errors.ts";
import { type FolderWatch, watchFolder } from "./changes.ts";
import { createDraft, type Draft } from "./draft.ts";
import { type Entries, entriesOf, merge, recordsText, sameGenerations, signatureOf } from "./entries.ts";
import { isJournalFile, type VaultFolder } from "./folder.ts";
import type { Journal } from "./journal.ts";
import { createJournalAccess } from "./journalAccess.ts";
import type { Keyring } from "./keyring.ts";
import { type SecretStore, secretKeys, type VaultLog } from "./secretStore.ts";
import type { Waiting } from "./sqlite.ts";

/** How long SecretStorage may take, ms: it can hang on a keyring's prompt, and the journal has it all. */
const secretLimit = 5_000;

/**
 * All entries of this user, kept twice: in the journal, which every window shares and which is never behind, and in SecretStorage,
 * which lags, loses writes and may be rewritten with old values. Whoever reads takes the higher generation and repairs the lower side.
 */
export interface Store {
	/** The newest of everything. @throws StorageError */
	read(): Promise<Entries>;
	/**
	 * One change, seen by all windows or by none. When it returns the journal is durable; SecretStorage follows as far as it can.
	 * @param change must not wait; may run more than once; what it throws undoes the change
	 * @throws StorageError
	 */
	update<T>(change: (draft: Draft) => T): Promise<T>;
	/**
	 * The same for what cannot be had a second time: does not wait for SecretStorage first, and if the journal fails, keeps
	 * the change in memory and in SecretStorage and makes it good later.
	 */
	keep<T>(change: (draft: Draft) => T): Promise<{ readonly result: T; readonly inJournal: boolean }>;
	/** This window holds changes that the journal did not take. */
	isBehind(): boolean;
	/** The entries changed, here or in another window. */
	onDidChange(listener: () => void): { dispose(): void };
	dispose(): void;
}

export interface StoreParts {
	readonly secrets: SecretStore;
	readonly folder: VaultFolder;
	readonly keyring: Keyring;
	readonly log: VaultLog;
	readonly waiting: Waiting;
	/** Entries that count as absent, and are deleted with the next change. */
	readonly isOver: (key: string, value: unknown) => boolean;
	/** For tests: called at each named step. */
	readonly step?: ((name: string) => void) | undefined;
}

export function createStore({ secrets, folder, keyring, log, waiting, isOver, step }: StoreParts): Store {
	const journals = createJournalAccess(folder, waiting, log);
	const listeners = new Set<() => void>();
	/** Changes that the journal refused; each is made good on the newest entries. */
	let held: ((draft: Draft) => unknown)[] = [];
	let lastText: string | undefined;
	let lastSecret: Entries = new Map();
	let lastMerged: Entries = new Map();
	let lastSignature: string | undefined;
	let secretCompared = false;
	let storing: Promise<void> = Promise.resolve();
	let watching: FolderWatch | undefined;

	const seen = (entries: Entries) => {
		lastMerged = entries;
		const signature = signatureOf(entries);
		if (signature === lastSignature) return;
		const first = lastSignature === undefined;
		lastSignature = signature;
		if (!first) for (const listener of [...listeners]) queueMicrotask(listener);
	};

	const readSecret = async () => {
		try {
			const text = await inTime(secrets.get(secretKeys.records));
			if (text !== lastText) lastSecret = entriesOf(text);
			lastText = text;
		} catch (error) {
			log.warn(`SecretStorage could not be read, the journal has to do: ${messageOf(error)}`);
		}
		return lastSecret;
	};

	const storeSecret = (entries: Entries) => {
		const store = async () => {
			try {
				await inTime(secrets.store(secretKeys.records, recordsText(entries)));
			} catch (error) {
				log.warn(`SecretStorage could not be written, the journal has it: ${messageOf(error)}`);
			}
		};
		storing = storing.then(store);
		return storing;
	};

	const withoutOver = (entries: Entries) =>
		new Map([...entries].filter(([key, entry]) => entry.value === null || !isOver(key, entry.value)));

	const makeGood = (draft: Draft) => {
		for (const change of held) {
			try {
				change(draft);
			} catch (error) {
				log.warn(`A change that was kept in memory does not apply any more: ${messageOf(error)}`);
			}
		}
	};

	const commit = <T>(journal: Journal, secret: Entries, change: (draft: Draft) => T) => {
		const outcome = journal.transact(({ entries, unreadable }) => {
			// What this process has seen is a third side: it is still there when the file is not.
			const draft = createDraft(withoutOver(merge(entries, secret, lastMerged)), unreadable);
			makeGood(draft);
			const result = change(draft);
			const stored = (key: string) => entries.get(key)?.generation ?? unreadable.get(key) ?? 0;
			const put = new Map([...draft.entries].filter(([key, entry]) => entry.generation > stored(key)));
			const forget = [...entries.keys()].filter((key) => !draft.entries.has(key));
			return { change: { put, forget }, result: { result, entries: draft.entries } };
		});
		held = [];
		return outcome;
	};

	const follow = async (secret: Entries, entries: Entries) => {
		step?.("journalCommitted");
		seen(entries);
		if (!sameGenerations(secret, entries)) await storeSecret(entries);
		step?.("secretStored");
	};

	const updateOver = async <T>(readOther: () => Promise<Entries>, change: (draft: Draft) => T) => {
		const key = await keyring.findOrMake();
		const secret = await readOther();
		const { result, entries } = await journals.use(key, (journal) => commit(journal, secret, change));
		await follow(secret, entries);
		return result;
	};

	const update = <T>(change: (draft: Draft) => T) => updateOver(readSecret, change);

	const keepInMemory = async <T>(change: (draft: Draft) => T) => {
		const draft = createDraft(merge(lastMerged, lastSecret));
		makeGood(draft);
		const result = change(draft);
		held.push(change);
		await storeSecret(draft.entries);
		try {
			await update(() => undefined);
		} catch (error) {
			log.warn(`Kept in memory and in SecretStorage until the journal can be written: ${messageOf(error)}`);
			seen(draft.entries);
		}
		return result;
	};

	const read = async () => {
		const key = await keyring.find();
		const secret = await readSecret();
		if (!key) {
			// Nothing was ever sealed here.
			const entries = withoutOver(secret);
			seen(entries);
			return entries;
		}
		const { entries, unreadable } = await journals.use(key, (journal) => journal.read());
		const draft = createDraft(withoutOver(merge(entries, secret, lastMerged)), unreadable);
		makeGood(draft);
		const stored = (name: string) => entries.get(name)?.generation ?? unreadable.get(name) ?? 0;
		const journalBehind = [...draft.entries].some(([name, entry]) => entry.generation > stored(name));
		if (journalBehind) await update(() => undefined).catch(() => seen(draft.entries));
		else seen(draft.entries);
		// Once only: in a browser-hosted workbench every write puts back what this window remembers of other extensions' secrets.
		if (!journalBehind && !secretCompared && !sameGenerations(secret, draft.entries)) void storeSecret(draft.entries);
		secretCompared = true;
		return draft.entries;
	};

	const look = async () => {
		try {
			const before = lastSignature;
			await read();
			if (before === undefined) for (const listener of [...listeners]) listener();
		} catch (error) {
			lastSignature = undefined;
			throw error;
		}
	};

	const secretEvents = secrets.onDidChange(({ key }) => {
		if (key === secretKeys.sealingKey) void keyring.refresh().then(watching?.nudge, () => undefined);
		if (key === secretKeys.records) watching?.nudge();
	});

	const startWatching = () => {
		try {
			folder.make();
		} catch (error) {
			log.warn(messageOf(error));
		}
		return watchFolder(folder.path, isJournalFile, look, log);
	};

	return {
		read,
		update,
		async keep(change) {
			try {
				return { result: await updateOver(async () => lastSecret, change), inJournal: true };
			} catch (error) {
				log.warn(`The journal could not be written: ${messageOf(error)}`);
				return { result: await keepInMemory(change), inJournal: false };
			}
		},
		isBehind: () => held.length > 0,
		onDidChange(listener) {
			const own = () => {
				if (listeners.has(own)) listener();
			};
			listeners.add(own);
			watching ??= startWatching();
			return { dispose: () => void listeners.delete(own) };
		},
		dispose() {
			listeners.clear();
			secretEvents.dispose();
			watching?.dispose();
			journals.close();
		},
	};
}

/** @throws after `secretLimit` */
async function inTime<T>(promise: PromiseLike<T>): Promise<T> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`no answer within ${secretLimit / 1000} s`)), secretLimit);
		timer.unref();
	});
	try {
		return await Promise.race([promise, late]);
	} finally {
		clearTimeout(timer);
	}
}
