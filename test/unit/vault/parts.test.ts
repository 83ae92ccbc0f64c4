import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDraft } from "../../../src/vault/draft.ts";
import { entriesOf, merge, recordsText, sameGenerations, signatureOf } from "../../../src/vault/entries.ts";
import { openJournal } from "../../../src/vault/journal.ts";
import { acquireLock } from "../../../src/vault/lock.ts";
import { parseSealingKey, seal, sealingKeyFrom, sealingKeyText, unseal } from "../../../src/vault/sealing.ts";
import { isBusy, whenFree } from "../../../src/vault/sqlite.ts";
import { required } from "./fixtures.ts";

const key = sealingKeyFrom(Buffer.alloc(32, 7));
const other = sealingKeyFrom(Buffer.alloc(32, 8));

describe("vault: sealing", () => {
	it("opens what it sealed, and only under the same key, name and generation", () => {
		const sealed = seal(key, "account/1", 3, "a secret");
		assert.equal(unseal(key, "account/1", 3, sealed), "a secret");
		assert.equal(unseal(other, "account/1", 3, sealed), undefined);
		assert.equal(unseal(key, "account/2", 3, sealed), undefined);
		assert.equal(unseal(key, "account/1", 4, sealed), undefined);
	});

	it("notices every changed byte and every cut", () => {
		const sealed = seal(key, "n", 1, "text");
		for (let n = 0; n < sealed.length; n++) {
			const changed = Uint8Array.from(sealed);
			changed[n] = required(changed[n]) ^ 1;
			assert.equal(unseal(key, "n", 1, changed), undefined);
			assert.equal(unseal(key, "n", 1, sealed.subarray(0, n)), undefined);
		}
	});

	it("never seals the same way twice", () => {
		assert.notDeepEqual(seal(key, "n", 1, "text"), seal(key, "n", 1, "text"));
	});

	it("reads a key from its text and nothing else", () => {
		assert.deepEqual(parseSealingKey(sealingKeyText(key)), key);
		for (const text of [undefined, "", "short", `${sealingKeyText(key)}=`])
			assert.equal(parseSealingKey(text), undefined);
		assert.notEqual(key.fingerprint, other.fingerprint);
	});
});

describe("vault: entries", () => {
	const entry = (generation: number, value: unknown) => ({ generation, value });

	it("takes the higher generation per key, on a tie the first side", () => {
		const merged = merge(
			new Map([
				["a", entry(2, "journal")],
				["b", entry(1, "journal")],
				["c", entry(3, null)],
			]),
			new Map([
				["a", entry(2, "secret")],
				["b", entry(4, "secret")],
				["c", entry(1, "secret")],
				["d", entry(1, "d")],
			]),
		);
		assert.deepEqual(
			[...merged].map(([name, { value }]) => [name, value]),
			[
				["a", "journal"],
				["b", "secret"],
				["c", null],
				["d", "d"],
			],
		);
	});

	it("survives its text, and reads damaged text as nothing", () => {
		const entries = new Map([
			["b", entry(2, null)],
			["a", entry(1, { x: 1 })],
		]);
		assert.deepEqual(entriesOf(recordsText(entries)), new Map([...entries].reverse()));
		assert.equal(recordsText(entries), recordsText(new Map([...entries].reverse())));
		for (const text of [undefined, "", "{", "[]", '{"version":2,"entries":{}}']) assert.equal(entriesOf(text).size, 0);
		const damaged = '{"version":1,"entries":{"a":{"generation":0,"value":1},"b":7,"c":{"generation":1,"value":1}}}';
		assert.deepEqual([...entriesOf(damaged).keys()], ["c"]);
	});

	it("compares states by generations", () => {
		const one = new Map([["a", entry(1, 1)]]);
		assert.ok(sameGenerations(one, new Map(one)));
		assert.ok(!sameGenerations(one, new Map([["a", entry(2, 1)]])));
		assert.ok(!sameGenerations(new Map(), one));
		assert.ok(!sameGenerations(one, new Map()));
		assert.notEqual(signatureOf(one), signatureOf(new Map([["a", entry(2, 1)]])));
	});

	it("a draft counts one generation per change, above what it cannot read", () => {
		const draft = createDraft(new Map([["a", entry(4, 1)]]), new Map([["b", 9]]));
		draft.set("a", 2);
		draft.set("a", null);
		draft.set("b", 1);
		draft.set("c", 1);
		assert.equal(draft.get("a"), undefined);
		assert.deepEqual(
			[...draft.entries.values()].map(({ generation }) => generation),
			[5, 10, 1],
		);
	});
});

describe("vault: files shared by processes", () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "vault-"));
	});
	afterEach(() => rmSync(folder, { recursive: true, force: true }));
	const waiting = (limitMs: number, signal?: AbortSignal) => ({
		limitMs,
		random: Math.random,
		signal,
		tooLong: () => new Error("too long"),
	});

	/** Another process that runs `code` with a lock on `file`. It says `held` and ends with its input. */
	const holder = async (file: string) => {
		const child = spawn(
			process.execPath,
			[
				"--no-warnings",
				"-e",
				`const d = new (require("node:sqlite").DatabaseSync)(${JSON.stringify(file)}); d.exec("BEGIN EXCLUSIVE"); console.log("held"); setInterval(() => {}, 1000)`,
			],
			{ stdio: ["ignore", "pipe", "inherit"] },
		);
		await once(child.stdout, "data");
		return child;
	};

	it("a lock has one holder, also between connections of one process", async () => {
		const file = join(folder, "a.lock.sqlite");
		const lock = await acquireLock(file, waiting(0));
		await assert.rejects(acquireLock(file, waiting(30)), /too long/);
		lock.release();
		lock.release();
		(await acquireLock(file, waiting(0))).releaseForGood();
	});

	it("a lock ends with its owner's process, however it ends", async () => {
		const file = join(folder, "a.lock.sqlite");
		const child = await holder(file);
		await assert.rejects(acquireLock(file, waiting(30)), /too long/);
		const next = acquireLock(file, waiting(5000));
		child.kill("SIGKILL");
		(await next).release();
	});

	it("waiting for a lock can be given up", async () => {
		const file = join(folder, "a.lock.sqlite");
		const lock = await acquireLock(file, waiting(0));
		const abort = new AbortController();
		const second = acquireLock(file, waiting(60_000, abort.signal));
		abort.abort();
		await assert.rejects(second, { code: "Cancelled" });
		lock.release();
	});

	it("a damaged lock file locks all the same", async () => {
		const file = join(folder, "a.lock.sqlite");
		writeFileSync(file, "no database at all ".repeat(100));
		const lock = await acquireLock(file, waiting(0));
		await assert.rejects(acquireLock(file, waiting(30)), /too long/);
		lock.release();
	});

	it("the journal commits all or nothing, never goes back a generation, and says busy at once", async () => {
		const file = join(folder, "vault.sqlite");
		const journal = openJournal(file, key);
		const put = (entries: [string, number, unknown][], more?: () => void) =>
			journal.transact(() => {
				more?.();
				const changes = new Map(entries.map(([name, generation, value]) => [name, { generation, value }]));
				return { change: { put: changes, forget: [] }, result: undefined };
			});
		put([["a", 2, "two"]]);
		put([["a", 1, "one"]]);
		assert.throws(() =>
			put([["a", 3, "three"]], () => {
				throw new Error("changed my mind");
			}),
		);
		assert.deepEqual(journal.read().entries.get("a"), { generation: 2, value: "two" });
		const child = await holder(file);
		assert.throws(() => put([]), isBusy);
		assert.throws(() => journal.read(), isBusy);
		const read = whenFree(() => journal.read().entries.size, waiting(5000));
		child.kill("SIGKILL");
		assert.equal(await read, 1);
		journal.close();
	});

	it("a journal of a newer format is left alone", () => {
		const file = join(folder, "vault.sqlite");
		openJournal(file, key).close();
		const sqlite = process.getBuiltinModule("node:sqlite");
		const database = new sqlite.DatabaseSync(file);
		database.exec("PRAGMA user_version = 2");
		database.close();
		assert.throws(() => openJournal(file, key), { reason: "newerFormat" });
	});
});
