import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { type App, clientIdOf, defaultRedirectUris } from "../emulator/apps.ts";
import { type Emulator, startEmulator } from "../emulator/emulator.ts";
import { findSecret, note } from "./secrets.ts";

/** Ada and Grace of the emulator. */
export const ada = "1965012345678901235";
export const grace = "1965012345678901237";

export const callbackUrl = `${vscode.env.uriScheme}://twitter-tokens.twitter-tokens/callback`;

/** An account as a command answers it (contract, "Commands"). */
export interface Summary {
	readonly id: string;
	readonly label: string;
	readonly handle?: string;
	readonly name?: string;
	readonly clientId: string;
	readonly scopes: readonly string[];
	readonly expiresAt: string;
	readonly state: string;
}

/** X's token response. */
export interface Tokens {
	readonly access_token: string;
	readonly refresh_token: string;
}

export interface Auth {
	readonly client_id: string;
	readonly redirect_uri: string;
	readonly client_secret?: string;
}

/** An app that no other test uses: nothing of it is pending, and no account of it is there. */
export interface TestApp extends App {
	readonly auth: Auth;
}

/** Calls a command as another extension does. */
export function command<T>(name: string, argument?: unknown): Promise<T> {
	return Promise.resolve(vscode.commands.executeCommand<T>(`twitterTokens.${name}`, argument));
}

/** Waits until something is as it should be and returns it. */
export async function until<T>(look: () => T | Promise<T>, what: string, limit = 8000): Promise<NonNullable<T>> {
	const deadline = Date.now() + limit;
	for (;;) {
		const seen = await look();
		if (seen !== undefined && seen !== null && seen !== false) return seen;
		if (Date.now() > deadline) throw new Error(`Waited in vain: ${what}`);
		await sleep(10);
	}
}

/** The error of a command that must fail, with its code; it must not give away a secret. */
export async function refused(promise: Promise<unknown>, code: string): Promise<Error> {
	let result: unknown;
	try {
		result = await promise;
	} catch (error) {
		assert.ok(error instanceof Error, `not an Error: ${error}`);
		assert.equal((error as { code?: unknown }).code, code, error.message);
		assert.ok(error.message.length > 20, "the message tells what to do");
		assert.equal(findSecret([error.message, error.stack, JSON.stringify(error)].join("\n")), undefined);
		return error;
	}
	return assert.fail(`${code} expected, got ${JSON.stringify(result)}`);
}

/** Hands a redirect to the editor as the operating system would. */
export async function deliver(address: string | undefined): Promise<void> {
	assert.ok(address, "there is no redirect");
	await vscode.commands.executeCommand("vscode.open", vscode.Uri.parse(address, true));
}

/** Answers the way a browser gets. */
export async function visit(address: string | undefined): Promise<{ status: number; text: string }> {
	assert.ok(address, "there is no redirect");
	const response = await fetch(address);
	return { status: response.status, text: await response.text() };
}

export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	assert.ok(typeof address === "object" && address);
	return address.port;
}

export function stateOf(address: string): string {
	const state = new URL(address).searchParams.get("state");
	assert.ok(state);
	return state;
}

/** The access token of an account, the way a program can get it: through the clipboard. */
export async function accessTokenOf(account?: string): Promise<string> {
	await command("copyAccessToken", account === undefined ? {} : { account });
	return vscode.env.clipboard.readText();
}

export async function assertNoAccount(): Promise<void> {
	await refused(command("copyAccessToken"), "NoAccount");
}

/** Exactly the contract's shape; what is not given is not looked at, but for the set of keys. */
export function assertSummary(actual: Summary, expected: Omit<Summary, "id" | "expiresAt">): void {
	const { id, expiresAt } = actual;
	assert.match(id, /^\w+$/);
	assert.equal(new Date(expiresAt).toISOString(), expiresAt);
	assert.deepEqual(actual, { id, expiresAt, ...expected });
}

export interface Bench {
	/** Fresh for each test: without requests, faults and grants. */
	readonly x: Emulator;
	/** The links that were opened in the browser since the test began. */
	readonly opened: string[];
	/** What `openExternal` does; back to opening after each test. */
	browser: (link: string) => Promise<boolean>;
	/** Registers an app at X. */
	app(options?: { secret?: string; redirectUri?: string; redirectUris?: string[] }): TestApp;
	/** Sets settings until the end of the test. */
	configure(settings: Record<string, unknown>, target?: vscode.ConfigurationTarget): Promise<void>;
	/** Begins a sign-in with the browser and waits until its page is open. */
	begin(auth: unknown, more?: object): Promise<{ readonly link: string; readonly result: Promise<Summary> }>;
	/** A whole sign-in by the URI handler. */
	signIn(app: TestApp, userId?: string): Promise<Summary>;
	/** An account, the shortest way. */
	have(app: TestApp, userId?: string): Promise<Tokens>;
	/** A code of an OpenIntegrations link: `state` and `challenge` in clear. */
	foreignCode(app: TestApp, options?: { verifier?: string; userId?: string; redirectUri?: string }): string;
	tokenRequests(): Emulator["requests"];
}

export interface BenchOptions {
	/** The emulator's; a free one unless given. */
	readonly port?: () => Promise<number>;
	/** The accounts of the last test stay signed in. */
	readonly leaves?: boolean;
	/** Accounts stay signed in from one test to the next. */
	readonly keeps?: boolean;
}

/** The emulator in place of X and the window's doors in the test's hand. To be called in a `describe`. */
export function bench({ port, leaves, keeps }: BenchOptions = {}): Bench {
	let emulator: Emulator | undefined;
	let openExternal: typeof vscode.env.openExternal | undefined;
	const changed = new Map<string, { name: string; target: vscode.ConfigurationTarget }>();
	/** A prompt may be open. */
	let prompts = false;
	const x = () => {
		assert.ok(emulator, "the emulator runs during tests only");
		return emulator;
	};

	before(async () => {
		emulator = listening(await startEmulator(port ? { port: await port() } : {}));
		openExternal = vscode.env.openExternal;
		// A string comes: the product keeps VS Code from decoding the link.
		Object.assign(vscode.env, { openExternal: (link: unknown) => self.browser(String(link)) });
		await base(emulator);
	});
	afterEach(async () => {
		if (prompts) await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
		prompts = false;
		x().clearFaults();
		// The endpoints first: without good ones nobody is signed out.
		const settings = new Map<string, unknown>(Object.entries(baseSettings(x())));
		for (const [key, { name, target }] of changed) {
			await update(name, target === vscode.ConfigurationTarget.Global ? settings.get(name) : undefined, target);
			changed.delete(key);
		}
		if (!(leaves || keeps)) await signOutAll();
		x().reset();
		self.opened.length = 0;
		self.browser = open;
	});
	after(async () => {
		Object.assign(vscode.env, { openExternal });
		for (const name of Object.keys(baseSettings(x()))) await update(name, undefined, vscode.ConfigurationTarget.Global);
		await emulator?.close();
	});

	const open = async (link: string) => {
		self.opened.push(link);
		return true;
	};

	const self: Bench = {
		get x() {
			return x();
		},
		opened: [],
		browser: open,
		app({ secret, redirectUri = callbackUrl, redirectUris = [] } = {}) {
			const app: App = {
				name: "An app of a test",
				clientId: clientIdOf(randomBytes(10).toString("hex")),
				redirectUris: [...new Set([...defaultRedirectUris, callbackUrl, redirectUri, ...redirectUris])],
				...(secret === undefined ? {} : { clientSecret: secret }),
			};
			if (secret) note(secret);
			x().apps.push(app);
			const auth = { client_id: app.clientId, redirect_uri: redirectUri };
			return { ...app, auth: secret ? { ...auth, client_secret: secret } : auth };
		},
		async configure(settings, target = vscode.ConfigurationTarget.Global) {
			for (const [name, value] of Object.entries(settings)) {
				changed.set(`${target} ${name}`, { name, target });
				await update(name, value, target);
			}
		},
		async begin(auth, more = {}) {
			prompts = true;
			const before = self.opened.length;
			const result = command<Summary>("signIn", { auth, ...more });
			// Who waits for the page must hear of a failure before it.
			const link = await Promise.race([
				until(() => self.opened[before], "the browser is opened"),
				result.then(() => assert.fail("signed in without a page")),
			]);
			result.catch(() => {});
			note(stateOf(link));
			return { link, result };
		},
		async signIn(app, userId) {
			const { link, result } = await self.begin(app.auth);
			await deliver(x().approve(link, userId));
			return result;
		},
		async have(app, userId) {
			const code = self.foreignCode(app, userId === undefined ? {} : { userId });
			return command<Tokens>("getToken", { code, auth: app.auth });
		},
		foreignCode(app, { verifier = "challenge", userId, redirectUri = app.auth.redirect_uri } = {}) {
			const bound = { clientId: app.clientId, redirectUri, challenge: verifier, method: "plain" as const };
			return x().issueCode(userId === undefined ? bound : { ...bound, userId });
		},
		tokenRequests: () => x().requests.filter(({ path }) => path === "/2/oauth2/token"),
	};
	return self;
}

const baseSettings = (x: Emulator) => ({
	endpoints: x.endpoints,
	// Requests are counted.
	"refresh.automatic": false,
});

async function base(x: Emulator): Promise<void> {
	for (const [name, value] of Object.entries(baseSettings(x))) {
		await update(name, value, vscode.ConfigurationTarget.Global);
	}
}

async function update(name: string, value: unknown, target: vscode.ConfigurationTarget): Promise<void> {
	await vscode.workspace.getConfiguration("twitterTokens").update(name, value, target);
}

async function signOutAll(): Promise<void> {
	for (;;) {
		try {
			await command("signOut", {});
		} catch (error) {
			if ((error as { code?: unknown }).code === "NoAccount") return;
			throw error;
		}
	}
}

/** Notes every secret that comes out of the emulator or reaches it. */
function listening(x: Emulator): Emulator {
	const noteRequests = () => {
		for (const { form, headers } of x.requests) {
			for (const name of ["code", "code_verifier", "refresh_token", "token"]) note(form[name]);
			note(headers.authorization?.replace(/^\w+ /, ""));
		}
	};
	const noteAddress = (address: string | undefined) => {
		const query = address === undefined ? undefined : new URL(address).searchParams;
		note(query?.get("code") ?? undefined);
		note(query?.get("state") ?? undefined);
		return address;
	};
	return Object.create(x, {
		approve: {
			value: (link: string, userId?: string) => {
				const address = x.approve(link, userId);
				noteAddress(address);
				return address;
			},
		},
		deny: { value: (link: string) => noteAddress(x.deny(link)) },
		issueCode: {
			value: (request: Parameters<Emulator["issueCode"]>[0]) => {
				const code = x.issueCode(request);
				note(code);
				return code;
			},
		},
		reset: {
			value: () => {
				noteRequests();
				x.reset();
			},
		},
	});
}

/** Puts functions of `vscode.window` in place of VS Code's until the end of the `describe`. */
export function replaceInWindow<K extends "createInputBox" | "showQuickPick" | "showErrorMessage">(
	name: K,
	make: (original: (typeof vscode.window)[K]) => unknown,
): void {
	const original = vscode.window[name];
	before(() => void Object.assign(vscode.window, { [name]: make(original) }));
	after(() => void Object.assign(vscode.window, { [name]: original }));
}
