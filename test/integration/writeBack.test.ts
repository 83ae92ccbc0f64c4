import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { type Person, withPerson } from "./dialogs.ts";
import { bench, command, refused, type TestApp, type Tokens, until } from "./support.ts";

describe("Write Renewed Tokens into a File, in an account's menu", () => {
	const at = bench();
	let folder: string;
	let path: string;
	let app: TestApp;
	let tokens: Tokens;
	beforeEach(async () => {
		folder = mkdtempSync(join(tmpdir(), "write-"));
		path = join(folder, "auth.json");
		app = at.app();
		tokens = await at.have(app);
		writeFileSync(path, text(tokens));
	});
	afterEach(() => rmSync(folder, { recursive: true, force: true }));

	const text = ({ access_token, refresh_token }: Tokens) =>
		`{\r\n  // by hand\r\n  "client_id": "${app.clientId}", "access_token": "${access_token}",\r\n  "refresh_token": "${refresh_token}",\r\n  "oauth_token": "kept",\r\n}\r\n`;
	const choosing = (person: Person, act: () => Promise<unknown> = () => command("manageAccounts")) =>
		withPerson({ picks: [/ada_dev/, /Write Renewed Tokens/], file: vscode.Uri.file(path), ...person }, act);
	/** The pair that X takes now. */
	const living = (): Tokens => {
		const [user] = at.x.users;
		const live = user && at.x.liveGrant(app.clientId, user.id);
		assert.ok(live?.accessToken && live.refreshToken);
		return { access_token: live.accessToken, refresh_token: live.refreshToken };
	};
	const content = () => readFileSync(path, "utf8");

	it("writes nothing where the answer is no", async () => {
		const seen = await choosing({ confirms: [undefined] }, () => refused(command("manageAccounts"), "Cancelled"));
		assert.match(seen.questions[0] ?? "", /Write the tokens of @ada_dev into auth\.json/);
		await command("refreshToken");
		await sleep(500);
		assert.equal(content(), text(tokens));
	});

	it("keeps the file alive through renewals, all else in it untouched, until it is taken back", async () => {
		await choosing({ confirms: [/Write/] });
		for (let renewal = 0; renewal < 2; renewal++) {
			await command("refreshToken");
			await until(() => content() === text(living()), "the renewed pair is in the file");
		}
		assert.notEqual(content(), text(tokens));
		const last = content();
		await withPerson({ picks: [/ada_dev/, /Stop Writing Renewed Tokens into auth\.json/] }, () =>
			command("manageAccounts"),
		);
		await command("refreshToken");
		await sleep(500);
		assert.equal(content(), last);
		if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
	});

	it("says that git tracks the file", async () => {
		execFileSync("git", ["init", "-q", folder]);
		execFileSync("git", ["-C", folder, "add", "auth.json"]);
		const seen = await choosing({ confirms: [undefined] }, () => refused(command("manageAccounts"), "Cancelled"));
		assert.match(seen.questions[0] ?? "", /git tracks auth\.json/);
	});

	it("does not begin with a file that is no JSON, of another app, or read-only", async () => {
		for (const wrong of ["{'client_id': 'x'}", '{"client_id": "another"}', undefined]) {
			if (wrong === undefined) {
				writeFileSync(path, `{"client_id": "${app.clientId}"}`);
				chmodSync(path, 0o444);
			} else writeFileSync(path, wrong);
			const before = content();
			await choosing({ confirms: [/Write/] }, () => refused(command("manageAccounts"), "StorageUnavailable"));
			assert.equal(content(), before);
		}
		await withPerson({ picks: [/ada_dev/, undefined, undefined] }, async () => {
			await command("manageAccounts");
		}).then(({ menus }) => assert.ok(!menus[1]?.some(({ label }) => /Stop Writing/.test(label))));
	});
});
