import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { type Person, withPerson } from "./dialogs.ts";
import { bench, command, refused, type TestApp, type Tokens } from "./support.ts";

describe("Export, in an account's menu", () => {
	const at = bench();
	let folder: string;
	let app: TestApp;
	let tokens: Tokens;
	beforeEach(async () => {
		folder = mkdtempSync(join(tmpdir(), "export-"));
		app = at.app({ secret: "-SecretOfAnExportedAppThatNobodyElseHas" });
		tokens = await at.have(app);
	});
	afterEach(async () => {
		await vscode.env.clipboard.writeText("");
		rmSync(folder, { recursive: true, force: true });
	});
	const exporting = (format: RegExp, place: RegExp, person: Person = {}) =>
		withPerson({ ...person, picks: [/ada_dev/, /Export/, format, place] }, () => command("manageAccounts"));

	it("copies each form", async () => {
		const copied = async (format: RegExp) => {
			await exporting(format, /Clipboard/);
			return vscode.env.clipboard.readText();
		};
		assert.equal(await copied(/\.env Line$/), `X_ACCESS_TOKEN=${tokens.access_token}`);
		assert.equal(
			await copied(/\.env Lines with Refresh Token/),
			`X_ACCESS_TOKEN=${tokens.access_token}\nX_REFRESH_TOKEN=${tokens.refresh_token}`,
		);
		assert.deepEqual(JSON.parse(await copied(/Token Response/)), tokens);
		assert.deepEqual(JSON.parse(await copied(/Auth JSON/)), {
			...app.auth,
			scope: "offline.access tweet.read users.read",
			access_token: tokens.access_token,
			refresh_token: tokens.refresh_token,
		});
		const curl = await copied(/curl/);
		assert.equal(curl, `curl "${at.x.origin}/2/users/me" -H "Authorization: Bearer ${tokens.access_token}"`);
	});

	it("writes a file for its owner only, with fresh tokens", async () => {
		at.x.expireAccessTokens();
		await at.configure({ "refresh.leadTime": 110 });
		const path = join(folder, "token.json");
		await exporting(/Token Response/, /File/, { file: vscode.Uri.file(path) });
		const written = JSON.parse(readFileSync(path, "utf8"));
		assert.equal(statSync(path).mode & 0o777, 0o600);
		assert.ok(written.access_token && written.refresh_token);
	});

	it("asks before it replaces a file, and leaves it where the answer is no", async () => {
		const path = join(folder, ".env");
		writeFileSync(path, "MINE=1\n");
		const file = vscode.Uri.file(path);
		const no = await withPerson(
			{ picks: [/ada_dev/, /Export/, /\.env Line$/, /File/], confirms: [undefined], file },
			() => refused(command("manageAccounts"), "Cancelled"),
		);
		assert.match(no.questions[0] ?? "", /\.env exists/);
		assert.equal(readFileSync(path, "utf8"), "MINE=1\n");
		await exporting(/\.env Line$/, /File/, { file, confirms: [/Replace/] });
		assert.equal(readFileSync(path, "utf8"), `X_ACCESS_TOKEN=${tokens.access_token}\n`);
	});

	it("never follows a symbolic link", async () => {
		const victim = join(folder, "victim");
		writeFileSync(victim, "precious");
		const path = join(folder, "link.json");
		symlinkSync("victim", path);
		await withPerson({ picks: [/ada_dev/, /Export/, /Token Response/, /File/], file: vscode.Uri.file(path) }, () =>
			refused(command("manageAccounts"), "StorageUnavailable"),
		);
		assert.equal(readFileSync(victim, "utf8"), "precious");
	});

	it("warns in a git work tree, unless the file is ignored", async () => {
		execFileSync("git", ["init", "-q", folder]);
		writeFileSync(join(folder, ".gitignore"), ".env\n");
		await exporting(/\.env Line$/, /File/, { file: vscode.Uri.file(join(folder, ".env")) });
		const seen = await withPerson(
			{
				picks: [/ada_dev/, /Export/, /Token Response/, /File/],
				confirms: [undefined],
				file: vscode.Uri.file(join(folder, "token.json")),
			},
			() => refused(command("manageAccounts"), "Cancelled"),
		);
		assert.match(seen.questions[0] ?? "", /not ignored/);
		writeFileSync(join(folder, "tracked.json"), "{}");
		execFileSync("git", ["-C", folder, "add", "tracked.json"]);
		const tracked = await exporting(/Token Response/, /File/, {
			confirms: [/Replace/],
			file: vscode.Uri.file(join(folder, "tracked.json")),
		});
		assert.match(tracked.questions[0] ?? "", /git tracks/);
	});

	it("writes to this computer only", async () => {
		await withPerson(
			{
				picks: [/ada_dev/, /Export/, /Token Response/, /File/],
				file: vscode.Uri.parse("vscode-vfs://github/x/y/token.json"),
			},
			() => refused(command("manageAccounts"), "StorageUnavailable"),
		);
	});
});

describe("Ask X Who This Is, in an account's menu", () => {
	const at = bench();
	const asking = (account: RegExp, act: () => Promise<unknown> = () => command("manageAccounts")) =>
		withPerson({ picks: [account, /Ask X/] }, act);

	it("names an account that X did not name before, with one request", async () => {
		at.x.faultNext("usersMe", { kind: "html", status: 503 });
		await at.have(at.app());
		const before = at.x.counters.usersMeRequests;
		const seen = await asking(/account /);
		assert.match(seen.told.join(), /@ada_dev, Ada/);
		assert.equal(at.x.counters.usersMeRequests, before + 1);
		await asking(/@ada_dev/);
	});

	it("explains X's refusals and keeps the tokens", async () => {
		await at.have(at.app());
		const refusals = [
			[{ kind: "creditsDepleted" }, "UnexpectedResponse", /no credits.*console\.x\.com/],
			[{ kind: "notEnrolled" }, "UnexpectedResponse", /not enrolled.*console\.x\.com/],
			[{ kind: "rateLimited", headers: true }, "RateLimited", /too many requests/],
			[{ kind: "html", status: 503 }, "Unavailable", /cannot answer/],
		] as const;
		for (const [fault, code, message] of refusals) {
			at.x.faultNext("usersMe", fault);
			await asking(/@ada_dev/, async () =>
				assert.match((await refused(command("manageAccounts"), code)).message, message),
			);
		}
		await asking(/@ada_dev/);
	});
});
