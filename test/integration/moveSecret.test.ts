import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { bench, command, type TestApp, type Tokens, until } from "./support.ts";

const secretOf = () => "-MovedBetweenPlaces_0123456789-abcdefghijklmnopqrst";

describe("a client secret that stands in clear", () => {
	const b = bench();
	const original = vscode.window.showWarningMessage;
	const questions: string[] = [];
	let answer: string | undefined;
	before(() => {
		const asked = async (message: string) => {
			questions.push(message);
			return answer;
		};
		Object.assign(vscode.window, { showWarningMessage: asked });
	});
	after(() => Object.assign(vscode.window, { showWarningMessage: original }));
	beforeEach(() => {
		questions.length = 0;
		answer = "Move to SecretStorage";
	});

	const getToken = (app: TestApp) => command<Tokens>("getToken", { code: b.foreignCode(app) });

	it("in the user's settings is moved into SecretStorage, and used from there", async () => {
		const app = b.app({ secret: secretOf() });
		await b.configure({ auth: app.auth });
		await getToken(app);
		const setting = () => vscode.workspace.getConfiguration("twitterTokens").get<Record<string, unknown>>("auth");
		await until(() => setting() && !("client_secret" in (setting() ?? {})), "the setting without the secret");
		assert.equal(setting()?.client_id, app.clientId);
		assert.match(questions[0] ?? "", /your user settings/);
		await getToken(app);
		assert.equal(b.tokenRequests().at(-1)?.status, 200);
		assert.equal(questions.length, 1);
	});

	it("in a file that git tracks is taken out of it, all else in the file untouched; asked for once", async () => {
		const folder = await mkdtemp(join(tmpdir(), "tt-git-"));
		try {
			const app = b.app({ secret: secretOf() });
			const file = join(folder, "auth.json");
			const text = (secret: string) =>
				`{\n  // ours\n  "client_id": "${app.clientId}",${secret}\n  "redirect_uri": "${app.auth.redirect_uri}",\n  "other": [1, 2]\n}\n`;
			const tracked = text(`\n  "client_secret": "${secretOf()}",`);
			await writeFile(file, tracked);
			execFileSync("git", ["init", "-q"], { cwd: folder });
			await b.configure({ auth: file });
			await getToken(app);
			assert.deepEqual(questions, [], "git does not track it yet");

			execFileSync("git", ["add", "auth.json"], { cwd: folder });
			await getToken(app);
			await until(async () => (await readFile(file, "utf8")) === text(""), "the file without the secret");
			await getToken(app);
			assert.equal(b.tokenRequests().at(-1)?.status, 200);

			answer = undefined;
			await writeFile(file, tracked);
			await getToken(app);
			assert.equal(questions.length, 1);
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	});
});
