import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { createTerminals, type Terminals, type TerminalsParts } from "../../src/surfaces/terminals.ts";
import type { Account } from "../../src/vault/records.ts";
import { accountMenu, chooseInAccountMenu, untrusted } from "./accountMenu.ts";
import { ada, bench, command, grace, until } from "./support.ts";

const use = /Use in This Workspace's Terminals/;
const stop = /Stop Using in Terminals/;

let runs = 0;

const name = (what: string) => join(tmpdir(), `twitter-tokens-${process.pid}-${what}`);
const program = name("write.cjs");

/** A program that writes its environment, whole or not at all: the file is being waited for. */
const source = `
const { renameSync, writeFileSync } = require("node:fs");
const [file] = process.argv.slice(2);
writeFileSync(file + "~", JSON.stringify(process.env));
renameSync(file + "~", file);
`;
const newFile = () => name(`${++runs}.json`);

async function written(file: string): Promise<NodeJS.ProcessEnv> {
	const text = await until(() => readFile(file, "utf8").catch(() => undefined), "the environment is written");
	await rm(file);
	return JSON.parse(text);
}

/** What a program finds that is started in a new terminal. */
async function terminalEnvironment(): Promise<NodeJS.ProcessEnv> {
	const file = newFile();
	const env = { ELECTRON_RUN_AS_NODE: "1" };
	const terminal = vscode.window.createTerminal({ shellPath: process.execPath, shellArgs: [program, file], env });
	try {
		return await written(file);
	} finally {
		terminal.dispose();
	}
}

/** What a shell task finds. */
async function taskEnvironment(): Promise<NodeJS.ProcessEnv> {
	const file = newFile();
	const execution = new vscode.ShellExecution(process.execPath, [program, file], {
		env: { ELECTRON_RUN_AS_NODE: "1" },
	});
	const task = new vscode.Task({ type: "shell" }, vscode.TaskScope.Workspace, `env ${file}`, "test", execution);
	await vscode.tasks.executeTask(task);
	return written(file);
}

describe("the access token in terminals", () => {
	const b = bench();

	before(() => writeFile(program, source));
	after(() => rm(program));

	afterEach(async () => {
		for (const handle of ["@ada_dev", "@grace_dev"]) {
			const menu = await accountMenu(handle);
			if (menu.some(({ label }) => stop.test(label))) await chooseInAccountMenu(handle, stop);
		}
	});

	it("is not there unless it was switched on", async () => {
		await b.signIn(b.app(), ada);
		assert.equal((await terminalEnvironment()).X_ACCESS_TOKEN, undefined);
	});

	it("is in new terminals and shell tasks, and nothing else of the account is", async () => {
		const app = b.app({ secret: "-AnotherSecretOfTheEmulator_0123456789-abcdefghijk" });
		await b.signIn(app, ada);
		const item = (await accountMenu("@ada_dev")).find(({ label }) => use.test(label));
		assert.match(item?.detail ?? "", /X_ACCESS_TOKEN/, "says what it hands out before it does");
		await chooseInAccountMenu("@ada_dev", use);

		const grant = b.x.liveGrant(app.clientId, ada);
		assert.ok(grant?.accessToken && grant.refreshToken);
		const found = await terminalEnvironment();
		assert.equal(found.X_ACCESS_TOKEN, grant.accessToken);
		const text = JSON.stringify(found);
		assert.ok(!text.includes(grant.refreshToken) && !text.includes(app.clientSecret ?? assert.fail()));
		assert.equal((await taskEnvironment()).X_ACCESS_TOKEN, grant.accessToken);
	});

	it("is in the environment of a shell's process", async function () {
		if (process.platform !== "linux") this.skip();
		const app = b.app();
		await b.signIn(app, ada);
		await chooseInAccountMenu("@ada_dev", use);
		const terminal = vscode.window.createTerminal();
		const pid = await terminal.processId;
		const environment = (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0");
		terminal.dispose();
		assert.ok(environment.includes(`X_ACCESS_TOKEN=${b.x.liveGrant(app.clientId, ada)?.accessToken}`));
	});

	it("is the new one after a renewal", async () => {
		const app = b.app();
		await b.signIn(app, ada);
		await chooseInAccountMenu("@ada_dev", use);
		const first = (await terminalEnvironment()).X_ACCESS_TOKEN;
		await command("refreshToken");
		const current = b.x.liveGrant(app.clientId, ada)?.accessToken;
		assert.notEqual(first, current);
		await until(async () => (await terminalEnvironment()).X_ACCESS_TOKEN === current, "the new token");
	});

	it("counts as use: it is renewed by itself though nothing shows the account", async () => {
		const app = b.app();
		await b.configure({ statusBar: "never", "refresh.automatic": true });
		b.x.switches.expiresIn = 4;
		await b.signIn(app, ada);
		await chooseInAccountMenu("@ada_dev", use);
		const requests = b.tokenRequests().length;
		await until(() => b.tokenRequests().length > requests, "a renewal that nobody asked for", 15_000);
		b.x.switches.expiresIn = 7200;
		await until(
			async () => (await terminalEnvironment()).X_ACCESS_TOKEN === b.x.liveGrant(app.clientId, ada)?.accessToken,
			"the new token",
		);
	});

	it("is gone after it was switched off", async () => {
		await b.signIn(b.app(), ada);
		await chooseInAccountMenu("@ada_dev", use);
		assert.ok((await terminalEnvironment()).X_ACCESS_TOKEN);
		await chooseInAccountMenu("@ada_dev", stop);
		assert.equal((await terminalEnvironment()).X_ACCESS_TOKEN, undefined);
	});

	it("is gone after a sign-out", async () => {
		await b.signIn(b.app(), ada);
		await chooseInAccountMenu("@ada_dev", use);
		assert.ok((await terminalEnvironment()).X_ACCESS_TOKEN);
		await command("signOut");
		await until(async () => (await terminalEnvironment()).X_ACCESS_TOKEN === undefined, "no token");
	});

	it("is gone when the account has to sign in again", async () => {
		const app = b.app();
		await b.signIn(app, ada);
		await chooseInAccountMenu("@ada_dev", use);
		b.x.userRevokes(app.clientId, ada);
		await assert.rejects(command("refreshToken"), { code: "GrantLost" });
		await until(async () => (await terminalEnvironment()).X_ACCESS_TOKEN === undefined, "no token");
	});

	it("is one account's at a time", async () => {
		const app = b.app();
		await b.signIn(app, ada);
		await b.signIn(app, grace);
		await chooseInAccountMenu("@ada_dev", use);
		await chooseInAccountMenu("@grace_dev", use);
		assert.equal((await terminalEnvironment()).X_ACCESS_TOKEN, b.x.liveGrant(app.clientId, grace)?.accessToken);
		assert.ok(
			(await accountMenu("@ada_dev")).some(({ label }) => use.test(label)),
			"Ada's is off",
		);
	});

	it("has the names of the setting, but none that programs use for themselves", async () => {
		const app = b.app();
		await b.signIn(app, ada);
		await chooseInAccountMenu("@ada_dev", use);
		await b.configure({ "terminal.variables": ["BEARER_TOKEN", "MY_TOKEN", "PATH", "NODE_OPTIONS"] });
		const token = b.x.liveGrant(app.clientId, ada)?.accessToken ?? assert.fail();
		const found = await until(async () => {
			const environment = await terminalEnvironment();
			return environment.BEARER_TOKEN ? environment : undefined;
		}, "the new names");
		assert.equal(found.BEARER_TOKEN, token);
		assert.equal(found.MY_TOKEN, token);
		assert.equal(found.X_ACCESS_TOKEN, undefined);
		assert.ok(!found.PATH?.includes(token));
		assert.ok(!found.NODE_OPTIONS?.includes(token));
	});

	it("cannot be switched on in a workspace that is not trusted", async () => {
		await b.signIn(b.app(), ada);
		await untrusted(async () => {
			assert.ok(!(await accountMenu("@ada_dev")).some(({ label }) => use.test(label)));
		});
		assert.equal((await terminalEnvironment()).X_ACCESS_TOKEN, undefined);
	});
});

/** Over one account and an environment in a map. */
describe("the access token in terminals, by itself", () => {
	const account = (more: Partial<Account> = {}): Account => ({
		id: "0000000a",
		clientId: "the-client",
		tokenEndpoint: "https://api.x.com/2/oauth2/token",
		user: { id: "1", handle: "ada" },
		tokens: {
			accessToken: "the-access-token",
			scopes: [],
			issuedAt: Date.now(),
			expiresAt: Date.now() + 7_200_000,
			response: { access_token: "the-access-token" },
		},
		...more,
	});
	const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

	function start(state: Map<string, unknown>, fresh: () => Promise<Account> = async () => account()) {
		const changed = new vscode.EventEmitter<void>();
		const variables = new Map<string, { value: string }>();
		const persistence: boolean[] = [];
		let persistent = true;
		let replacements = 0;
		const terminals: Terminals = createTerminals({
			vault: { accounts: async () => [account()], account: async () => account(), onDidChange: changed.event },
			renewer: { fresh },
			state: {
				get: (key: string) => state.get(key),
				update: async (key: string, value: unknown) => {
					if (value === undefined) state.delete(key);
					else state.set(key, value);
				},
			},
			collection: {
				get persistent() {
					return persistent;
				},
				set persistent(value) {
					persistent = value;
				},
				description: undefined,
				get: (name: string) => variables.get(name),
				replace: (name: string, value: string) => {
					replacements++;
					persistence.push(persistent);
					variables.set(name, { value });
				},
				delete: (name: string) => variables.delete(name),
				forEach: (look: (name: string) => void) => {
					for (const name of [...variables.keys()]) look(name);
				},
			},
			log: { info() {}, warn() {} },
		} as unknown as TerminalsParts);
		return { terminals, variables, persistence, changed, replacements: () => replacements };
	}

	const given = () => new Map<string, unknown>([["twitterTokens.terminalAccount", "0000000a"]]);

	it("is set at the start where it was on before, and never in a collection that VS Code writes to disk", async () => {
		const { terminals, variables, persistence } = start(given());
		await settled();
		assert.deepEqual([...variables], [["X_ACCESS_TOKEN", { value: "the-access-token" }]]);
		assert.deepEqual(persistence, [false]);
		terminals.dispose();
	});

	it("is not set, and not even asked for, in a workspace that is not trusted, though it was on before", async () => {
		await untrusted(async () => {
			let asked = 0;
			const { terminals, variables } = start(given(), async () => {
				asked++;
				return account();
			});
			await settled();
			assert.equal(asked, 0);
			assert.deepEqual([...variables], []);
			await assert.rejects(terminals.switchOn(account()), { code: "AccessDenied" });
			assert.deepEqual([...variables], []);
			terminals.dispose();
		});
	});

	it("keeps nothing but the account's id", async () => {
		const state = new Map<string, unknown>();
		const { terminals } = start(state);
		await terminals.switchOn(account());
		assert.deepEqual([...state.values()], ["0000000a"]);
		await terminals.switchOff();
		assert.deepEqual([...state], []);
		terminals.dispose();
	});

	it("is not set again by the same value: that would call every terminal stale", async () => {
		const { terminals, changed, replacements } = start(given());
		await settled();
		changed.fire();
		await settled();
		assert.equal(replacements(), 1);
		terminals.dispose();
	});

	it("is not set by a renewal that ends after it was switched off", async () => {
		let answer: ((account: Account) => void) | undefined;
		const { terminals, variables, replacements } = start(
			given(),
			() =>
				new Promise((resolve) => {
					answer = resolve;
				}),
		);
		await settled();
		const off = terminals.switchOff();
		answer?.(account());
		await off;
		assert.deepEqual([...variables], []);
		assert.equal(replacements(), 0, "not for a moment either");
		terminals.dispose();
	});

	it("is taken away when an expired token cannot be renewed", async () => {
		let fails = false;
		const { terminals, variables, changed } = start(given(), async () => {
			if (fails) throw new Error("no network");
			return account();
		});
		await settled();
		assert.equal(variables.size, 1);
		fails = true;
		changed.fire();
		await settled();
		assert.equal(variables.size, 0);
		terminals.dispose();
	});
});
