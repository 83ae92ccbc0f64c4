import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { TwitterTokensError } from "../../src/oauth/errors.ts";
import { createMcpServerProvider, type McpServerParts, registerMcpServer } from "../../src/surfaces/mcpServer.ts";
import type { Account } from "../../src/vault/records.ts";
import { ada, bench, command, refused, replaceInWindow, until } from "./support.ts";

/** What a person was shown: text and buttons. */
const messages: string[][] = [];

/** VS Code's own client starts the server and calls its tool. */
describe("X's MCP server, through VS Code's own client", () => {
	const b = bench();
	const serverId = "twitter-tokens.twitter-tokens/X API (Twitter Tokens)";
	replaceInWindow(
		"showErrorMessage",
		() =>
			async (...texts: string[]) =>
				void messages.push(texts),
	);
	before(async function () {
		const offered = await vscode.commands.getCommands(true);
		if (!offered.includes("workbench.mcp.startServer")) this.skip();
	});
	/** The bench forgets its own before the hook below. */
	const pages: string[] = [];
	let signIns = 0;
	beforeEach(() => {
		messages.length = pages.length = signIns = 0;
		b.browser = async (link) => {
			pages.push(link);
			return b.opened.push(link) > 0;
		};
	});
	afterEach(async () => {
		assert.equal(pages.length, signIns, "only the test itself has opened the browser, to sign in");
		// The bench has taken back the setting; the next test begins without the tool.
		await until(() => tool() === undefined, "VS Code has let go of the server");
	});

	const mcpRequests = () => b.x.requests.filter(({ path }) => path === "/mcp");
	const authorizations = () => [...new Set(mcpRequests().map(({ headers }) => headers.authorization))];
	const tool = () => vscode.lm.tools.find(({ name }) => name.endsWith("_who_am_i"));
	const handshakes = () => mcpRequests().filter(({ outcome }) => outcome === "mcp initialize");
	/** As "Start" in VS Code's list of servers. A server that VS Code does not know, or that runs, is left as it is. */
	const start = async () => void (await vscode.commands.executeCommand("workbench.mcp.startServer", serverId));

	async function signIn(): Promise<{ accessToken: () => string; clientId: string }> {
		const app = b.app();
		signIns++;
		await b.signIn(app);
		const { clientId } = app;
		return { clientId, accessToken: () => `Bearer ${b.x.liveGrant(clientId, ada)?.accessToken}` };
	}

	/** Starts it as soon as VS Code knows it. */
	async function started(times = 1): Promise<void> {
		const look = async () => {
			await start();
			// The last thing that VS Code asks by itself; the tool alone may be one it remembers.
			return mcpRequests().filter(({ outcome }) => outcome === "mcp tools/list").length >= times && tool();
		};
		await until(look, `handshake ${times}`);
	}

	async function whoAmI(): Promise<unknown> {
		const { content } = await vscode.lm.invokeTool(tool()?.name ?? "", { input: {}, toolInvocationToken: undefined });
		const [part] = content;
		assert.ok(part instanceof vscode.LanguageModelTextPart);
		return JSON.parse(part.value);
	}

	it("is not there unless the user switched it on", async () => {
		await signIn();
		for (let tries = 0; tries < 10; tries++) {
			await start();
			await sleep(50);
		}
		assert.equal(tool(), undefined);
		assert.deepEqual(mcpRequests(), []);
	});

	it("answers a tool call for the default account, and is gone when switched off", async () => {
		const { accessToken } = await signIn();
		await b.configure({ "mcp.enabled": true });
		await started();
		assert.deepEqual(await whoAmI(), { id: ada, name: "Ada", username: "ada_dev" });
		assert.deepEqual(authorizations(), [accessToken()]);
		assert.equal(b.x.counters.outcomes["mcp tools/call"], 1);
		await b.configure({ "mcp.enabled": false });
		await until(() => tool() === undefined, "the tool is gone");
		const before = mcpRequests().length;
		await start();
		assert.equal(mcpRequests().length, before);
		assert.deepEqual(messages, []);
	});

	it("gets the new token after a renewal: VS Code stops the one that runs with the old", async () => {
		const { accessToken } = await signIn();
		await b.configure({ "mcp.enabled": true });
		await started();
		const old = accessToken();
		await command("refreshToken", {});
		assert.notEqual(accessToken(), old);
		await started(2);
		assert.equal(handshakes()[1]?.headers.authorization, accessToken());
		assert.deepEqual(await whoAmI(), { id: ada, name: "Ada", username: "ada_dev" });
		assert.equal(mcpRequests().at(-1)?.headers.authorization, accessToken());
	});

	it("is started with a token that has the lead time left, and goes on though that took a renewal", async () => {
		b.x.switches.expiresIn = 4;
		const { accessToken } = await signIn();
		const old = accessToken();
		b.x.switches.expiresIn = 7200;
		// Half of its life: what a short token's lead time is.
		await sleep(2100);
		await b.configure({ "mcp.enabled": true });
		await started();
		assert.equal(b.x.counters.successfulRefreshes, 1);
		assert.notEqual(accessToken(), old);
		assert.deepEqual(authorizations(), [accessToken()]);
		for (let tries = 0; tries < 10; tries++) {
			await start();
			await sleep(100);
		}
		assert.equal(handshakes().length, 1, "it was not stopped");
		assert.deepEqual(await whoAmI(), { id: ada, name: "Ada", username: "ada_dev" });
	});

	it("refuses to start without an account, says once which command to run, and sends nothing", async () => {
		await b.configure({ "mcp.enabled": true });
		const failed = async () => {
			try {
				await start();
			} catch (error) {
				return String(error);
			}
			return undefined;
		};
		const why = await until(failed, "VS Code knows the server");
		assert.match(why, /no X account is signed in\. Run the command "Twitter Tokens: Sign In with Browser"/);
		assert.match((await failed()) ?? "", /Sign In with Browser/);
		assert.deepEqual(
			messages.map(([text, ...buttons]) => [why.includes(text ?? "?"), ...buttons]),
			[[true, "Sign In", "Show Log"]],
		);
		assert.deepEqual(b.x.requests, []);
	});

	it("stops at the sign-out", async () => {
		await signIn();
		await b.configure({ "mcp.enabled": true });
		await started();
		const before = mcpRequests().length;
		await command("signOut", {});
		// Running it would answer, without a word, as it did before.
		const failed = () => start().then(() => false, String);
		assert.match(String(await until(failed, "it is stopped")), /no X account is signed in/);
		assert.equal(mcpRequests().length, before);
	});

	it("refuses to start when X accepts the grant no more", async () => {
		const { clientId } = await signIn();
		b.x.userRevokes(clientId, ada);
		await refused(command("refreshToken", {}), "GrantLost");
		await b.configure({ "mcp.enabled": true });
		const failed = () => start().then(() => false, String);
		assert.match(
			String(await until(failed, "VS Code knows the server")),
			/no longer accepts.*Run the command "Twitter Tokens: Sign In/,
		);
		assert.deepEqual(mcpRequests(), []);
		assert.equal(messages.length, 1);
	});
});

describe("X's MCP server, by itself", () => {
	const tokenEndpoint = "https://x.test/2/oauth2/token";
	const account = (issuedAt: number, changes: Partial<Account> = {}): Account => ({
		id: "0123abcd",
		clientId: "app",
		tokenEndpoint,
		tokens: {
			accessToken: `token-${issuedAt}`,
			refreshToken: "refresh",
			scopes: [],
			expiresAt: Date.now() + 7_200_000,
			issuedAt,
			response: { access_token: `token-${issuedAt}` },
		},
		...changes,
	});

	interface World {
		enabled: boolean;
		account: Account | undefined;
		api: string;
		/** What `fresh` does. */
		renew: () => Promise<void>;
		broken?: boolean;
	}

	/** The provider with a vault and a renewer of which the test is in charge. */
	function provider(world: World) {
		const listeners = new Set<() => void>();
		const seen = { reads: 0, fresh: 0, changes: 0, told: [] as TwitterTokensError[], lines: [] as string[] };
		const read = async () => {
			seen.reads++;
			if (world.broken) throw new TwitterTokensError("StorageUnavailable", "The storage is locked.");
			return world.account;
		};
		const log = (line: string) => void seen.lines.push(line);
		const parts = {
			vault: {
				defaultAccount: read,
				account: read,
				onDidChange(listener: () => void) {
					listeners.add(listener);
					return { dispose: () => void listeners.delete(listener) };
				},
			},
			renewer: {
				async fresh() {
					seen.fresh++;
					await world.renew();
					return world.account;
				},
			},
			endpoints: () => ({ authorize: "", token: tokenEndpoint, revoke: "", api: world.api }),
			enabled: () => world.enabled,
			tell: (error: TwitterTokensError) => void seen.told.push(error),
			log: { info: log, warn: log },
		} as unknown as McpServerParts;
		const made = createMcpServerProvider(parts);
		made.onDidChangeMcpServerDefinitions?.(() => void seen.changes++);
		const { token } = new vscode.CancellationTokenSource();
		const self = {
			seen,
			parts,
			definitions: async () => (await made.provideMcpServerDefinitions(token)) ?? [],
			async definition() {
				const [definition, ...more] = await self.definitions();
				assert.ok(definition && more.length === 0);
				return definition;
			},
			resolve: async (definition: vscode.McpHttpServerDefinition) =>
				made.resolveMcpServerDefinition?.(definition, token),
			/** Something in the vault changed. @returns how often VS Code was told */
			async change(to: Partial<World> = {}) {
				Object.assign(world, to);
				const before = seen.changes;
				for (const listener of listeners) listener();
				await sleep(10);
				return seen.changes - before;
			},
			dispose: () => made.dispose(),
			listeners,
		};
		return self;
	}

	const on = (changes: Partial<World> = {}): World => ({
		enabled: true,
		account: account(1),
		api: "https://x.test",
		renew: async () => {},
		...changes,
	});

	it("gives nothing and reads nothing while it is switched off", async () => {
		const p = provider(on({ enabled: false }));
		assert.deepEqual(await p.definitions(), []);
		assert.equal(await p.change(), 0);
		assert.equal(p.seen.reads, 0);
	});

	it("puts the token into a copy of the definition, when it is started and not before", async () => {
		const p = provider(on());
		const definition = await p.definition();
		assert.equal(definition.label, "X API (Twitter Tokens)");
		assert.equal(definition.uri.toString(), "https://x.test/mcp");
		assert.deepEqual(definition.headers, {});
		assert.equal(p.seen.fresh, 0);
		const resolved = await p.resolve(definition);
		assert.deepEqual(resolved?.headers, { Authorization: "Bearer token-1" });
		assert.equal(resolved?.uri.toString(), "https://x.test/mcp");
		assert.deepEqual([definition.headers, resolved?.version], [{}, definition.version]);
		assert.equal(p.seen.fresh, 1);
		assert.doesNotMatch(JSON.stringify([definition, await p.definitions(), p.seen.lines]), /token-/);
	});

	it("tells VS Code of what changes the definition, and of nothing else", async () => {
		const p = provider(on());
		assert.equal(await p.change({ account: account(0) }), 0, "VS Code has not asked yet");
		const versions = new Set([(await p.definition()).version]);
		assert.equal(await p.change({ account: account(0, { lastUsedAt: 5 }) }), 0, "a use is noted");
		for (const to of [
			{ account: account(2) },
			{ account: account(2, { id: "ffffffff" }) },
			{ account: undefined },
		] satisfies Partial<World>[]) {
			assert.equal(await p.change(to), 1);
			assert.equal(await p.change(), 0);
			versions.add((await p.definition()).version);
		}
		assert.equal(versions.size, 4);
		assert.equal(await p.change({ api: "https://other.test" }), 1);
		assert.equal(await p.change({ enabled: false }), 1);
		assert.equal(await p.change({ account: account(3) }), 0);
		assert.equal(await p.change({ enabled: true }), 1);
	});

	it("takes the renewal of its own start for no change, the next one for one", async () => {
		const world = on();
		const p = provider(world);
		world.renew = async () => {
			await p.change({ account: account(2) });
		};
		const definition = await p.definition();
		const resolved = await p.resolve(definition);
		assert.deepEqual(resolved?.headers, { Authorization: "Bearer token-2" });
		assert.equal(await p.change(), 0);
		assert.equal(p.seen.changes, 0);
		assert.deepEqual([resolved?.version, (await p.definition()).version], [definition.version, definition.version]);
		assert.equal(await p.change({ account: account(3) }), 1);
		assert.notEqual((await p.definition()).version, definition.version);
	});

	const signInNeeded = { since: 1, reason: "replacedElsewhere" } as const;
	const refusals: [string, Partial<World>, string, RegExp][] = [
		["without an account", { account: undefined }, "NoAccount", /Sign In with Browser/],
		["when sign-in is needed", { account: account(1, { signInNeeded }) }, "GrantLost", /Sign In with Browser/],
		[
			"when the renewal finds the grant dead",
			{ renew: () => Promise.reject(new TwitterTokensError("GrantLost", "Cannot be renewed.")) },
			"GrantLost",
			/Cannot be renewed\. Run the command "Twitter Tokens: Sign In with Browser"/,
		],
		[
			"when X cannot be asked",
			{ renew: () => Promise.reject(new TwitterTokensError("Network", "X cannot be reached. Try again.")) },
			"Network",
			/^X cannot be reached\. Try again\.$/,
		],
		[
			"with an access token whose time is over",
			{ account: { ...account(1), tokens: { ...account(1).tokens, expiresAt: Date.now() - 1 } } },
			"GrantLost",
			/has expired/,
		],
		[
			"with a token of another server",
			{ account: account(1, { tokenEndpoint: "https://y.test" }) },
			"InvalidAuthSettings",
			/not sent to https:\/\/x\.test/,
		],
		["with what the storage does not give", { broken: true }, "StorageUnavailable", /locked/],
		["after it was switched off", { enabled: false }, "AccessDenied", /twitterTokens\.mcp\.enabled/],
	];
	for (const [when, changes, code, message] of refusals) {
		it(`is listed, but not started, ${when}`, async () => {
			const world = on();
			const p = provider(world);
			Object.assign(world, changes);
			world.enabled = true;
			const definition = await p.definition();
			Object.assign(world, changes);
			await assert.rejects(p.resolve(definition), { code, message });
			assert.deepEqual(definition.headers, {});
			assert.deepEqual(
				p.seen.told.map((error) => error.code),
				[code],
			);
		});
	}

	it("tells a person once, and again when something has changed or it worked in between", async () => {
		const world = on({ account: undefined });
		const p = provider(world);
		const definition = await p.definition();
		const fail = async () => {
			await assert.rejects(p.resolve(definition));
			return p.seen.told.length;
		};
		assert.deepEqual([await fail(), await fail()], [1, 1]);
		await p.change({ account: account(1) });
		await p.change({ account: undefined });
		assert.deepEqual([await fail(), await fail()], [2, 2]);
		world.account = account(1);
		await p.resolve(definition);
		world.account = undefined;
		assert.equal(await fail(), 3);
	});

	it("listens no more when disposed", () => {
		const p = provider(on());
		assert.equal(p.listeners.size, 1);
		p.dispose();
		assert.equal(p.listeners.size, 0);
	});

	it("does nothing in an editor that knows no such servers", () => {
		const p = provider(on());
		const before = p.listeners.size;
		for (const lm of [undefined, {}]) registerMcpServer(p.parts, lm as unknown as typeof vscode.lm).dispose();
		assert.equal(p.listeners.size, before);
	});
});
