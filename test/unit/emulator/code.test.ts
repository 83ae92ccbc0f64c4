import assert from "node:assert/strict";
import * as client from "./client.ts";

describe("emulator: code exchange", () => {
	let now = Date.UTC(2026, 10, 1);
	const running = client.useEmulator({ now: () => now });
	beforeEach(() => {
		now = Date.UTC(2026, 10, 1);
	});

	it("answers with X's fields, the pair of one millisecond, 91 characters each", async () => {
		const answer = await client.exchange(running(), client.codeOf(running()));
		assert.equal(answer.status, 200);
		assert.equal(answer.headers.get("content-type"), "application/json;charset=utf-8");
		assert.deepEqual(Object.keys(answer.json), ["token_type", "expires_in", "access_token", "scope", "refresh_token"]);
		assert.equal(answer.json.token_type, "bearer");
		assert.equal(answer.json.expires_in, 7200);
		for (const [key, kind] of [
			["access_token", "at"],
			["refresh_token", "rt"],
		] as const) {
			const token = String(answer.json[key]);
			assert.equal(token.length, 91);
			const inside = Buffer.from(token, "base64url").toString();
			assert.match(inside, new RegExp(`^[A-Za-z0-9_-]{45}:${now}:1:[01]:${kind}:1$`));
		}
	});

	it("issues codes of X's form", () => {
		const inside = Buffer.from(client.codeOf(running()), "base64url").toString();
		assert.match(inside, new RegExp(`^[A-Za-z0-9_-]{45}:${now}:1:[01]:ac:1$`));
	});

	it("leaves out refresh_token without offline.access", async () => {
		const answer = await client.exchange(running(), client.codeOf(running(), "tweet.read users.read"));
		assert.deepEqual(Object.keys(answer.json), ["token_type", "expires_in", "access_token", "scope"]);
	});

	const orders = [
		["tweet.read users.read", "users.read tweet.read"],
		["tweet.read users.read offline.access", "users.read tweet.read offline.access"],
		["tweet.read tweet.write users.read offline.access", "tweet.write users.read tweet.read offline.access"],
		["tweet.read tweet.write users.read like.read", "tweet.write users.read like.read tweet.read"],
		["offline.access bookmark.read tweet.read users.read", "users.read tweet.read offline.access bookmark.read"],
		[
			"tweet.read tweet.write tweet.moderate.write users.read follows.read follows.write offline.access space.read " +
				"mute.read mute.write like.read like.write list.read list.write block.read block.write bookmark.read " +
				"bookmark.write",
			"mute.write tweet.moderate.write block.read follows.read offline.access list.write bookmark.read list.read " +
				"tweet.write space.read block.write like.write like.read users.read tweet.read bookmark.write mute.read " +
				"follows.write",
		],
		[
			"dm.read tweet.read users.read offline.access like.read",
			"offline.access like.read users.read tweet.read dm.read",
		],
	] as const;
	for (const [asked, given] of orders) {
		it(`gives ${asked.split(" ").length} scopes in the server's order: ${given.slice(0, 40)}`, async () => {
			const answer = await client.exchange(running(), client.codeOf(running(), asked));
			assert.equal(answer.json.scope, given);
		});
	}

	it("takes a code once", async () => {
		const code = client.codeOf(running());
		client.pairOf(await client.exchange(running(), code));
		client.assertError(await client.exchange(running(), code), "E2");
	});

	it("takes a code for 30 seconds", async () => {
		const [early, late] = [client.codeOf(running()), client.codeOf(running())];
		now += 30_000;
		client.pairOf(await client.exchange(running(), early));
		now += 1;
		client.assertError(await client.exchange(running(), late), "E2");
	});

	it("refuses nonsense and another app's code, which stays good", async () => {
		client.assertError(await client.exchange(running(), "nonsense"), "E2");
		const code = client.codeOf(running(), client.threeScopes, client.confidentialClientId);
		client.assertError(await client.exchange(running(), code), "E2");
		const own = { client_id: undefined };
		client.pairOf(await client.exchange(running(), code, own, { authorization: client.basic }));
	});

	it("compares the redirect URI (E4) before the verifier (E3)", async () => {
		const other = { redirect_uri: "http://localhost:8737/callback", code_verifier: "wrong" };
		client.assertError(await client.exchange(running(), client.codeOf(running()), other), "E4");
		const verifier = { code_verifier: "wrong" };
		client.assertError(await client.exchange(running(), client.codeOf(running()), verifier), "E3");
	});

	for (const [method, challenge, verifier] of [
		["plain", "challenge", "challenge"],
		["s256", client.challenge, client.verifier],
		[undefined, "short", "short"],
	] as const) {
		it(`takes the challenge method ${method}`, async () => {
			const link = client.linkOf(running(), { code_challenge: challenge, code_challenge_method: method });
			const code = new URL(running().approve(link)).searchParams.get("code") ?? "";
			client.pairOf(await client.exchange(running(), code, { code_verifier: verifier }));
		});
	}

	it("does not take the challenge for the verifier with S256", async () => {
		const answer = await client.exchange(running(), client.codeOf(running()), { code_verifier: client.challenge });
		client.assertError(answer, "E3");
	});

	for (const name of ["grant_type", "client_id", "code", "redirect_uri", "code_verifier"]) {
		it(`names ${name} when it is missing or empty`, async () => {
			const code = client.codeOf(running());
			client.assertMissing(await client.exchange(running(), code, { [name]: undefined }), name);
			client.assertMissing(await client.exchange(running(), code, { [name]: "" }), name);
		});
	}

	const failures: [string, Record<string, string | undefined>][] = [
		["wrong verifier", { code_verifier: "wrong" }],
		["wrong redirect URI", { redirect_uri: "http://localhost:8737/callback" }],
		["missing verifier", { code_verifier: undefined }],
	];
	for (const [what, changes] of failures) {
		it(`consumes the code at a failed exchange (${what}) unless switched off`, async () => {
			const consumed = client.codeOf(running());
			assert.equal((await client.exchange(running(), consumed, changes)).status, 400);
			client.assertError(await client.exchange(running(), consumed), "E2");
			running().switches.failedExchangeConsumesCode = false;
			const kept = client.codeOf(running());
			assert.equal((await client.exchange(running(), kept, changes)).status, 400);
			client.pairOf(await client.exchange(running(), kept));
		});
	}

	it("consumes the code of a confidential app at a wrong secret", async () => {
		const code = client.codeOf(running(), client.threeScopes, client.confidentialClientId);
		const form = { client_id: client.confidentialClientId };
		client.assertError(await client.exchange(running(), code, form), "E1");
		const answer = await client.exchange(running(), code, form, { authorization: client.basic });
		client.assertError(answer, "E2");
	});

	it("names the error of a dead code as the switch says", async () => {
		running().switches.deadGrantError = "invalid_grant";
		const answer = await client.exchange(running(), "nonsense");
		assert.equal(answer.json.error, "invalid_grant");
		assert.equal(answer.json.error_description, "Value passed for the authorization code was invalid.");
	});

	it("has one live grant per app and user", async () => {
		const first = await client.signIn(running());
		const code = client.codeOf(running());
		assert.equal((await client.me(running(), first.access)).status, 200);
		const second = client.pairOf(await client.exchange(running(), code));
		assert.equal((await client.me(running(), first.access)).status, 401);
		client.assertError(await client.refresh(running(), first.refresh), "E7");
		assert.equal((await client.me(running(), second.access)).status, 200);
		const grace = running().issueCode({
			clientId: client.publicClientId,
			redirectUri: client.redirectUri,
			challenge: client.challenge,
			userId: client.userId(running(), 1),
		});
		client.pairOf(await client.exchange(running(), grace));
		assert.equal((await client.me(running(), second.access)).status, 200);
	});

	it("kills the old grant from the approval on with the switch", async () => {
		running().switches.newApprovalKillsAt = "approval";
		const { access } = await client.signIn(running());
		client.codeOf(running());
		assert.equal((await client.me(running(), access)).status, 401);
	});

	it("tells how long tokens live as the switch says", async () => {
		running().switches.expiresIn = 60;
		const answer = await client.exchange(running(), client.codeOf(running()));
		assert.equal(answer.json.expires_in, 60);
		now += 59_999;
		assert.equal((await client.me(running(), client.pairOf(answer).access)).status, 200);
		now += 1;
		assert.equal((await client.me(running(), client.pairOf(answer).access)).status, 401);
	});
});
