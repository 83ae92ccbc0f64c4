import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { accountMenu, chooseInAccountMenu, untrusted } from "./accountMenu.ts";
import { ada, bench, command, grace, refused, until } from "./support.ts";

const revoke = /Revoke This Workspace's Access/;

interface Question {
	readonly message: string;
	readonly options: vscode.MessageOptions;
	readonly buttons: readonly string[];
}

describe("twitterTokens.accessToken", () => {
	const b = bench();
	const original = vscode.window.showWarningMessage;
	const questions: Question[] = [];
	/** What the user presses; undefined is Cancel. */
	let pressed: string | undefined;

	before(() => {
		Object.assign(vscode.window, {
			showWarningMessage: async (message: string, options: vscode.MessageOptions, ...buttons: string[]) => {
				questions.push({ message, options, buttons });
				await sleep(20);
				return pressed;
			},
		});
	});
	after(() => void Object.assign(vscode.window, { showWarningMessage: original }));
	beforeEach(() => {
		questions.length = 0;
		pressed = "Allow";
	});

	it("is not in the palette", () => {
		const { packageJSON } = vscode.extensions.getExtension("twitter-tokens.twitter-tokens") ?? assert.fail();
		const hidden: { command: string; when: string }[] = packageJSON.contributes.menus.commandPalette;
		assert.ok(hidden.some((item) => item.command === "twitterTokens.accessToken" && item.when === "false"));
	});

	it("gives nothing where the user refuses, and asks again", async () => {
		await b.signIn(b.app(), ada);
		pressed = undefined;
		await refused(command("accessToken"), "Cancelled");
		await refused(command("accessToken"), "Cancelled");
		assert.equal(questions.length, 2);
		assert.ok(!(await accountMenu("@ada_dev")).some(({ label }) => revoke.test(label)), "nothing to take back");
	});

	it("asks with the names of workspace and account, gives the token, and remembers the answer", async () => {
		const app = b.app();
		await b.signIn(app, ada);
		const token = await command<string>("accessToken");
		assert.ok(token);
		assert.equal(token, b.x.liveGrant(app.clientId, ada)?.accessToken);
		const [question] = questions;
		assert.match(question?.message ?? "", /@ada_dev/);
		assert.ok(question?.message.includes(vscode.workspace.name ?? assert.fail()));
		assert.equal(question?.options.modal, true);
		assert.deepEqual(question?.buttons, ["Allow"], "VS Code adds Cancel to a modal question");
		assert.equal(await command("accessToken"), token);
		assert.equal(questions.length, 1);
	});

	it("asks for each account by itself", async () => {
		const app = b.app();
		await b.signIn(app, ada);
		await b.signIn(app, grace);
		await command("accessToken", { account: "@ada_dev" });
		pressed = undefined;
		await refused(command("accessToken", { account: "@grace_dev" }), "Cancelled");
		assert.equal(await command("accessToken", { account: "@ada_dev" }), b.x.liveGrant(app.clientId, ada)?.accessToken);
	});

	it("asks again after the access was revoked in Manage Accounts", async () => {
		await b.signIn(b.app(), ada);
		await command("accessToken");
		await chooseInAccountMenu("@ada_dev", revoke);
		assert.ok(!(await accountMenu("@ada_dev")).some(({ label }) => revoke.test(label)));
		pressed = undefined;
		await refused(command("accessToken"), "Cancelled");
		assert.equal(questions.length, 2);
	});

	it("asks once where several ask at the same time", async () => {
		await b.signIn(b.app(), ada);
		const [one, two] = await Promise.all([command<string>("accessToken"), command<string>("accessToken")]);
		assert.ok(one);
		assert.equal(one, two);
		assert.equal(questions.length, 1);
	});

	it("renews a token that has too little time left", async () => {
		b.x.switches.expiresIn = 2;
		const app = b.app();
		await b.signIn(app, ada);
		const first = b.x.liveGrant(app.clientId, ada)?.accessToken;
		await sleep(1100);
		b.x.switches.expiresIn = 7200;
		const token = await command("accessToken");
		assert.notEqual(token, first);
		assert.equal(token, b.x.liveGrant(app.clientId, ada)?.accessToken);
	});

	it("says so where no account is signed in, without a question", async () => {
		await refused(command("accessToken"), "NoAccount");
		await b.signIn(b.app(), ada);
		await refused(command("accessToken", { account: "@nobody" }), "NoAccount");
		assert.equal(questions.length, 0);
	});

	it("gives nothing in a workspace that is not trusted, without a question, also where it was allowed before", async () => {
		await b.signIn(b.app(), ada);
		await command("accessToken");
		await untrusted(() => refused(command("accessToken"), "AccessDenied"));
		assert.equal(questions.length, 1);
	});

	it("takes a whole launch configuration for its argument, as VS Code passes it", async () => {
		await b.signIn(b.app(), ada);
		const configuration = { type: "node", request: "launch", name: "x", code: 1, scopes: {}, revoke: "no" };
		assert.ok(await command("accessToken", configuration));
	});

	describe("in tasks.json", () => {
		const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? assert.fail();
		const out = join(folder, "environment");
		// Whole or not at all: the file is being waited for.
		const script = `const { writeFileSync, renameSync } = require("fs"), [, out] = process.argv;
			writeFileSync(out + "~", process.env.DIRECT + " " + process.env.BY_INPUT);
			renameSync(out + "~", out);`;
		const tasks = {
			version: "2.0.0",
			tasks: [
				{
					label: "write the token",
					type: "process",
					command: process.execPath,
					args: ["-e", script, out],
					options: {
						env: {
							ELECTRON_RUN_AS_NODE: "1",
							// biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code's variables
							DIRECT: "${command:twitterTokens.accessToken}",
							// biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code's variables
							BY_INPUT: "${input:graceToken}",
						},
					},
				},
			],
			inputs: [
				{ id: "graceToken", type: "command", command: "twitterTokens.accessToken", args: { account: "@grace_dev" } },
			],
		};

		before(async () => {
			await mkdir(join(folder, ".vscode"), { recursive: true });
			await writeFile(join(folder, ".vscode/tasks.json"), JSON.stringify(tasks));
		});
		after(() => rm(join(folder, ".vscode"), { recursive: true }));
		afterEach(() => rm(out, { force: true }));

		const run = async () => {
			const task = await until(
				async () => (await vscode.tasks.fetchTasks()).find(({ name }) => name === "write the token"),
				"the task of tasks.json",
			);
			return vscode.tasks.executeTask(task);
		};

		it("is the token of the default account, and by an input that of the account it names", async () => {
			const app = b.app();
			await b.signIn(app, ada);
			await b.signIn(app, grace);
			await run();
			const text = await until(() => readFile(out, "utf8").catch(() => undefined), "the task has run");
			const tokenOf = (user: string) => b.x.liveGrant(app.clientId, user)?.accessToken;
			assert.equal(text, `${tokenOf(ada)} ${tokenOf(grace)}`);
			assert.equal(questions.length, 2);
		});

		it("does not run where the user refuses", async () => {
			await b.signIn(b.app(), ada);
			pressed = undefined;
			void run().catch(() => {});
			await until(() => questions.length > 0, "the question");
			await sleep(1000);
			await assert.rejects(readFile(out, "utf8"), { code: "ENOENT" });
		});
	});
});
