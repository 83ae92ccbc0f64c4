import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
	chmodSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { editTextFile, readTextFile, whatIsAt, writePrivateFile } from "../../../src/surfaces/atomicFile.ts";

const windows = process.platform === "win32";

describe("a file that is edited in place of its owner", () => {
	let folder: string;
	let file: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "files-"));
		file = join(folder, "auth.json");
		writeFileSync(file, "old", { mode: 0o644 });
	});
	afterEach(() => {
		rmSync(folder, { recursive: true, force: true });
	});
	const text = () => readFileSync(file, "utf8");
	const problem = (name: string) => ({ name: "FileError", problem: name });
	const only = (...names: string[]) => assert.deepEqual(readdirSync(folder).sort(), names.sort());

	it("is replaced by one for its owner only", async () => {
		assert.equal(await editTextFile(file, (old) => `${old}, new`), true);
		assert.equal(text(), "old, new");
		if (!windows) assert.equal(statSync(file).mode & 0o777, 0o600);
		only("auth.json");
	});

	it("is left alone where nothing changes", async () => {
		const before = statSync(file);
		assert.equal(await editTextFile(file, (old) => old), false);
		assert.equal(statSync(file).ino, before.ino);
		assert.equal(statSync(file).mode, before.mode);
	});

	it("is left alone where the edit refuses", async () => {
		await assert.rejects(
			editTextFile(file, () => {
				throw new RangeError("no");
			}),
			RangeError,
		);
		assert.equal(text(), "old");
		only("auth.json");
	});

	it("behind a symbolic link is replaced, and the links stay", async () => {
		mkdirSync(join(folder, "real"));
		renameSync(file, join(folder, "real", "target.json"));
		symlinkSync(join("real", "target.json"), join(folder, "middle"));
		symlinkSync("middle", file);
		await editTextFile(file, () => "new");
		assert.equal(readlinkSync(file), "middle");
		assert.equal(readlinkSync(join(folder, "middle")), join("real", "target.json"));
		assert.ok(lstatSync(join(folder, "real", "target.json")).isFile());
		assert.equal(readFileSync(join(folder, "real", "target.json"), "utf8"), "new");
		assert.deepEqual(readdirSync(join(folder, "real")), ["target.json"]);
	});

	it("that is read-only is not touched, whoever we are", async () => {
		chmodSync(file, 0o444);
		await assert.rejects(
			editTextFile(file, () => "new"),
			problem("readOnly"),
		);
		assert.equal(text(), "old");
		only("auth.json");
		chmodSync(file, 0o644);
	});

	it("that vanished, or whose link leads nowhere, is not made", async () => {
		rmSync(file);
		await assert.rejects(
			editTextFile(file, () => "new"),
			problem("vanished"),
		);
		only();
		symlinkSync("nowhere", file);
		await assert.rejects(
			editTextFile(file, () => "new"),
			problem("vanished"),
		);
		only("auth.json");
	});

	it("that is a folder or a pipe is not waited for", async function () {
		await assert.rejects(
			editTextFile(folder, () => "new"),
			problem("notAFile"),
		);
		if (windows) this.skip();
		execFileSync("mkfifo", [join(folder, "pipe")]);
		await assert.rejects(readTextFile(join(folder, "pipe")), problem("notAFile"));
	});

	it("that is too large or no text is not read", async () => {
		writeFileSync(file, "x".repeat(1_000_001));
		await assert.rejects(readTextFile(file), problem("tooLarge"));
		writeFileSync(file, Buffer.from('{"a":"\xe9"}', "latin1"));
		await assert.rejects(readTextFile(file), problem("notText"));
		writeFileSync(file, Buffer.from('\uFEFF{"a":1}', "utf16le"));
		await assert.rejects(readTextFile(file), problem("notText"));
	});

	it("that changes meanwhile is read and edited again", async () => {
		const seen: string[] = [];
		await editTextFile(
			file,
			(old) => {
				seen.push(old);
				return `${old}+`;
			},
			(step) => {
				if (step === "written" && seen.length === 1) writeFileSync(file, "theirs");
			},
		);
		assert.deepEqual(seen, ["old", "theirs"]);
		assert.equal(text(), "theirs+");
		only("auth.json");
	});

	it("that becomes a link to another file meanwhile is read again", async () => {
		writeFileSync(join(folder, "other.json"), "other");
		let first = true;
		await editTextFile(
			file,
			(old) => `${old}+`,
			(step) => {
				if (step !== "written" || !first) return;
				first = false;
				rmSync(file);
				symlinkSync("other.json", file);
			},
		);
		assert.equal(readFileSync(join(folder, "other.json"), "utf8"), "other+");
		only("auth.json", "other.json");
	});

	it("that never stands still is given up, whole", async () => {
		let round = 0;
		await assert.rejects(
			editTextFile(
				file,
				(old) => `${old}+`,
				(step) => {
					if (step === "written") writeFileSync(file, `theirs ${round++}`);
				},
			),
			problem("busy"),
		);
		assert.equal(text(), `theirs ${round - 1}`);
		only("auth.json");
	});

	it("in a folder that takes no new file stays as it is", async function () {
		if (windows || process.getuid?.() === 0) this.skip();
		chmodSync(folder, 0o500);
		await assert.rejects(
			editTextFile(file, () => "new"),
			problem("failed"),
		);
		chmodSync(folder, 0o700);
		assert.equal(text(), "old");
	});

	it("whose place for the new one is taken by a folder stays as it is", async () => {
		mkdirSync(join(folder, ".auth.json.twitter-tokens.tmp"));
		await assert.rejects(
			editTextFile(file, () => "new"),
			{ name: "FileError" },
		);
		assert.equal(text(), "old");
	});

	it("is not written through a link that somebody put beside it", async () => {
		const victim = join(folder, "victim");
		writeFileSync(victim, "precious");
		symlinkSync("victim", join(folder, ".auth.json.twitter-tokens.tmp"));
		await editTextFile(file, () => "new");
		assert.equal(readFileSync(victim, "utf8"), "precious");
		assert.equal(text(), "new");
	});

	for (const [step, after] of [
		["read", "old"],
		["written", "old"],
		["renamed", '{"access_token":"new"}'],
	] as const) {
		it(`is whole after a crash at the step "${step}", and the next write tidies up`, async function () {
			if (windows) this.skip();
			this.timeout(30_000);
			const script = fileURLToPath(new URL("crashingWriter.ts", import.meta.url));
			const { signal } = spawnSync(process.execPath, [script, file, step], { stdio: "ignore" });
			assert.equal(signal, "SIGKILL");
			assert.equal(text(), after);
			const left = readdirSync(folder).filter((name) => name !== "auth.json");
			assert.equal(left.length, step === "written" ? 1 : 0);
			for (const name of left) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
			await editTextFile(file, () => "again");
			assert.equal(text(), "again");
			only("auth.json");
		});
	}
});

describe("a file that is exported", () => {
	let folder: string;
	let file: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "files-"));
		file = join(folder, ".env");
	});
	afterEach(() => {
		rmSync(folder, { recursive: true, force: true });
	});

	it("is for its owner only", async () => {
		await writePrivateFile(file, "tokens", false);
		assert.equal(readFileSync(file, "utf8"), "tokens");
		if (!windows) assert.equal(statSync(file).mode & 0o777, 0o600);
	});

	it("replaces another one only when told so, and with its own mode", async () => {
		writeFileSync(file, "theirs", { mode: 0o666 });
		await assert.rejects(writePrivateFile(file, "tokens", false), { problem: "failed", systemCode: "EEXIST" });
		assert.equal(readFileSync(file, "utf8"), "theirs");
		await writePrivateFile(file, "tokens", true);
		assert.equal(readFileSync(file, "utf8"), "tokens");
		if (!windows) assert.equal(statSync(file).mode & 0o777, 0o600);
		assert.deepEqual(readdirSync(folder), [".env"]);
	});

	it("never goes through a symbolic link", async () => {
		const victim = join(folder, "victim");
		symlinkSync("victim", file);
		assert.equal(whatIsAt(file), "symbolicLink");
		await assert.rejects(writePrivateFile(file, "tokens", false), { name: "FileError" });
		await assert.rejects(writePrivateFile(file, "tokens", true), { problem: "symbolicLink" });
		assert.equal(whatIsAt(victim), "nothing");
		writeFileSync(victim, "precious");
		await assert.rejects(writePrivateFile(file, "tokens", true), { problem: "symbolicLink" });
		assert.equal(readFileSync(victim, "utf8"), "precious");
	});

	it("is no folder, and does not make one", async () => {
		await assert.rejects(writePrivateFile(folder, "tokens", true), { problem: "notAFile" });
		await assert.rejects(writePrivateFile(join(folder, "no", ".env"), "tokens", false), { problem: "vanished" });
	});
});
