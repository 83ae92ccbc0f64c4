import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import * as vscode from "vscode";
import { note } from "./secrets.ts";
import {
	accessTokenOf,
	ada,
	assertNoAccount,
	assertSummary,
	bench,
	callbackUrl,
	command,
	deliver,
	freePort,
	refused,
	replaceInWindow,
	type Summary,
	stateOf,
	type Tokens,
	until,
	visit,
} from "./support.ts";

const adaOf = (clientId: string) => ({
	label: "@ada_dev",
	handle: "ada_dev",
	name: "Ada",
	clientId,
	scopes: ["offline.access", "tweet.read", "users.read"],
	state: "valid",
});

/** The errors a person saw since the test began. */
const complaints: string[] = [];

describe("signIn by the URI handler", () => {
	const b = bench();
	replaceInWindow("showErrorMessage", () => async (message: string) => void complaints.push(message));
	beforeEach(() => void complaints.splice(0));

	it("opens X's page and answers the account without tokens", async () => {
		const app = b.app();
		const { link, result } = await b.begin(app.auth);
		assert.equal(new URL(link).searchParams.get("redirect_uri"), callbackUrl);
		assert.deepEqual(b.x.requests, []);
		await deliver(b.x.approve(link));
		const account = await result;
		assertSummary(account, adaOf(app.clientId));
		const left = Date.parse(account.expiresAt) - Date.now();
		assert.ok(left > 7190_000 && left <= 7200_000, `${left} ms left`);
		assert.equal(await accessTokenOf(), b.x.liveGrant(app.clientId, ada)?.accessToken);
		assert.deepEqual(
			b.x.requests.map(({ path }) => path),
			["/2/oauth2/token", "/2/users/me"],
		);
	});

	it("asks for the scopes of the argument", async () => {
		const app = b.app();
		const { link, result } = await b.begin(app.auth, { scopes: ["users.read", "tweet.read"] });
		await deliver(b.x.approve(link));
		assert.deepEqual((await result).scopes, ["tweet.read", "users.read"]);
	});

	it("reads a code that needs percent-encoding", async () => {
		const app = b.app();
		const { link, result } = await b.begin(app.auth);
		await deliver(`${callbackUrl}?state=${stateOf(link)}&code=${encodeURIComponent("a/b+1=")}`);
		await refused(result, "CodeInvalid");
		assert.equal(b.tokenRequests()[0]?.form.code, "a/b+1=");
	});

	for (const cancel of ["access_denied", "denied"] as const) {
		it(`is AccessDenied when X answers ${cancel}`, async () => {
			b.x.switches.cancel = cancel;
			const { link, result } = await b.begin(b.app().auth);
			await deliver(b.x.deny(link));
			await refused(result, "AccessDenied");
			assert.deepEqual(b.x.requests, []);
			await assertNoAccount();
		});
	}

	it("is AccessDenied when code and error come together, and the code is not sent", async () => {
		b.x.faultNext("callback", { kind: "codeAndError" });
		const { link, result } = await b.begin(b.app().auth);
		await deliver(b.x.approve(link));
		await refused(result, "AccessDenied");
		assert.deepEqual(b.x.requests, []);
		await assertNoAccount();
	});

	it("is ScopeInvalid when X does not know a scope", async () => {
		const { link, result } = await b.begin(b.app().auth, { scopes: "tweet.raed" });
		await deliver(b.x.approve(link));
		await refused(result, "ScopeInvalid");
		await assertNoAccount();
	});

	it("ignores a foreign state, a missing one and the constant one, and goes on", async () => {
		const app = b.app();
		const { link, result } = await b.begin(app.auth);
		const address = b.x.approve(link);
		b.x.faultNext("callback", { kind: "foreignState" });
		const foreign = b.x.approve(link);
		note(stateOf(foreign));
		const code = new URL(address).searchParams.get("code");
		await deliver(foreign);
		await deliver(`${callbackUrl}?code=${code}`);
		await deliver(`${callbackUrl}?code=${code}&state=state`);
		await deliver(callbackUrl);
		await deliver(`${callbackUrl}?error=access_denied`);
		await until(() => complaints.length >= 5, "each is told");
		assert.deepEqual(b.x.requests, []);
		await deliver(address);
		assertSummary(await result, adaOf(app.clientId));
		assert.equal(b.tokenRequests().length, 1);
	});

	it("ignores other paths than the callback's", async () => {
		const app = b.app();
		const { link, result } = await b.begin(app.auth);
		const address = b.x.approve(link);
		await deliver(address.replace("/callback", "/other"));
		assert.deepEqual(b.x.requests, []);
		await deliver(address);
		await result;
	});

	it("takes a redirect that comes twice once", async () => {
		const { link, result } = await b.begin(b.app().auth);
		const address = b.x.approve(link);
		await deliver(address);
		await result;
		await deliver(address);
		assert.equal(b.tokenRequests().length, 1);
		assert.deepEqual(complaints, []);
	});

	it("takes a redirect that comes twice at the same moment once", async () => {
		const app = b.app();
		const { link, result } = await b.begin(app.auth);
		const address = b.x.approve(link);
		await Promise.all([deliver(address), deliver(address)]);
		assertSummary(await result, adaOf(app.clientId));
		assert.equal(b.tokenRequests().length, 1);
		assert.deepEqual(complaints, []);
	});

	it("works twice in a row, and the newer tokens take the place of the older", async () => {
		const app = b.app();
		const first = await b.signIn(app);
		const before = await accessTokenOf();
		const second = await b.signIn(app);
		assert.equal(second.id, first.id);
		assert.notEqual(await accessTokenOf(), before);
		assert.equal(await accessTokenOf(first.id), b.x.liveGrant(app.clientId, ada)?.accessToken);
	});

	it("is Cancelled by Escape; who approves on X all the same is signed in", async () => {
		const app = b.app();
		const { link, result } = await b.begin(app.auth);
		await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
		await refused(result, "Cancelled");
		assert.deepEqual(b.x.requests, []);
		await assertNoAccount();
		await deliver(b.x.approve(link));
		await until(() => accessTokenOf().catch(() => undefined), "the account");
	});

	it("goes on waiting when the browser was not opened: the link may have been copied", async () => {
		const links: string[] = [];
		b.browser = async (link) => {
			links.push(link);
			return false;
		};
		const app = b.app();
		const result = command<Summary>("signIn", { auth: app.auth });
		await until(() => links.length === 1, "the attempt to open the browser");
		note(stateOf(links[0] ?? ""));
		await deliver(b.x.approve(links[0] ?? ""));
		assertSummary(await result, adaOf(app.clientId));
	});

	it("gives way to a second sign-in: the first is Cancelled", async () => {
		const [one, two] = [b.app(), b.app()];
		const first = await b.begin(one.auth);
		const second = await b.begin(two.auth);
		await refused(first.result, "Cancelled");
		await deliver(b.x.approve(second.link));
		assertSummary(await second.result, adaOf(two.clientId));
	});
});

describe("signIn by the loopback listener", () => {
	const b = bench();
	let port = 0;
	let redirectUri = "";
	const register = () => b.app({ redirectUri });
	before(async () => {
		port = await freePort();
		redirectUri = `http://127.0.0.1:${port}/callback`;
	});

	it("shows a page in the browser and answers the account", async () => {
		const app = register();
		const { link, result } = await b.begin(app.auth);
		const page = await visit(b.x.approve(link));
		assert.equal(page.status, 200);
		assert.match(page.text, /You are signed in/);
		assertSummary(await result, adaOf(app.clientId));
		assert.equal(b.tokenRequests()[0]?.form.redirect_uri, redirectUri);
	});

	it("gives the port free again: two sign-ins in a row", async () => {
		const app = register();
		for (const _ of [1, 2]) {
			const { link, result } = await b.begin(app.auth);
			await visit(b.x.approve(link));
			assertSummary(await result, adaOf(app.clientId));
			await assert.rejects(fetch(redirectUri), "nobody listens any more");
		}
	});

	for (const host of ["127.0.0.1", "[::1]"]) {
		it(`listens on ${host} for localhost`, async () => {
			const app = b.app({ redirectUri: `http://localhost:${port}/callback` });
			const { link, result } = await b.begin(app.auth);
			const address = new URL(b.x.approve(link));
			const status = await requestAs(`localhost:${port}`, host, port, `${address.pathname}${address.search}`);
			assert.equal(status, 200);
			assertSummary(await result, adaOf(app.clientId));
		});
	}

	it("tells the browser of a refusal", async () => {
		const { link, result } = await b.begin(register().auth);
		const page = await visit(b.x.deny(link));
		assert.match(page.text, /The sign-in did not succeed/);
		await refused(result, "AccessDenied");
	});

	it("answers 404 to all but the exact request, and goes on", async () => {
		const app = register();
		const { link, result } = await b.begin(app.auth);
		const address = b.x.approve(link);
		assert.equal((await visit(address.replace("/callback", "/Callback"))).status, 404);
		assert.equal((await visit(redirectUri)).status, 404);
		assert.equal((await fetch(address, { method: "POST" })).status, 404);
		const { pathname, search } = new URL(address);
		assert.equal(await requestAs("evil.example", "127.0.0.1", port, pathname + search), 404);
		assert.deepEqual(b.x.requests, []);
		await visit(address);
		assertSummary(await result, adaOf(app.clientId));
	});

	it("refuses a foreign state, a missing one and the constant one, and goes on", async () => {
		const app = register();
		const { link, result } = await b.begin(app.auth);
		const address = b.x.approve(link);
		const code = new URL(address).searchParams.get("code");
		for (const query of [`code=${code}&state=${"0".repeat(43)}`, `code=${code}`, `code=${code}&state=state`]) {
			assert.match((await visit(`${redirectUri}?${query}`)).text, /did not succeed/);
		}
		assert.deepEqual(b.x.requests, []);
		await visit(address);
		assertSummary(await result, adaOf(app.clientId));
	});

	it("takes a redirect that the browser fetches twice once, and shows the page both times", async () => {
		const app = register();
		const { link, result } = await b.begin(app.auth);
		const address = b.x.approve(link);
		const pages = await Promise.all([visit(address), visit(address)]);
		for (const { text } of pages) assert.match(text, /You are signed in/);
		assertSummary(await result, adaOf(app.clientId));
		assert.equal(b.tokenRequests().length, 1);
	});

	it("bears a megabyte of garbage, in the address, in a header and as no HTTP at all", async () => {
		const app = register();
		const { link, result } = await b.begin(app.auth);
		const megabyte = "A".repeat(1_000_000);
		await garbage(port, megabyte);
		await garbage(port, `GET /callback?state=${megabyte} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
		await garbage(port, `GET /callback HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx: ${megabyte}\r\n\r\n`);
		await garbage(port, `POST /callback HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-length: 9\r\n\r\n${megabyte}`);
		assert.deepEqual(b.x.requests, []);
		await visit(b.x.approve(link));
		assertSummary(await result, adaOf(app.clientId));
	});

	it("is a Network error when the port is taken: nothing is opened, nothing is pending", async () => {
		const app = register();
		const server = createServer();
		await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
		try {
			const error = await refused(command("signIn", { auth: app.auth }), "Network");
			assert.ok(error.message.includes(redirectUri));
		} finally {
			await new Promise((resolve) => server.close(resolve));
		}
		assert.deepEqual(b.opened, []);
		const verifier = "made-elsewhere-made-elsewhere-made-elsewhere";
		const auth = { ...app.auth, code_verifier: verifier };
		await command("getToken", { code: b.foreignCode(app, { verifier }), auth });
	});

	it("is Cancelled by Escape, and nobody listens any more", async () => {
		const { link, result } = await b.begin(register().auth);
		const address = b.x.approve(link);
		await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
		await refused(result, "Cancelled");
		await assert.rejects(visit(address));
		assert.deepEqual(b.x.requests, []);
	});

	it("is TimedOut when X never calls back, says what to check, and nobody listens any more", async () => {
		const { setTimeout: ordinary } = globalThis;
		let tenMinutesPass = () => {};
		const held = (run: () => void, ms?: number, ...more: unknown[]) => {
			if (ms !== 600_000) return Reflect.apply(ordinary, globalThis, [run, ms, ...more]);
			tenMinutesPass = run;
			return ordinary(() => {}, 0);
		};
		Object.assign(globalThis, { setTimeout: held });
		try {
			const { link, result } = await b.begin(register().auth);
			tenMinutesPass();
			const { message } = await refused(result, "TimedOut");
			assert.match(message, /callback URL is exactly http:\/\/127\.0\.0\.1:\d+\/callback;.*Website URL/);
			await assert.rejects(visit(b.x.approve(link)));
			assert.deepEqual(b.x.requests, []);
		} finally {
			Object.assign(globalThis, { setTimeout: ordinary });
		}
	});

	it("takes the URI handler's redirect as well, whatever comes first", async () => {
		const app = register();
		const { link, result } = await b.begin(app.auth);
		const { search } = new URL(b.x.approve(link));
		await deliver(`${callbackUrl}${search}`);
		assertSummary(await result, adaOf(app.clientId));
		await assert.rejects(fetch(redirectUri), "nobody listens any more");
	});
});

describe("the prompt", () => {
	const b = bench();
	let inputs: vscode.InputBox[] = [];
	replaceInWindow("createInputBox", (original) => () => {
		const input = original();
		inputs.push(input);
		return input;
	});
	beforeEach(() => {
		inputs = [];
	});

	const prompt = () => until(() => inputs[0], "the prompt is there");
	const type = async (text: string) => {
		const input = await prompt();
		input.value = text;
		input.validationMessage = undefined;
		await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
		return input;
	};

	it("of getToken is masked, stays open when the focus leaves, and opens no page by itself", async () => {
		const result = command("getToken", { auth: b.app().auth });
		result.catch(() => {});
		const input = await prompt();
		assert.equal(input.password, true);
		assert.equal(input.ignoreFocusOut, true);
		assert.deepEqual(b.opened, []);
		await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
		await refused(result, "Cancelled");
		assert.deepEqual(b.x.requests, []);
	});

	it("of getToken takes a bare code of a link made elsewhere", async () => {
		const app = b.app();
		const result = command<Tokens>("getToken", { auth: app.auth });
		await type(b.foreignCode(app));
		assert.equal((await result).access_token, b.x.liveGrant(app.clientId, ada)?.accessToken);
	});

	it("of getToken takes the whole address of our own link", async () => {
		const app = b.app();
		const link = await command<string>("getAuthorizationLink", { auth: app.auth });
		const result = command<Tokens>("getToken", { auth: app.auth });
		await type(b.x.approve(link));
		assert.equal((await result).access_token, b.x.liveGrant(app.clientId, ada)?.accessToken);
	});

	it("says why it refuses a text, stays open and takes the next one", async () => {
		const app = b.app();
		const result = command<Tokens>("getToken", { auth: app.auth });
		const input = await type("not a code");
		await until(() => input.validationMessage, "it says why");
		await type(`${callbackUrl}?code=${b.foreignCode(app)}&state=${"0".repeat(43)}`);
		await until(() => input.validationMessage, "it says why");
		assert.deepEqual(b.x.requests, []);
		await type(b.foreignCode(app));
		assert.ok((await result).access_token);
	});

	it("of signIn takes the address of its page, by a bare code too", async () => {
		for (const write of [
			(address: string) => address,
			(address: string) => new URL(address).searchParams.get("code"),
		]) {
			inputs = [];
			const app = b.app();
			const { link, result } = await b.begin(app.auth);
			await type(write(b.x.approve(link)) ?? "");
			assertSummary((await result) satisfies Summary, adaOf(app.clientId));
		}
	});

	it("closes when the redirect comes another way", async () => {
		const { link, result } = await b.begin(b.app().auth);
		const input = await prompt();
		let hidden = false;
		input.onDidHide(() => {
			hidden = true;
		});
		await deliver(b.x.approve(link));
		await result;
		await until(() => hidden, "the prompt closes");
	});
});

async function requestAs(hostHeader: string, host: string, port: number, path: string): Promise<number> {
	const answer = await garbage(port, `GET ${path} HTTP/1.1\r\nhost: ${hostHeader}\r\n\r\n`, host.replace(/[[\]]/g, ""));
	return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}

/** Sends bytes and returns what came back when the connection is over. */
function garbage(port: number, bytes: string, host = "127.0.0.1"): Promise<string> {
	return new Promise((resolve) => {
		let answer = "";
		const socket = connect(port, host, () => void socket.write(bytes));
		socket.on("data", (data) => {
			answer += data;
			// A server that is content with what it got keeps the connection for more.
			if (answer.includes("\r\n\r\n")) socket.end();
		});
		socket.on("error", () => {});
		socket.on("close", () => resolve(answer));
	});
}
