import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openJournal } from "../../../src/vault/journal.ts";
import type { Account } from "../../../src/vault/records.ts";
import { sealingKeyFrom } from "../../../src/vault/sealing.ts";
import { app, type Bench, bench, eventually, required, tokenEndpoint, tokens } from "./fixtures.ts";

const records = "twitterTokens.records";
const sealingKey = "twitterTokens.sealingKey";

describe("vault: two sides", () => {
	let at: Bench;
	const use = (kind: "shared" | "copied") => {
		at = bench(kind);
		return at;
	};
	afterEach(() => at.close());

	const journals = () => readdirSync(at.folder).filter((name) => /^vault-\w+\.sqlite$/.test(name));
	const journal = () => join(at.folder, required(journals()[0]));
	const signIn = (vault: ReturnType<Bench["window"]>, name = "one", more = {}) =>
		vault.saveSignIn({ app, tokens: tokens(name), tokenEndpoint, ...more });

	it("reads the newest although SecretStorage shows an old value, and repairs it once at the start", async () => {
		use("shared");
		const { id } = await signIn(at.window());
		const old = required(at.secrets.backing.get(records));
		await signIn(at.window(), "two", { replaces: id });
		at.secrets.backing.set(records, old);
		const late = at.window();
		assert.equal((await late.account()).tokens.accessToken, "access-two");
		await eventually(() => at.secrets.backing.get(records)?.includes("access-two") === true);
	});

	it("keeps what a window with an old copy of all secrets does not know (browser-hosted)", async () => {
		use("copied");
		const here = at.window();
		const { id } = await signIn(here);
		const stale = at.window();
		await stale.accounts();
		await signIn(here, "two", { replaces: id });
		const second = await signIn(here, "three");
		// Writes its old copy of everything, with the newest of ours in it.
		await stale.saveApp({ ...app, clientId: "another" });
		for (const vault of [here, stale, at.window()]) {
			assert.equal((await vault.account(id)).tokens.accessToken, "access-two");
			assert.equal((await vault.account(second.id)).tokens.accessToken, "access-three");
		}
		assert.ok(at.secrets.backing.get(records)?.includes("access-three"));
	});

	it("does not let a stale copy bring back an account that was removed", async () => {
		use("copied");
		const here = at.window();
		const { id } = await signIn(here);
		const stale = at.window();
		await stale.accounts();
		await here.remove(id);
		await stale.saveApp({ ...app, clientId: "another" });
		for (const vault of [here, stale, at.window()]) assert.deepEqual(await vault.accounts(), []);
	});

	it("does not write a secret when nothing changed", async () => {
		use("shared");
		const secrets = at.secrets.window();
		const vault = at.window({ secrets });
		await signIn(vault);
		const before = secrets.writes.length;
		await vault.saveApp(app);
		await vault.accounts();
		assert.equal(secrets.writes.length, before);
	});

	it("loses nothing when SecretStorage lost the last writes", async () => {
		use("shared");
		const vault = at.window();
		const { id } = await signIn(vault);
		const old = required(at.secrets.backing.get(records));
		await signIn(vault, "two", { replaces: id });
		at.secrets.backing.set(records, old);
		vault.dispose();
		assert.equal((await at.window().account()).tokens.accessToken, "access-two");
	});

	it("makes a lost journal again from SecretStorage, also under a running window", async () => {
		use("shared");
		const vault = at.window();
		const saved = await signIn(vault);
		rmSync(at.folder, { recursive: true });
		assert.deepEqual(await vault.account(), saved);
		assert.deepEqual(await at.window().account(), saved);
		assert.equal(journals().length, 1);
		at.secrets.backing.delete(records);
		assert.deepEqual(await at.window().account(), saved);
	});

	it("moves a damaged journal aside and makes it again", async () => {
		use("shared");
		const first = at.window();
		const saved = await signIn(first);
		first.dispose();
		writeFileSync(journal(), "this is no database, but long enough to look like something".repeat(100));
		const vault = at.window();
		assert.deepEqual(await vault.account(), saved);
		assert.equal(readdirSync(at.folder).filter((name) => name.includes(".damaged-")).length, 1);
		at.secrets.backing.delete(records);
		assert.deepEqual(await at.window().account(), saved);
	});

	it("notices that its journal is another file now", async () => {
		use("shared");
		const vault = at.window();
		const { id } = await signIn(vault);
		renameSync(journal(), `${journal()}.away`);
		const other = at.window();
		await signIn(other, "two", { replaces: id });
		at.secrets.backing.delete(records);
		assert.equal((await vault.account()).tokens.accessToken, "access-two");
	});

	it("ignores what the key does not open, and overwrites it only with something newer", async () => {
		use("shared");
		const vault = at.window();
		await vault.saveApp(app);
		vault.dispose();
		const name = `app/${app.clientId}`;
		const foreign = openJournal(journal(), sealingKeyFrom(Buffer.alloc(32, 1)));
		foreign.transact(() => ({
			change: { put: new Map([[name, { generation: 9, value: {} }]]), forget: [] },
			result: undefined,
		}));
		const later = at.window();
		assert.deepEqual(await later.app(app.clientId), app);
		assert.equal(foreign.read().entries.get(name)?.generation, 9);
		await later.saveApp({ ...app, scope: "users.read" });
		assert.equal((await later.app(app.clientId))?.scope, "users.read");
		assert.equal(foreign.read().unreadable.get(name), 10);
		foreign.close();
	});

	it("goes on with the journal alone when SecretStorage fails once the key is known", async () => {
		use("shared");
		const secrets = at.secrets.window();
		const vault = at.window({ secrets });
		const { id } = await signIn(vault);
		Object.assign(secrets.fail, { get: true, store: true });
		await signIn(vault, "two", { replaces: id });
		assert.equal((await vault.account()).tokens.accessToken, "access-two");
		assert.ok(at.log.some((line) => line.includes("SecretStorage could not be written")));
		assert.equal((await at.window().account()).tokens.accessToken, "access-two");
	});

	it("keeps an answer in memory and in SecretStorage while the journal cannot be written", async () => {
		use("shared");
		const vault = at.window();
		const { id } = await signIn(vault);
		const blocked = journal();
		renameSync(blocked, `${blocked}.away`);
		rmSync(`${blocked}-journal`, { force: true });
		// A folder in the file's place: nothing can be opened there.
		mkdirSync(blocked);
		const account = {
			...(JSON.parse(required(at.secrets.backing.get(records))).entries[`account/${id}`].value as object),
		};
		await vault.store.keep((draft) => draft.set(`account/${id}`, { ...account, tokens: tokens("two") }));
		assert.ok(at.secrets.backing.get(records)?.includes("access-two"));
		rmSync(blocked, { recursive: true });
		renameSync(`${blocked}.away`, blocked);
		at.secrets.backing.delete(records);
		assert.equal((await vault.account()).tokens.accessToken, "access-two");
		assert.equal((await at.window().account()).tokens.accessToken, "access-two");
	});

	it("keeps a sign-in, too, as one account", async () => {
		use("shared");
		const vault = at.window();
		await signIn(vault);
		const blocked = journal();
		renameSync(blocked, `${blocked}.away`);
		mkdirSync(blocked);
		const { id } = await signIn(vault, "two");
		assert.ok(at.secrets.backing.get(records)?.includes("access-two"));
		rmSync(blocked, { recursive: true });
		renameSync(`${blocked}.away`, blocked);
		assert.equal((await vault.accounts()).length, 2);
		assert.equal((await vault.account(id)).tokens.accessToken, "access-two");
		at.secrets.backing.delete(records);
		assert.equal((await at.window().account(id)).tokens.accessToken, "access-two");
		assert.equal((await at.window().accounts()).length, 2);
	});

	it("says so as long as something is in memory only, and not any more afterwards", async () => {
		use("shared");
		const vault = at.window();
		await signIn(vault);
		// As on a full disk: the journal can be read, and takes nothing.
		const disk = new DatabaseSync(journal());
		disk.exec("CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
		const { id } = await signIn(vault, "two");
		assert.equal(await vault.doubt(), "notWritten");
		assert.equal((await vault.account(id)).tokens.accessToken, "access-two");
		disk.exec("DROP TRIGGER full");
		disk.close();
		assert.equal(await vault.doubt(), undefined);
		at.secrets.backing.delete(records);
		assert.equal((await at.window().accounts()).length, 2);
	});

	it("makes such an answer good on top of what other windows changed meanwhile", async () => {
		use("shared");
		const vault = at.window();
		const { id } = await signIn(vault);
		const blocked = journal();
		renameSync(blocked, `${blocked}.away`);
		mkdirSync(blocked);
		const key = `account/${id}`;
		await vault.store.keep((draft) => draft.set(key, { ...(draft.get(key) as Account), tokens: tokens("two") }));
		rmSync(blocked, { recursive: true });
		renameSync(`${blocked}.away`, blocked);
		at.secrets.backing.delete(records);
		const other = at.window();
		await other.noteUse(id);
		await other.store.update((draft) => draft.set(key, { ...(draft.get(key) as Account), lastRenewedAt: 7 }));
		const made = await vault.account(id);
		assert.equal(made.tokens.accessToken, "access-two");
		assert.equal(made.lastRenewedAt, 7);
		await vault.saveApp({ ...app, clientId: "another" });
		assert.equal((await other.account(id)).tokens.accessToken, "access-two");
	});

	it("says so when the folder cannot be used", async () => {
		if (process.getuid?.() === 0) writeFileSync(join(use("shared").root, "kept"), "a file");
		else chmodSync(use("shared").root, 0o500);
		await assert.rejects(at.window().saveApp(app), { code: "StorageUnavailable", reason: "failed" });
		chmodSync(at.root, 0o700);
	});
});

describe("vault: the sealing key", () => {
	let at: Bench;
	beforeEach(() => {
		at = bench();
	});
	afterEach(() => at.close());
	const journals = () => readdirSync(at.folder).filter((name) => /^vault-\w+\.sqlite$/.test(name));

	it("is made once, by whichever window is first", async () => {
		const windows = Array.from({ length: 8 }, () => at.window());
		await Promise.all(windows.map((vault, n) => vault.saveApp({ ...app, clientId: `app-${n}` })));
		assert.equal(journals().length, 1);
		for (const vault of windows) assert.equal((await vault.store.read()).size, 8);
	});

	it("that another window has just made is waited for, not made a second time", async () => {
		const late = at.secrets.window();
		const get = late.get.bind(late);
		const until = performance.now() + 200;
		late.get = async (key) => (performance.now() < until ? undefined : await get(key));
		const [one, two] = [at.window(), at.window({ secrets: late, propagationMs: 5000 })];
		await Promise.all([one.saveApp(app), two.saveApp({ ...app, clientId: "two" })]);
		assert.equal(journals().length, 1);
		assert.deepEqual(await one.app("two"), await two.app("two"));
	});

	it("is waited for while it is on its way", async () => {
		await at.window().saveApp(app);
		const key = required(at.secrets.backing.get(sealingKey));
		at.secrets.backing.delete(sealingKey);
		const late = at.window({ propagationMs: 5000 }).app(app.clientId);
		setTimeout(() => at.secrets.backing.set(sealingKey, key), 120);
		assert.deepEqual(await late, app);
	});

	it("is not made a second time beside a journal, neither for reading nor for writing", async () => {
		await at.window().saveApp(app);
		at.secrets.backing.clear();
		const vault = at.window();
		await assert.rejects(vault.accounts(), { code: "StorageUnavailable", reason: "keyNotVisible" });
		await assert.rejects(vault.saveApp(app), { code: "StorageUnavailable", reason: "keyNotVisible" });
		assert.equal(at.secrets.backing.size, 0);
		assert.equal(journals().length, 1);
	});

	it("that is damaged counts as not visible", async () => {
		await at.window().saveApp(app);
		at.secrets.backing.set(sealingKey, "damaged");
		await assert.rejects(at.window().accounts(), { reason: "keyNotVisible" });
	});

	it("is made anew with the user's consent, once over all windows; the old journal stays", async () => {
		await at.window().saveApp(app);
		const [old] = journals();
		at.secrets.backing.clear();
		const [one, two] = [at.window(), at.window()];
		await assert.rejects(one.accounts(), { reason: "keyNotVisible" });
		await Promise.all([one.startAfresh(), two.startAfresh()]);
		await one.saveApp({ ...app, clientId: "new" });
		assert.equal((await two.app("new"))?.clientId, "new");
		assert.equal(journals().length, 2);
		assert.ok(existsSync(join(at.folder, required(old))));
	});

	it("that replaced a lost one is not said to outlive the editor until it has", async () => {
		await at.window().saveApp(app);
		assert.equal(await at.window().doubt(), undefined);
		at.secrets.backing.clear();
		await at.window().startAfresh();
		assert.equal(await at.window().doubt(), "keyLostBefore");
		assert.equal(await at.window({ session: "the next run" }).doubt(), undefined);
		at.secrets.backing.clear();
		await assert.rejects(at.window({ session: "the next run" }).doubt(), { reason: "keyNotVisible" });
	});

	it("that is visible is kept by a start afresh", async () => {
		const vault = at.window();
		await vault.saveApp(app);
		await vault.startAfresh();
		assert.equal(await vault.doubt(), undefined);
		assert.deepEqual(await vault.app(app.clientId), app);
		assert.equal(journals().length, 1);
	});

	it("stays in use in a running window when the secret vanishes", async () => {
		const vault = at.window();
		await vault.saveApp(app);
		at.secrets.backing.clear();
		assert.deepEqual(await vault.app(app.clientId), app);
	});

	it("is not made where the editor keeps no secrets, and nothing is written beside it", async () => {
		const secrets = at.secrets.window();
		Object.assign(secrets.fail, { store: true });
		await assert.rejects(at.window({ secrets }).saveApp(app), { code: "StorageUnavailable", reason: "failed" });
		assert.deepEqual(journals(), []);
	});

	it("is not asked for when the editor's secrets cannot be read", async () => {
		const secrets = at.secrets.window();
		Object.assign(secrets.fail, { get: true });
		await assert.rejects(at.window({ secrets }).accounts(), { reason: "failed" });
	});
});
