import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { OpenVault } from "../../../src/vault/vault.ts";
import { fakeX, renewerOver, signedIn } from "./fakeX.ts";
import { app, type Bench, bench, required, tokenEndpoint, tokens } from "./fixtures.ts";

describe("an answer of X that its renewal could not store", () => {
	let at: Bench;
	let x: ReturnType<typeof fakeX>;
	let vault: OpenVault;
	let id: string;
	beforeEach(async () => {
		at = bench();
		x = fakeX(at.now);
		vault = at.window();
		({ id } = await signedIn(at, vault));
	});
	afterEach(() => at.close());
	const file = () => join(at.folder, `receipt-${id}`);
	const accessToken = async (over = at.window()) => (await over.account(id)).tokens.accessToken;

	/** As if the process had been killed there: nothing after it runs, and the operating system frees the lock. */
	const renewAndDieAt = async (place: string, over = vault) => {
		const step = (name: string) => {
			if (name === place) throw new Error("killed");
		};
		await assert.rejects(renewerOver(at, x, { vault: over, step }).renewer.renew(), /killed/);
	};

	it("is what the next window shows, without a request", async () => {
		await renewAndDieAt("answerNoted");
		assert.ok(existsSync(file()));
		assert.equal(await accessToken(), "access-1");
		assert.equal(existsSync(file()), false);
		const { renewal, lastRenewedAt } = await vault.account(id);
		assert.deepEqual([renewal, lastRenewedAt], [undefined, at.now()]);
		assert.deepEqual(x.sent, ["refresh-0"]);
		assert.equal((await vault.accounts()).length, 1);
	});

	it("is what the next renewal goes on from", async () => {
		await renewAndDieAt("answerNoted");
		assert.equal((await renewerOver(at, x, { vault }).renewer.renew()).tokens.accessToken, "access-2");
		assert.deepEqual(x.sent, ["refresh-0", "refresh-1"]);
	});

	it("is what whoever waits for the lock gets", async () => {
		const seen = await vault.account(id);
		const lock = await vault.lockRenewal(id);
		await vault.store.update((draft) =>
			draft.set(`account/${id}`, { ...seen, renewal: { startedAt: at.now(), attempts: 1 } }),
		);
		vault.receipts.write(id, { sent: "refresh-0", tokens: tokens("1", at.now()) });
		const waiting = renewerOver(at, x, { vault: at.window() }).renewer.renew();
		// Nobody who only reads waits for an owner that lives.
		assert.equal(await accessToken(), "access-0");
		lock.release();
		assert.equal((await waiting).tokens.accessToken, "access-1");
		assert.deepEqual(x.sent, []);
	});

	it("is dropped where it was stored after all", async () => {
		vault.receipts.write(id, { sent: "refresh-0", tokens: tokens("old", at.now()) });
		await vault.saveSignIn({ app, tokens: tokens("new", at.now()), tokenEndpoint, replaces: id });
		(await vault.lockRenewal(id)).release();
		assert.equal(await accessToken(), "access-new");
		assert.equal(existsSync(file()), false);
	});

	it("gives way to a sign-in that came after it", async () => {
		await renewAndDieAt("answerNoted");
		await vault.saveSignIn({ app, tokens: tokens("new", at.now()), tokenEndpoint, replaces: id });
		assert.equal(await accessToken(), "access-new");
		(await vault.lockRenewal(id)).release();
		assert.equal(await accessToken(), "access-new");
		assert.equal(existsSync(file()), false);
	});

	it("that was cut off while it was written counts as lost on the way: one retry", async () => {
		await renewAndDieAt("answerNoted");
		writeFileSync(file(), readFileSync(file()).subarray(0, 40));
		assert.equal(await accessToken(), "access-0");
		assert.equal(existsSync(file()), false);
		await assert.rejects(renewerOver(at, x, { vault }).renewer.renew(), { code: "GrantLost" });
		assert.equal((await vault.account(id)).signInNeeded?.reason, "answerLost");
		assert.deepEqual(x.sent, ["refresh-0", "refresh-0"]);
	});

	it("goes with the account, whose newest tokens are those to be revoked", async () => {
		await renewAndDieAt("answerNoted");
		assert.equal((await vault.remove(id))?.tokens.accessToken, "access-1");
		assert.deepEqual(
			(await readdir(at.folder)).filter((name) => name.includes(id)),
			[],
		);
	});

	it("stays beside a journal that cannot be written, for the window that can", async () => {
		const journal = join(
			at.folder,
			required((await readdir(at.folder)).find((name) => /^vault-\w+\.sqlite$/.test(name))),
		);
		const step = (name: string) => {
			if (name !== "answerNoted") return;
			renameSync(journal, `${journal}.away`);
			// A folder in the file's place: nothing can be opened there.
			mkdirSync(journal);
		};
		const renewed = await renewerOver(at, x, { vault, step }).renewer.renew();
		assert.equal(renewed.tokens.accessToken, "access-1");
		assert.ok(existsSync(file()));
		rmSync(journal, { recursive: true });
		renameSync(`${journal}.away`, journal);
		at.secrets.backing.delete("twitterTokens.records");
		assert.equal(await accessToken(), "access-1");
	});

	it("that cannot be written beside the journal is stored in it all the same", async () => {
		const step = (name: string) => void (name === "intentNoted" && mkdirSync(file()));
		const renewed = await renewerOver(at, x, { vault, step }).renewer.renew();
		assert.equal(renewed.tokens.accessToken, "access-1");
		assert.equal(await accessToken(), "access-1");
		assert.ok(at.log.some((line) => line.includes("could not be written beside the journal")));
	});

	it("that cannot be read keeps everything as it is, and nothing is sent", async () => {
		mkdirSync(file());
		await assert.rejects(renewerOver(at, x, { vault }).renewer.renew(), { code: "StorageUnavailable" });
		assert.equal(await accessToken(), "access-0");
		assert.deepEqual(x.sent, []);
	});

	it("is kept for a window that has its key by one that has not met it yet", async () => {
		await renewAndDieAt("answerNoted");
		const stranger = at.window();
		await assert.rejects(stranger.lockRenewal(id), { code: "StorageUnavailable" });
		assert.ok(existsSync(file()));
		assert.equal(await accessToken(stranger), "access-1");
	});

	it("is sealed, and for its owner only", async () => {
		await renewAndDieAt("answerNoted");
		const text = readFileSync(file(), "latin1");
		for (const word of ["access-1", "refresh-0", "refresh-1"]) assert.ok(!text.includes(word), word);
		assert.equal(statSync(file()).mode & 0o777, 0o600);
	});
});
