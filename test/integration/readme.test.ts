import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type ParseError, parse } from "jsonc-parser";
import * as vscode from "vscode";
import { installHttpyac } from "../host/httpyac.ts";
import { readmeBlock } from "../readme.ts";
import { withPerson } from "./dialogs.ts";
import { allowAccess } from "./extensionAccess.ts";
import { ada, bench, grace, until } from "./support.ts";

/** What is used here of the package `httpyac`. */
interface Httpyac {
	readonly cli: { initFileProvider(): void };
	readonly io: { readonly javascriptProvider: { readonly require: Record<string, unknown> } };
	readonly store: { readonly HttpFileStore: new () => FileStore };
	send(context: SendContext): Promise<boolean>;
}
interface FileStore {
	parse(name: string, text: string, options: { workingDir: string }): Promise<object>;
}
interface SendContext {
	readonly httpFile: object;
	readonly logResponse: (response: { readonly statusCode: number; readonly body: string } | undefined) => Promise<void>;
}

type Fetch = (address: string, init?: RequestInit) => Promise<Response>;

describe("what README.md shows, as it stands there", () => {
	const b = bench();
	const [workspace] = vscode.workspace.workspaceFolders ?? [];
	const folder = workspace?.uri.fsPath ?? assert.fail();
	const out = join(folder, "out");
	/** The program that the README's files start: tells which token it was given, and not the token. */
	const program = `const { createHash } = require("node:crypto");
		const digest = createHash("sha256").update(process.env.X_ACCESS_TOKEN ?? "").digest("hex");
		const fs = require("node:fs");
		// Whole or not at all: the file is being waited for.
		fs.writeFileSync(${JSON.stringify(`${out}~`)}, digest);
		fs.renameSync(${JSON.stringify(`${out}~`)}, ${JSON.stringify(out)});`;

	beforeEach(async () => {
		await mkdir(join(folder, ".vscode"), { recursive: true });
		await writeFile(join(folder, "post.js"), program);
	});
	afterEach(async () => {
		for (const name of [".vscode", "post.js", "out"]) await rm(join(folder, name), { recursive: true, force: true });
	});

	const tokenOf = (clientId: string, user = ada) => b.x.liveGrant(clientId, user)?.accessToken ?? assert.fail();
	/** Writes one of VS Code's files and waits for what the program in it wrote. */
	const running = async (name: string, words: string, start: () => Promise<unknown>) => {
		const text = readmeBlock("jsonc", words);
		const errors: ParseError[] = [];
		parse(text, errors);
		assert.deepEqual(errors, []);
		await writeFile(join(folder, ".vscode", name), text);
		const seen = await withPerson({ confirms: [/^Allow$/] }, async () => {
			await start();
			await until(() => readFile(out, "utf8").catch(() => undefined), `post.js of ${name} has run`, 15_000);
		});
		assert.match(seen.questions[0] ?? "", /@ada_dev/);
		return readFile(out, "utf8");
	};
	const digest = (text: string) => createHash("sha256").update(text).digest("hex");

	it("tasks.json hands the token of the account it names to the program", async () => {
		const app = b.app();
		await b.signIn(app, grace);
		await b.signIn(app, ada);
		const written = await running("tasks.json", "tasks", async () => {
			const task = await until(
				async () => (await vscode.tasks.fetchTasks()).find(({ name }) => name === "post"),
				"the task of tasks.json",
			);
			await vscode.tasks.executeTask(task);
		});
		assert.equal(written, digest(tokenOf(app.clientId)));
	});

	it("launch.json hands the token of the default account to the program", async function () {
		if (!vscode.extensions.getExtension("ms-vscode.js-debug")) this.skip();
		this.timeout(40_000);
		const app = b.app();
		await b.signIn(app, ada);
		const ended = new Promise<void>((done) => {
			const watching = vscode.debug.onDidTerminateDebugSession(() => {
				watching.dispose();
				done();
			});
		});
		const written = await running("launch.json", "configurations", () =>
			until(async () => vscode.debug.startDebugging(workspace, "post"), "the configuration of launch.json"),
		);
		await ended;
		assert.equal(written, digest(tokenOf(app.clientId)));
	});

	it("getSession gives another extension a token that X takes", async () => {
		await b.signIn(b.app(), ada);
		await allowAccess(["tweet.read"]);
		const answers: Response[] = [];
		const toEmulator: Fetch = async (address, init) => {
			const answer = await fetch(address.replace("https://api.x.com", b.x.origin), init);
			answers.push(answer);
			return answer;
		};
		const AsyncFunction = (async () => {}).constructor as new (
			...source: readonly string[]
		) => (api: typeof vscode, fetch: Fetch) => Promise<void>;
		await new AsyncFunction("vscode", "fetch", readmeBlock("ts", "getSession"))(vscode, toEmulator);
		assert.match((await answers[0]?.text()) ?? "", /"username":"ada_dev"/);
	});

	describe("for httpYac in VS Code", () => {
		let httpyac: Httpyac;
		before(async function () {
			if (process.platform === "win32") this.skip();
			this.timeout(300_000);
			httpyac = createRequire(join(await installHttpyac(), "package.json"))("httpyac");
			httpyac.cli.initFileProvider();
			// As its extension does.
			httpyac.io.javascriptProvider.require.vscode = vscode;
		});

		/** @returns X's answers */
		const send = async () => {
			const block = readmeBlock("http", "Authorization");
			const text = block.replace("@host = https://api.x.com\n", `@host = ${b.x.origin}\n`);
			const store = new httpyac.store.HttpFileStore();
			const httpFile = await store.parse(join(folder, "me.http"), text, { workingDir: folder });
			const answers: string[] = [];
			await httpyac.send({
				httpFile,
				logResponse: async (response) => void answers.push(`${response?.statusCode} ${response?.body}`),
			});
			return answers;
		};

		it("the request has the token, after the question", async () => {
			await b.signIn(b.app(), ada);
			let answers: string[] = [];
			const seen = await withPerson({ confirms: [/^Allow$/] }, async () => {
				answers = await send();
			});
			assert.match(seen.questions[0] ?? "", /@ada_dev/);
			assert.match(answers.join("\n"), /^200 .*"username":"ada_dev"/);
			const before = b.x.counters.usersMeRequests;
			await send();
			assert.equal(b.x.counters.usersMeRequests, before + 1, "asked again");
		});

		it("no request leaves where the answer is no", async () => {
			await b.signIn(b.app(), ada);
			const before = b.x.counters.usersMeRequests;
			await withPerson({ confirms: [undefined] }, () => send().catch(() => {}));
			assert.equal(b.x.counters.usersMeRequests, before);
		});
	});
});
