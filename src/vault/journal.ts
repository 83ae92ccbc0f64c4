import { renameSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { type Entries, type Entry, merge } from "./entries.ts";
import { type SealingKey, seal, unseal } from "./sealing.ts";
import { openDatabase } from "./sqlite.ts";
import { StorageError } from "./storageError.ts";

/** Version of the table below (`PRAGMA user_version`). */
const format = 1;

export interface JournalContent {
	readonly entries: Entries;
	/** Generation of each row that this key does not open: left alone until something newer is written. */
	readonly unreadable: ReadonlyMap<string, number>;
}

/** What a transaction leaves behind. */
export interface JournalChange {
	/** Rows are only ever replaced by a higher generation. */
	readonly put: Entries;
	readonly forget: readonly string[];
}

/**
 * The sealed copy on disk that every window of this user shares. SQLite makes a change atomic and, with `synchronous=EXTRA`,
 * durable when `transact` returns. Nothing here waits: whoever finds the file locked gets SQLite's "busy" at once.
 */
export interface Journal {
	read(): JournalContent;
	/** Reads, lets `change` decide, and commits, in one exclusive transaction. */
	transact<T>(change: (content: JournalContent) => { change: JournalChange; result: T }): T;
	/** False once the file at this path is another one than was opened: moved aside, deleted, restored. */
	isCurrent(): boolean;
	close(): void;
}

/** @throws SQLite's own errors; StorageError */
export function openJournal(file: string, key: SealingKey): Journal {
	const database = openDatabase(file);
	try {
		const identity = identityOf(file);
		prepare(database);
		const select = database.prepare("SELECT key, generation, sealed FROM entries");
		const put = database.prepare(
			"INSERT INTO entries (key, generation, sealed) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET generation = excluded.generation, sealed = excluded.sealed WHERE excluded.generation > generation",
		);
		const forget = database.prepare("DELETE FROM entries WHERE key = ?");
		const dataVersion = database.prepare("PRAGMA data_version");
		let known: { version: unknown; content: JournalContent } | undefined;
		const read = () => {
			// Changes with every commit of another connection: nobody has to read and open everything each time.
			const version = dataVersion.get()?.data_version;
			if (known && known.version === version) return known.content;
			known = { version, content: contentOf(select.all(), key) };
			return known.content;
		};
		return {
			read,
			transact(change) {
				// Exclusive from the start: only BEGIN can find the file busy, never COMMIT.
				database.exec("BEGIN EXCLUSIVE");
				try {
					const before = read();
					const { change: changes, result } = change(before);
					for (const [name, entry] of changes.put) {
						put.run(name, entry.generation, seal(key, name, entry.generation, JSON.stringify(entry.value)));
					}
					for (const name of changes.forget) forget.run(name);
					database.exec("COMMIT");
					if (known) known = { version: known.version, content: contentAfter(before, changes) };
					return result;
				} catch (error) {
					if (database.isTransaction) database.exec("ROLLBACK");
					throw error;
				}
			},
			isCurrent: () => identityOf(file) === identity,
			close: () => database.close(),
		};
	} catch (error) {
		database.close();
		throw error;
	}
}

function prepare(database: DatabaseSync): void {
	database.exec("PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON");
	const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
	if (version === format) return;
	if (version > format) {
		throw new StorageError(
			"newerFormat",
			"The tokens were stored by a newer version of Twitter Tokens. Update the extension in this window.",
		);
	}
	database.exec(`BEGIN EXCLUSIVE;
		CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, generation INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
		PRAGMA user_version = ${format};
		COMMIT`);
}

function contentAfter({ entries, unreadable }: JournalContent, { put, forget }: JournalChange): JournalContent {
	const forgotten = new Set(forget);
	const kept = [...merge(entries, put)].filter(([name]) => !forgotten.has(name));
	return { entries: new Map(kept), unreadable: new Map([...unreadable].filter(([name]) => !put.has(name))) };
}

function contentOf(rows: readonly Record<string, unknown>[], key: SealingKey): JournalContent {
	const entries = new Map<string, Entry>();
	const unreadable = new Map<string, number>();
	for (const { key: name, generation, sealed } of rows) {
		if (typeof name !== "string" || typeof generation !== "number" || !(sealed instanceof Uint8Array)) continue;
		const text = unseal(key, name, generation, sealed);
		if (text === undefined) unreadable.set(name, generation);
		else entries.set(name, { generation, value: JSON.parse(text) });
	}
	return { entries, unreadable };
}

function identityOf(file: string): string | undefined {
	const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
	return stats && `${stats.dev}:${stats.ino}`;
}

/** Out of the way, not away: the file may still be worth a rescue by hand. @param suffix for both files */
export function moveAside(file: string, suffix: string): void {
	// The rollback journal first: SQLite would play it back into the file's successor.
	for (const part of ["-journal", ""]) {
		if (statSync(file + part, { throwIfNoEntry: false })) renameSync(file + part, `${file}${suffix}${part}`);
	}
}
