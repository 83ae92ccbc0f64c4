import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { startEmulator } from "../../emulator/emulator.ts";
import * as client from "./client.ts";

const sentences = [
	"Something went wrong",
	"You weren't able to give access to the App. Go back and try logging in again.",
];

describe("emulator: authorization page", () => {
	const running = client.useEmulator();

	async function assertErrorPage(link: string, reason: RegExp): Promise<void> {
		const page = await client.get(link);
		assert.equal(page.status, 400);
		assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
		assert.equal(page.headers.get("location"), null);
		for (const sentence of sentences) {
			assert.ok(page.text.includes(sentence), page.text);
			assert.throws(() => running().approve(link), { message: new RegExp(sentence.slice(0, 20)) });
		}
		assert.match(page.text, reason);
		assert.throws(() => running().deny(link), reason);
	}

	it("shows a consent page with both buttons and both users, without script", async () => {
		const page = await client.get(client.linkOf(running()));
		assert.equal(page.status, 200);
		for (const part of [
			'id="authorize"',
			'id="cancel"',
			"@ada_dev",
			"@grace_dev",
			"Local emulator, not X",
			"users.read",
		]) {
			assert.ok(page.text.includes(part), part);
		}
		assert.doesNotMatch(page.text, /<script/);
		assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
	});

	const wrong: [string, Record<string, string | undefined>, RegExp][] = [
		["an unknown client id", { client_id: "EmulatorOnlyApiKey0000001" }, /client_id/],
		["no client id", { client_id: undefined }, /client_id/],
		["an unregistered redirect URI", { redirect_uri: `${client.redirectUri}/` }, /redirect_uri is not/],
		["localhost with another port", { redirect_uri: "http://localhost:8738/callback" }, /redirect_uri is not/],
		["no redirect URI", { redirect_uri: undefined }, /redirect_uri is missing/],
		["no response type", { response_type: undefined }, /response_type/],
		["another response type", { response_type: "token" }, /response_type is not code/],
		["no scope", { scope: undefined }, /scope/],
		["a blank scope", { scope: " " }, /scope is missing/],
		["no challenge", { code_challenge: undefined }, /code_challenge/],
		["an unknown challenge method", { code_challenge_method: "S512" }, /code_challenge_method/],
		["no state", { state: undefined }, /state is missing/],
		["a state of 501 characters", { state: "s".repeat(501) }, /state is longer/],
	];
	for (const [what, changes, reason] of wrong) {
		it(`shows X's error page for ${what}`, () => assertErrorPage(client.linkOf(running(), changes), reason));
	}

	it("takes a state of 500 characters", () => {
		const state = "s".repeat(500);
		const address = new URL(running().approve(client.linkOf(running(), { state })));
		assert.equal(address.searchParams.get("state"), state);
	});

	for (const uri of [
		"http://localhost:8737/callback",
		"vscode://twitter-tokens.twitter-tokens/callback",
		"code-oss://twitter-tokens.twitter-tokens/callback",
	]) {
		it(`goes back to ${uri}, state first`, () => {
			const address = running().approve(client.linkOf(running(), { redirect_uri: uri }));
			assert.match(address.slice(uri.length), /^\?state=some-state_123&code=[A-Za-z0-9_-]{91}$/);
			assert.ok(address.startsWith(uri));
		});
	}

	it("redirects the browser after Authorize, and the chosen user is the one signed in", async () => {
		const emulator = running();
		const page = await client.get(client.linkOf(emulator));
		const action = /action="([^"]+)"/.exec(page.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
		const url = new URL(action, emulator.endpoints.authorize).href;
		const grace = client.userId(emulator, 1);
		const reply = await client.post(url, { decision: "authorize", user: grace });
		assert.equal(reply.status, 302);
		const code = new URL(reply.headers.get("location") ?? "").searchParams.get("code") ?? "";
		const { access } = client.pairOf(await client.exchange(emulator, code));
		const answer = await client.me(emulator, access);
		assert.deepEqual(answer.json, { data: { id: grace, name: "Grace", username: "grace_dev" } });
	});

	it("adds to a redirect URI that has a query", async () => {
		const uri = "http://127.0.0.1:8737/callback?from=x";
		const other = await startEmulator({ redirectUris: [uri] });
		try {
			assert.ok(other.approve(client.linkOf(other, { redirect_uri: uri })).startsWith(`${uri}&state=`));
		} finally {
			await other.close();
		}
	});

	it("refuses a user that does not exist", async () => {
		const reply = await client.post(client.linkOf(running()), { decision: "authorize", user: "1" });
		assert.equal(reply.status, 400);
		assert.throws(() => running().approve(client.linkOf(running()), "1"), /no user/);
	});

	it("reports Cancel as the switch says", async () => {
		const emulator = running();
		const link = client.linkOf(emulator);
		const press = () => client.post(link, { decision: "cancel", user: client.userId(emulator) });
		const plain = `${client.redirectUri}?error=access_denied&state=some-state_123`;
		assert.equal((await press()).headers.get("location"), plain);
		assert.equal(emulator.deny(link), plain);
		emulator.switches.cancel = "denied";
		assert.match((await press()).headers.get("location") ?? "", /\?denied=[\w-]+&state=some-state_123$/);
		emulator.switches.cancel = "noRedirect";
		const page = await press();
		assert.deepEqual([page.status, page.headers.get("location")], [200, null]);
		assert.equal(emulator.deny(link), undefined);
	});

	it("handles an unknown scope as the switch says", async () => {
		const emulator = running();
		const link = client.linkOf(emulator, { scope: "tweet.read users.follow.write" });
		const address = `${client.redirectUri}?error=invalid_scope&state=some-state_123`;
		const reply = await client.get(link);
		assert.deepEqual([reply.status, reply.headers.get("location")], [302, address]);
		assert.equal(emulator.approve(link), address);
		emulator.switches.unknownScope = "errorPage";
		await assertErrorPage(link, /users\.follow\.write/);
	});

	it("takes a request without state with the switch", () => {
		running().switches.missingState = "allowed";
		const address = running().approve(client.linkOf(running(), { state: undefined }));
		assert.match(address, /\?code=/);
	});

	it("refuses editor redirects with the switch", async () => {
		running().switches.editorRedirects = "refused";
		const uri = "vscode://twitter-tokens.twitter-tokens/callback";
		await assertErrorPage(client.linkOf(running(), { redirect_uri: uri }), /redirect_uri/);
		assert.ok(running().approve(client.linkOf(running())));
	});

	it("escapes everything", async () => {
		const emulator = running();
		const nasty = `"><script>alert('1')</script>&`;
		for (const app of emulator.apps) {
			app.name = nasty;
		}
		for (const user of emulator.users) {
			user.name = nasty;
			user.username = nasty;
		}
		emulator.switches.unknownScope = "errorPage";
		const pages = [
			await client.get(client.linkOf(emulator, { state: nasty })),
			await client.get(client.linkOf(emulator, { scope: nasty })),
		];
		for (const page of pages) {
			assert.doesNotMatch(page.text, /<script|alert\('/);
		}
		assert.match(pages[0]?.text ?? "", /&lt;script&gt;alert\(&#39;1&#39;\)&lt;\/script&gt;&amp;/);
	});

	it("spoils the way back on demand", () => {
		const emulator = running();
		const parameters = () => new URL(emulator.approve(client.linkOf(emulator))).searchParams;
		emulator.faultNext("callback", { kind: "foreignState" });
		assert.notEqual(parameters().get("state"), "some-state_123");
		emulator.faultNext("callback", { kind: "codeAndError" });
		const both = parameters();
		assert.ok(both.get("code"));
		assert.equal(both.get("error"), "access_denied");
		assert.equal(parameters().get("error"), null);
		emulator.faultNext("callback", { kind: "foreignState" });
		assert.doesNotMatch(emulator.deny(client.linkOf(emulator)) ?? "", /some-state_123/);
	});

	it("visits the callback itself before the browser does", async () => {
		const visits: string[] = [];
		const listener = createServer((request, response) => {
			visits.push(request.url ?? "");
			response.end("ok");
		});
		await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
		const uri = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/callback`;
		const other = await startEmulator({ redirectUris: [uri] });
		try {
			const link = client.linkOf(other, { redirect_uri: uri });
			other.faultNext("callback", { kind: "twice" });
			const reply = await client.post(link, { decision: "authorize" });
			const location = reply.headers.get("location") ?? "";
			assert.equal(reply.status, 302);
			assert.deepEqual(visits, [location.slice(uri.length - "/callback".length)]);
			await client.post(link, { decision: "authorize" });
			assert.equal(visits.length, 1);
		} finally {
			listener.close();
			await other.close();
		}
	});

	it("takes only authorization links", () => {
		assert.throws(() => running().approve(`${running().origin}/2/oauth2/token`), /Not an authorization link/);
	});
});
