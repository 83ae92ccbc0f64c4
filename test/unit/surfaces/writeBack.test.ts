import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createWriteBack, type WriteBack, type WriteBackFailure } from "../../../src/surfaces/writeBack.ts";
import { acquireLock } from "../../../src/vault/lock.ts";
import type { Account } from "../../../src/vault/records.ts";
import type { OpenVault } from "../../../src/vault/vault.ts";
import { opaqueToken } from "../../emulator/grants.ts";
import { app, type Bench, bench, eventually, tokenEndpoint, tokens } from "../vault/fixtures.ts";

describe("write back", function () {
	this.timeout(30_000);
	let at: Bench;
	let vault: OpenVault;
	let account: Account;
	let file: string;
	let opened: WriteBack[];
	let warned: WriteBackFailure[];
	let writes: number;
	let visible: boolean;

	const start = (over: OpenVault = vault): WriteBack => {
		const writeBack = createWriteBack({
			vault: over,
			folder: at.folder,
			log: { info: (line) => at.log.push(line), warn: (line) => at.log.push(line) },
			warn: (failure) => {
				if (visible) warned.push(failure);
				return visible;
			},
			step: (step) => {
				if (step === "renamed") writes++;
			},
		});
		opened.push(writeBack);
		return writeBack;
	};
	const renew = async (name: string, issuedAt?: number) => {
		account = await vault.saveSignIn({ app, tokens: tokens(name, issuedAt), tokenEndpoint, replaces: account.id });
	};
	const content = () => readFileSync(file, "utf8");
	const original = `// kept\n{ "client_id": "${app.clientId}", "access_token": "a", "refresh_token": "b", "other": 1 }\n`;
	const holding = (name: string) => original.replace('"a"', `"access-${name}"`).replace('"b"', `"refresh-${name}"`);

	beforeEach(async () => {
		at = bench();
		vault = at.window();
		opened = [];
		warned = [];
		writes = 0;
		visible = true;
		account = await vault.saveSignIn({ app, tokens: tokens("0"), tokenEndpoint });
		file = join(at.root, "auth.json");
		writeFileSync(file, original);
	});
	afterEach(() => {
		for (const writeBack of opened) writeBack.dispose();
		at.close();
	});

	it("writes nothing without a consent", async () => {
		start();
		await renew("1");
		await new Promise((resolve) => setTimeout(resolve, 300));
		assert.equal(content(), original);
		assert.ok(!existsSync(join(at.folder, "writeBack.json")));
	});

	it("writes at once and after each renewal, and nothing but the pair", async () => {
		const writeBack = start();
		await writeBack.begin(account, file);
		assert.equal(content(), holding("0"));
		assert.equal(writeBack.fileOf(account.id), file);
		await renew("1");
		await eventually(() => assert.equal(content(), holding("1")));
		await renew("2");
		await eventually(() => assert.equal(content(), holding("2")));
		await eventually(() => assert.equal(writes, 3));
	});

	it("writes once though every window hears of it", async () => {
		const windows = [start(), start(at.window()), start(at.window())];
		await windows[0]?.begin(account, file);
		await renew("1");
		await eventually(() => assert.equal(content(), holding("1")));
		await new Promise((resolve) => setTimeout(resolve, 500));
		await eventually(() => assert.equal(writes, 2));
	});

	it("makes good what a window that ended did not write", async () => {
		const first = start();
		await first.begin(account, file);
		first.dispose();
		await renew("1");
		assert.equal(content(), holding("0"));
		start();
		await eventually(() => assert.equal(content(), holding("1")));
	});

	it("ends in all windows when it is taken back in one", async () => {
		const here = start();
		const there = start(at.window());
		await here.begin(account, file);
		await there.end(account.id);
		assert.equal(here.fileOf(account.id), undefined);
		await renew("1");
		await new Promise((resolve) => setTimeout(resolve, 400));
		assert.equal(content(), holding("0"));
	});

	it("does not write after the consent was taken back while it waited for another window", async () => {
		const writeBack = start();
		await writeBack.begin(account, file);
		const waiting = { limitMs: 1_000, random: () => 0, tooLong: () => new Error("too long") };
		const lock = await acquireLock(join(at.folder, "writeBack.lock.sqlite"), waiting);
		await renew("1");
		await new Promise((resolve) => setTimeout(resolve, 400));
		writeFileSync(join(at.folder, "writeBack.json"), "{}");
		lock.release();
		await new Promise((resolve) => setTimeout(resolve, 600));
		assert.equal(content(), holding("0"));
	});

	it("keeps no secret of the pairing, and shows it to nobody else", async () => {
		await start().begin(account, file);
		const kept = join(at.folder, "writeBack.json");
		assert.deepEqual(JSON.parse(readFileSync(kept, "utf8")), { [account.id]: { file } });
		if (process.platform !== "win32") assert.equal(statSync(kept).mode & 0o777, 0o600);
		assert.ok(!at.log.some((line) => line.includes("access-") || line.includes("refresh-")));
	});

	it("warns once about a file that vanished, keeps the pairing, and writes when it is back", async () => {
		const writeBack = start();
		await writeBack.begin(account, file);
		rmSync(file);
		await renew("1");
		await eventually(() => assert.equal(warned.length, 1));
		await renew("2");
		writeBack.retry();
		await new Promise((resolve) => setTimeout(resolve, 300));
		assert.deepEqual(
			warned.map(({ problem }) => problem),
			["vanished"],
		);
		assert.equal(writeBack.fileOf(account.id), file);
		writeFileSync(file, original);
		writeBack.retry();
		await eventually(() => assert.equal(content(), holding("2")));
		rmSync(file);
		await renew("3");
		await eventually(() => assert.equal(warned.length, 2, "a new trouble is a new warning"));
	});

	it("leaves the warning to a window that somebody sees", async () => {
		const writeBack = start();
		await writeBack.begin(account, file);
		rmSync(file);
		visible = false;
		await renew("1");
		await eventually(() => assert.ok(at.log.some((line) => line.includes("vanished"))));
		assert.equal(warned.length, 0);
		visible = true;
		writeBack.retry();
		await eventually(() => assert.equal(warned.length, 1));
	});

	it("does not touch a file that is not JSON, and does not begin with one", async () => {
		writeFileSync(file, "{'access_token': 'x'}");
		const writeBack = start();
		await assert.rejects(writeBack.begin(account, file), { code: "InvalidAuthSettings" });
		assert.equal(content(), "{'access_token': 'x'}");
		assert.equal(writeBack.fileOf(account.id), undefined);
	});

	it("does not touch the file of another app", async () => {
		writeFileSync(file, '{"client_id": "another", "access_token": "x"}');
		await assert.rejects(start().begin(account, file), { problem: "otherApp" });
		assert.equal(content(), '{"client_id": "another", "access_token": "x"}');
	});

	it("does not overwrite tokens that are newer than ours: another tool has renewed", async () => {
		const issued = (ms: number) => ({ ...tokens("x", ms), accessToken: opaqueToken("at", ms) });
		const ours = issued(1_800_000_000_000);
		account = await vault.saveSignIn({ app, tokens: ours, tokenEndpoint, replaces: account.id });
		const theirs = `{"access_token": "${opaqueToken("at", 1_800_000_000_001)}", "refresh_token": "theirs"}`;
		writeFileSync(file, theirs);
		const writeBack = start();
		await assert.rejects(writeBack.begin(account, file), { problem: "newerTokens" });
		assert.equal(content(), theirs);
		writeFileSync(file, `{"access_token": "${opaqueToken("at", 1_799_999_999_999)}"}`);
		await writeBack.begin(account, file);
		assert.ok(content().includes(ours.accessToken));
	});

	it("reads a pairing that somebody spoiled as none", async () => {
		for (const spoiled of ["", "[1]", '{"__proto__": {"file": "/x"}}', `{"${account.id}": 5}`]) {
			writeFileSync(join(at.folder, "writeBack.json"), spoiled);
			assert.equal(start().fileOf(account.id), undefined);
		}
	});
});
