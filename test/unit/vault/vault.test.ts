import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { labelOf, type PendingAuthorization } from "../../../src/vault/records.ts";
import { app, type Bench, bench, eventually, required, tokenEndpoint, tokens } from "./fixtures.ts";

describe("vault: accounts", () => {
	let at: Bench;
	beforeEach(() => {
		at = bench();
	});
	afterEach(() => at.close());

	const signIn = (vault: ReturnType<Bench["window"]>, name: string, more = {}) =>
		vault.saveSignIn({ app, tokens: tokens(name), tokenEndpoint, ...more });

	it("starts empty, and writes nothing for reading", async () => {
		const vault = at.window();
		assert.deepEqual(await vault.accounts(), []);
		assert.equal(await vault.defaultAccount(), undefined);
		await assert.rejects(vault.account(), { code: "NoAccount" });
		assert.equal(at.secrets.backing.size, 0);
		assert.throws(() => readdirSync(at.folder));
	});

	it("keeps a sign-in and its app, also for another window", async () => {
		const saved = await signIn(at.window(), "one");
		assert.match(saved.id, /^[0-9a-f]{8}$/);
		const other = at.window();
		assert.deepEqual(await other.account(), saved);
		assert.deepEqual(await other.app(app.clientId), app);
		assert.equal(labelOf(saved), `account ${saved.id}`);
	});

	it("finds by id and by handle in any case, and says which there are", async () => {
		const vault = at.window();
		const { id } = await signIn(vault, "one");
		const named = await vault.identify(id, { id: "7", handle: "SomeOne", name: "Some One" });
		for (const way of [id, "@SomeOne", "@someone", "SOMEONE"]) assert.deepEqual(await vault.account(way), named);
		await assert.rejects(vault.account("@nobody"), { code: "NoAccount", message: /@nobody.*@SomeOne/ });
	});

	it("keeps an account whatever X says about the lifetime, and takes none that could not be read again", async () => {
		const vault = at.window();
		const { id } = await signIn(vault, "one", { tokens: { ...tokens("one"), expiresAt: Number.POSITIVE_INFINITY } });
		assert.equal((await at.window().account(id)).id, id);
		await assert.rejects(signIn(vault, "two", { tokens: { ...tokens("two"), accessToken: "" } }));
		assert.equal((await vault.accounts()).length, 1);
	});

	it("sorts by label; the first account is the default until another is chosen or it goes", async () => {
		const vault = at.window();
		const first = await signIn(vault, "one");
		at.pass(1000);
		const second = await signIn(vault, "two");
		await vault.identify(first.id, { id: "1", handle: "zoe" });
		await vault.identify(second.id, { id: "2", handle: "Adam" });
		assert.deepEqual((await vault.accounts()).map(labelOf), ["@Adam", "@zoe"]);
		assert.equal((await vault.account()).id, first.id);
		await vault.setDefault(second.id);
		assert.equal((await vault.account()).id, second.id);
		await vault.remove(second.id);
		assert.equal((await vault.account()).id, first.id);
		await assert.rejects(vault.setDefault(second.id), { code: "NoAccount" });
	});

	it("gives an account new tokens and forgets what was wrong with the old ones", async () => {
		const vault = at.window();
		const { id } = await signIn(vault, "one");
		await vault.identify(id, { id: "1", handle: "zoe" });
		const again = await signIn(vault, "two", { replaces: id });
		assert.equal(again.id, id);
		assert.equal(again.user?.handle, "zoe");
		assert.equal(again.tokens.accessToken, "access-two");
		assert.equal((await vault.accounts()).length, 1);
	});

	it("joins a second sign-in of the same user and app to the older account", async () => {
		const vault = at.window();
		const older = await signIn(vault, "one");
		await vault.identify(older.id, { id: "1", handle: "zoe" });
		const newer = await signIn(vault, "two");
		await vault.setDefault(newer.id);
		const joined = await vault.identify(newer.id, { id: "1", handle: "zoe2" });
		assert.equal(joined.id, older.id);
		assert.equal(joined.tokens.accessToken, "access-two");
		assert.equal(joined.user?.handle, "zoe2");
		assert.deepEqual(
			(await vault.accounts()).map(({ id }) => id),
			[older.id],
		);
		assert.equal((await vault.account()).id, older.id);
	});

	it("does not join accounts of different apps or servers", async () => {
		const vault = at.window();
		const one = await signIn(vault, "one");
		await vault.identify(one.id, { id: "1", handle: "zoe" });
		const two = await vault.saveSignIn({ app: { ...app, clientId: "two" }, tokens: tokens("two"), tokenEndpoint });
		const three = await signIn(vault, "three", { tokenEndpoint: "http://127.0.0.1/token" });
		await vault.identify(two.id, { id: "1", handle: "zoe" });
		await vault.identify(three.id, { id: "1", handle: "zoe" });
		assert.equal((await vault.accounts()).length, 3);
	});

	it("signs out everywhere, for good, and clears up the lock", async () => {
		const [here, there] = [at.window(), at.window()];
		const { id } = await signIn(here, "one");
		await there.accounts();
		const removed = await here.remove(id);
		assert.equal(removed?.tokens.accessToken, "access-one");
		assert.deepEqual(await there.accounts(), []);
		assert.equal(await there.remove(id), undefined);
		assert.deepEqual(
			readdirSync(at.folder).filter((name) => name.startsWith("renewal")),
			[],
		);
		const text = required(at.secrets.backing.get("twitterTokens.records"));
		assert.ok(!text.includes("access-one"));
	});

	it("waits with the sign-out for a renewal on its way", async () => {
		const vault = at.window();
		const { id } = await signIn(vault, "one");
		const lock = await vault.lockRenewal(id);
		let done = false;
		const removal = vault.remove(id).then(() => {
			done = true;
		});
		await vault.accounts();
		assert.equal(done, false);
		lock.release();
		await removal;
	});

	it("notes a use once per generation of tokens", async () => {
		const vault = at.window();
		const { id } = await signIn(vault, "one");
		const noted = async () => (await vault.account(id)).lastUsedAt;
		await vault.noteUse(id);
		const first = await noted();
		assert.equal(first, at.now());
		at.pass(5000);
		await vault.noteUse(id);
		assert.equal(await noted(), first);
		await signIn(vault, "two", { replaces: id, tokens: tokens("two", at.now()) });
		await vault.noteUse(id);
		assert.equal(await noted(), at.now());
	});

	it("keeps no secret in clear outside SecretStorage, and the folder to its owner", async () => {
		const vault = at.window();
		await signIn(vault, "one");
		await vault.addPending(pending("the-state", at.now()));
		for (const name of readdirSync(at.folder)) {
			const text = readFileSync(join(at.folder, name), "latin1");
			for (const secret of ["access-one", "refresh-one", "the-client-secret", "the-state", "the-verifier"]) {
				assert.ok(!text.includes(secret), `${secret} in ${name}`);
			}
			assert.equal(statSync(join(at.folder, name)).mode & 0o777, 0o600, name);
		}
		assert.equal(statSync(at.folder).mode & 0o777, 0o700);
		assert.ok(!at.log.join("\n").includes("-one"));
	}).timeout(10_000);
});

const pending = (state: string, createdAt: number, clientId = app.clientId): PendingAuthorization => ({
	state,
	codeVerifier: "the-verifier",
	app: { ...app, clientId },
	createdAt,
	expiresAt: createdAt + 600_000,
});

describe("vault: pending authorizations", () => {
	let at: Bench;
	beforeEach(() => {
		at = bench("copied");
	});
	afterEach(() => at.close());

	it("are found by other windows, by state and as the newest of an app", async () => {
		const here = at.window();
		await here.addPending(pending("a", at.now()));
		await here.addPending(pending("b", at.now() + 1));
		await here.addPending(pending("c", at.now() + 2, "other"));
		const there = at.window();
		assert.equal((await there.findPending("a"))?.codeVerifier, "the-verifier");
		assert.equal((await there.newestPending(app.clientId))?.state, "b");
		assert.equal(await there.findPending("unknown"), undefined);
	});

	it("are handed out once over all windows", async () => {
		const first = at.window();
		await first.addPending(pending("a", at.now()));
		const windows = [first, at.window(), at.window(), at.window()];
		const taken = await Promise.all(windows.map((window) => window.takePending("a")));
		assert.equal(taken.filter(Boolean).length, 1);
		assert.equal(await first.findPending("a"), undefined);
		assert.equal(await windows[1]?.wasTaken("a"), true);
		assert.equal(await first.wasTaken("b"), false);
	});

	it("end after their time, and leave nothing behind", async () => {
		const vault = at.window();
		await vault.addPending(pending("a", at.now()));
		await vault.addPending(pending("b", at.now()));
		await vault.takePending("b");
		at.pass(600_000);
		assert.equal(await vault.takePending("a"), undefined);
		assert.equal(await vault.findPending("a"), undefined);
		await vault.addPending(pending("c", at.now()));
		assert.equal((await vault.store.read()).size, 1);
		assert.ok(!at.secrets.backing.get("twitterTokens.records")?.includes('"a"'));
	});
});

describe("vault: change events", () => {
	for (const kind of ["shared", "copied"] as const) {
		it(`tell other windows within a second (${kind} secrets), and only of real changes`, async () => {
			const at = bench(kind);
			try {
				const [here, there] = [at.window(), kind === "shared" ? at.window() : undefined];
				await here.saveApp(app);
				const other = there ?? at.window();
				let heard = 0;
				other.onDidChange(() => heard++);
				await other.accounts();
				assert.equal(heard, 0);
				await here.saveSignIn({ app, tokens: tokens("one"), tokenEndpoint });
				await eventually(() => heard === 1, 1000);
				await here.saveApp(app);
				await here.noteUse((await here.account()).id);
				await eventually(() => heard === 2, 1000);
				assert.equal((await other.accounts()).length, 1);
			} finally {
				at.close();
			}
		});
	}

	it("go on when the folder was deleted and made again", async () => {
		const at = bench("copied");
		try {
			const here = at.window();
			await here.saveSignIn({ app, tokens: tokens("one"), tokenEndpoint });
			const other = at.window();
			let heard = 0;
			other.onDidChange(() => heard++);
			await other.accounts();
			rmSync(at.folder, { recursive: true });
			await eventually(() => existsSync(at.folder));
			await here.accounts();
			const before = heard;
			await here.saveSignIn({ app, tokens: tokens("two"), tokenEndpoint });
			await eventually(() => heard > before, 1000);
			assert.equal((await other.accounts()).length, 2);
			assert.ok(!at.log.some((line) => line.includes("cannot be watched")));
		} finally {
			at.close();
		}
	});

	it("tell of own changes, until disposed", async () => {
		const at = bench();
		const vault = at.window();
		let heard = 0;
		await vault.accounts();
		const subscription = vault.onDidChange(() => heard++);
		await vault.saveApp(app);
		await eventually(() => heard === 1);
		subscription.dispose();
		await vault.saveSignIn({ app, tokens: tokens("one"), tokenEndpoint });
		assert.equal(heard, 1);
		at.close();
	});
});
