import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { TwitterTokensError } from "../../src/oauth/errors.ts";
import {
	type AuthenticationProviderParts,
	createAuthenticationProvider,
} from "../../src/surfaces/authenticationProvider.ts";
import type { Account, App } from "../../src/vault/records.ts";
import { allowAccess, askForAccess, commandLike, silent } from "./extensionAccess.ts";
import { ada, bench, command, deliver, grace, until } from "./support.ts";

// To VS Code this suite is an extension like any other: what it gets without the user's word is what a stranger gets.

const base = ["offline.access", "tweet.read", "users.read"];

/** Counts VS Code's events from now on. */
function sessionEvents(): { count: number } & vscode.Disposable {
	const events = {
		count: 0,
		dispose: () => subscription.dispose(),
	};
	const subscription = vscode.authentication.onDidChangeSessions(({ provider }) => {
		if (provider.id === "twitter") events.count++;
	});
	return events;
}

describe("the authentication provider", () => {
	const b = bench();

	it("is declared and known, and has no account before a sign-in", async () => {
		const { packageJSON } = vscode.extensions.getExtension("twitter-tokens.twitter-tokens") ?? assert.fail();
		assert.deepEqual(packageJSON.contributes.authentication, [{ id: "twitter", label: "Twitter (X)" }]);
		assert.deepEqual(await vscode.authentication.getAccounts("twitter"), []);
		assert.equal(await silent(["tweet.read"]), undefined);
	});

	it("has each account under its id and label", async () => {
		const app = b.app();
		const [one, two] = [await b.signIn(app, ada), await b.signIn(app, grace)];
		assert.deepEqual(
			(await vscode.authentication.getAccounts("twitter")).map(({ id, label }) => ({ id, label })),
			[one, two].map(({ id, label }) => ({ id, label })),
		);
	});

	it("gives a stranger nothing before the user allows it, nor after a refusal, and then the token", async () => {
		const app = b.app();
		const account = await b.signIn(app, ada);
		assert.equal(await silent(["tweet.read"]), undefined, "before it was asked for");

		await askForAccess(["tweet.read"]);
		await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
		await sleep(200);
		assert.equal(await silent(["tweet.read"]), undefined, "after a refusal");

		await allowAccess(["tweet.read"]);
		const session = await silent(["tweet.read"]);
		assert.equal(session?.id, account.id);
		assert.equal(session?.accessToken, b.x.liveGrant(app.clientId, ada)?.accessToken);
		assert.deepEqual([session?.account.id, session?.account.label], [account.id, "@ada_dev"]);
		assert.deepEqual(session?.scopes, base);
	});

	it("meets a request for fewer scopes and for none, not one for more", async () => {
		await b.signIn(b.app(), ada);
		await allowAccess(["tweet.read"]);
		for (const scopes of [[], ["users.read"], ["users.read", "tweet.read"], ["users.read tweet.read"], base]) {
			assert.ok(await silent(scopes), scopes.join(" "));
		}
		const before = b.opened.length;
		assert.equal(await silent(["tweet.read", "tweet.write"]), undefined);
		assert.equal(b.opened.length, before, "no sign-in is started");
	});

	it("gives the account that is asked for", async () => {
		const app = b.app();
		const [one, two] = [await b.signIn(app, ada), await b.signIn(app, grace)];
		await allowAccess(["tweet.read"]);
		assert.equal((await silent(["tweet.read"], one))?.accessToken, b.x.liveGrant(app.clientId, ada)?.accessToken);
		assert.equal(await silent(["tweet.read"], two), undefined, "the access to one is not the access to another");
	});

	it("renews for a session, not for the list of accounts", async () => {
		await allowAccessToAda();
		b.x.switches.expiresIn = 2;
		const app = b.app();
		await b.signIn(app, ada);
		const first = b.x.liveGrant(app.clientId, ada)?.accessToken;
		await sleep(1100);
		b.x.switches.expiresIn = 7200;
		const requests = b.tokenRequests().length;
		await vscode.authentication.getAccounts("twitter");
		assert.equal(b.tokenRequests().length, requests);
		const session = await silent(["tweet.read"]);
		assert.equal(b.tokenRequests().length, requests + 1);
		assert.notEqual(session?.accessToken, first);
		assert.equal(session?.accessToken, b.x.liveGrant(app.clientId, ada)?.accessToken);
	});

	it("gives no session, and no error, where an expired token cannot be renewed; the account stays listed", async () => {
		await allowAccessToAda();
		b.x.switches.expiresIn = 1;
		await b.signIn(b.app(), ada);
		await sleep(1100);
		b.x.faultAlways("token", { kind: "cutBeforeWork" });
		assert.equal(await silent(["tweet.read"]), undefined);
		assert.equal((await vscode.authentication.getAccounts("twitter")).length, 1);
	});

	it("gives no session of an account that has to sign in again, and does not list it", async () => {
		await allowAccessToAda();
		const app = b.app();
		await b.signIn(app, ada);
		assert.ok(await silent(["tweet.read"]));
		b.x.userRevokes(app.clientId, ada);
		await assert.rejects(command("refreshToken"), { code: "GrantLost" });
		assert.equal(await silent(["tweet.read"]), undefined);
		assert.deepEqual(await vscode.authentication.getAccounts("twitter"), []);
	});

	it("tells of a sign-in, a renewal and a sign-out, and of nothing else", async () => {
		const events = sessionEvents();
		const app = b.app();
		await b.signIn(app, ada);
		await until(() => events.count > 0, "an event of the sign-in");
		await sleep(300);

		events.count = 0;
		// Notes the use, and begins a sign-in: changes of the vault, not of sessions.
		await command("copyAccessToken");
		await command("getAuthorizationLink", { auth: app.auth });
		await sleep(300);
		assert.equal(events.count, 0);

		await command("refreshToken");
		await until(() => events.count === 1, "an event of the renewal");
		await command("signOut");
		await until(() => events.count === 2, "an event of the sign-out");
		await sleep(300);
		assert.equal(events.count, 2);
		events.dispose();
	});

	it("signs in for more scopes from the Accounts menu, as the palette does, and crosses the request off", async () => {
		const app = b.app();
		await b.signIn(app, ada);
		await b.configure({ auth: app.auth });
		await vscode.authentication.getSession("twitter", ["like.read"], {});
		const request = await commandLike(/twitter-tokens\.twitter-tokens:?signIn/);
		const opened = b.opened.length;
		const done = Promise.resolve(vscode.commands.executeCommand(request));
		const link = await until(() => b.opened[opened], "X's page");
		assert.deepEqual(new URL(link).searchParams.get("scope")?.split(" ").sort(), ["like.read", ...base].sort());
		await deliver(b.x.approve(link));
		await done;
		const session = await until(() => silent(["like.read"]), "the session with more scopes");
		assert.equal(session.accessToken, b.x.liveGrant(app.clientId, ada)?.accessToken);
		assert.equal((await vscode.authentication.getAccounts("twitter")).length, 1);
		await assert.rejects(Promise.resolve(vscode.commands.executeCommand(request)), /not found/);
	});

	async function allowAccessToAda(): Promise<void> {
		await b.signIn(b.app(), ada);
		await allowAccess(["tweet.read"]);
		await command("signOut");
	}
});

/** The provider by itself, over accounts in an array. */
describe("the authentication provider, by itself", () => {
	const account = (id: string, handle: string, more: Partial<Account> = {}): Account => ({
		id,
		clientId: "the-client",
		tokenEndpoint: "https://api.x.com/2/oauth2/token",
		user: { id: handle, handle },
		tokens: {
			accessToken: `access-${id}`,
			scopes: base,
			issuedAt: 1000,
			expiresAt: Date.now() + 7_200_000,
			response: { access_token: `access-${id}` },
		},
		...more,
	});
	const auth = { client_id: "the-client", redirect_uri: "http://127.0.0.1/callback", scope: "users.read list.read" };
	const setAuth = (value: unknown) =>
		vscode.workspace.getConfiguration("twitterTokens").update("auth", value, vscode.ConfigurationTarget.Global);

	let accounts: Account[];
	let apps: App[];
	let changed: vscode.EventEmitter<void>;
	let removed: string[];
	let signIns: App[];
	let signIn: (app: App) => Promise<{ account: Account }>;
	let fresh: (id: string) => Promise<Account>;
	let requests: number;
	let provider: ReturnType<typeof createAuthenticationProvider>;
	let events: vscode.AuthenticationProviderAuthenticationSessionsChangeEvent[];

	const find = (id: string) => accounts.find((each) => each.id === id) ?? assert.fail();
	const settled = () => sleep(20);

	beforeEach(async () => {
		accounts = [account("0000000a", "ada"), account("0000000b", "bob")];
		apps = [];
		changed = new vscode.EventEmitter();
		removed = [];
		signIns = [];
		signIn = async () => ({ account: find("0000000a") });
		fresh = async (id) => find(id);
		requests = 0;
		events = [];
		provider = createAuthenticationProvider({
			vault: {
				accounts: async () => accounts,
				account: async (id: string) => find(id),
				apps: async () => apps,
				app: async (clientId: string) => apps.find((app) => app.clientId === clientId),
				remove: async (id: string) => {
					removed.push(id);
					return find(id);
				},
				onDidChange: changed.event,
			},
			renewer: { fresh: (id: string) => fresh(id) },
			signIn: {
				withBrowser: (app: App) => {
					signIns.push(app);
					return signIn(app);
				},
			},
			transport: async () => {
				requests++;
				throw new Error("nothing is sent here");
			},
			endpoints: () => ({ token: "https://api.x.com/2/oauth2/token" }),
			log: { info() {}, warn() {} },
		} as unknown as AuthenticationProviderParts);
		provider.onDidChangeSessions((event) => events.push(event));
		await settled();
	});
	afterEach(async () => {
		provider.dispose();
		await setAuth(undefined);
	});

	const ids = async (scopes: string[] | undefined) => (await provider.getSessions(scopes, {})).map(({ id }) => id);

	it("gives the good accounts where one cannot be renewed", async () => {
		fresh = async (id) => {
			if (id === "0000000a") throw new TwitterTokensError("Network", "no network");
			return find(id);
		};
		assert.deepEqual(await ids([]), ["0000000b"]);
		assert.deepEqual(await ids(undefined), ["0000000a", "0000000b"]);
	});

	it("gives no account whose grant turns out to be dead in this moment", async () => {
		fresh = async (id) => {
			const before = find(id);
			if (id === "0000000a") {
				accounts = [account(id, "ada", { signInNeeded: { since: 1, reason: "replacedElsewhere" } }), find("0000000b")];
			}
			return before;
		};
		assert.deepEqual(await ids([]), ["0000000b"]);
	});

	it("never signs in for the asking", async () => {
		accounts = [];
		assert.deepEqual(await ids(["tweet.read"]), []);
		assert.deepEqual(await ids(undefined), []);
		assert.deepEqual(signIns, []);
	});

	it("asks X for what is wanted, for what the settings and the account have, and for what every account needs", async () => {
		await setAuth(auth);
		const { tokens } = find("0000000a");
		accounts = [account("0000000a", "ada", { tokens: { ...tokens, scopes: ["tweet.write", "users.read"] } })];
		const session = await provider.createSession(["like.read"], { account: { id: "0000000a", label: "@ada" } });
		assert.equal(session.accessToken, "access-0000000a");
		const [app] = signIns;
		assert.equal(app?.scope, "like.read list.read offline.access tweet.read tweet.write users.read");
		assert.deepEqual(app, { clientId: "the-client", redirectUri: auth.redirect_uri, scope: app?.scope });
	});

	it("signs a known account in by its own app", async () => {
		await setAuth({ ...auth, client_id: "another-client" });
		apps = [{ clientId: "the-client", clientSecret: "s", redirectUri: "http://127.0.0.1:1/callback", scope: "" }];
		await provider.createSession([], { account: { id: "0000000a", label: "@ada" } });
		await provider.createSession([], {});
		assert.deepEqual(
			signIns.map(({ clientId, clientSecret }) => [clientId, clientSecret]),
			[
				["the-client", "s"],
				["another-client", undefined],
			],
		);
	});

	it("is cancelled as VS Code knows it, and fails with everything else as it is", async () => {
		await setAuth(auth);
		signIn = async () => Promise.reject(new TwitterTokensError("Cancelled", "The sign-in was cancelled."));
		await assert.rejects(
			Promise.resolve(provider.createSession([], {})),
			(error) => error instanceof vscode.CancellationError,
		);
		signIn = async () => Promise.reject(new TwitterTokensError("ScopeInvalid", "X does not know the scope."));
		await assert.rejects(Promise.resolve(provider.createSession([], {})), { code: "ScopeInvalid" });
	});

	it("forgets an account that is signed out in the Accounts menu, and asks X nothing", async () => {
		await provider.removeSession("0000000b");
		assert.deepEqual(removed, ["0000000b"]);
		assert.equal(requests, 0);
	});

	it("tells what came, went and was renewed, without tokens", async () => {
		const { tokens } = find("0000000b");
		accounts = [
			account("0000000b", "bob", { tokens: { ...tokens, issuedAt: 2000 } }),
			account("0000000c", "cleo"),
			account("0000000d", "dora", { signInNeeded: { since: 1, reason: "unusedTooLong" } }),
		];
		changed.fire();
		await settled();
		const [event] = events;
		assert.equal(events.length, 1);
		const named = (sessions: readonly vscode.AuthenticationSession[] | undefined) =>
			sessions?.map((session) => session.account.label);
		assert.deepEqual(
			[named(event?.added), named(event?.removed), named(event?.changed)],
			[["@cleo"], ["@ada"], ["@bob"]],
		);
		assert.ok(!JSON.stringify(events).includes("access-"));
	});

	it("tells nothing of a use, and nothing of the accounts that it finds at first", async () => {
		accounts = accounts.map((each) => ({ ...each, lastUsedAt: Date.now() }));
		changed.fire();
		await settled();
		assert.deepEqual(events, []);
	});

	it("tells of a session under just the scopes that could not be met before, once", async () => {
		assert.deepEqual(await ids(["users.read", "like.read"]), []);
		const { tokens } = find("0000000a");
		const more = (issuedAt: number) =>
			account("0000000a", "ada", { tokens: { ...tokens, issuedAt, scopes: [...base, "like.read"] } });
		accounts = [more(2000), find("0000000b")];
		changed.fire();
		await settled();
		assert.deepEqual(
			events.map(({ added }) => added?.map(({ scopes }) => scopes)),
			[[["users.read", "like.read"]]],
		);
		accounts = [more(3000), find("0000000b")];
		changed.fire();
		await settled();
		assert.deepEqual(events[1]?.added, []);
	});
});
