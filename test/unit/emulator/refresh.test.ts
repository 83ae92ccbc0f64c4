import assert from "node:assert/strict";
import * as client from "./client.ts";

describe("emulator: refresh", () => {
	let now = Date.UTC(2026, 10, 1);
	const running = client.useEmulator({ now: () => now });
	beforeEach(() => {
		now = Date.UTC(2026, 10, 1);
	});

	it("rotates: a new pair, the old access and refresh token dead", async () => {
		const first = await client.signIn(running());
		now += 1000;
		const answer = await client.refresh(running(), first.refresh);
		const second = client.pairOf(answer);
		assert.equal(answer.json.scope, "users.read tweet.read offline.access");
		assert.notEqual(second.access, first.access);
		assert.notEqual(second.refresh, first.refresh);
		assert.equal((await client.me(running(), first.access)).status, 401);
		assert.equal((await client.me(running(), second.access)).status, 200);
		client.assertError(await client.refresh(running(), first.refresh), "E7");
		const third = client.pairOf(await client.refresh(running(), second.refresh));
		assert.equal((await client.me(running(), third.access)).status, 200);
		assert.deepEqual(
			[running().counters.successfulRefreshes, running().counters.consumedRefreshTokensSentAgain],
			[2, 1],
		);
	});

	it("lets the old access token live until its expiry with the switch", async () => {
		running().switches.oldAccessTokenAfterRefresh = "livesUntilExpiry";
		const first = await client.signIn(running());
		now += 1000;
		client.pairOf(await client.refresh(running(), first.refresh));
		assert.equal((await client.me(running(), first.access)).status, 200);
		now += 7_199_000;
		assert.equal((await client.me(running(), first.access)).status, 401);
	});

	it("kills the whole grant at a reuse with the switch", async () => {
		running().switches.refreshTokenReuse = "killsGrant";
		const first = await client.signIn(running());
		const second = client.pairOf(await client.refresh(running(), first.refresh));
		client.assertError(await client.refresh(running(), first.refresh), "E7");
		client.assertError(await client.refresh(running(), second.refresh), "E7");
		assert.equal((await client.me(running(), second.access)).status, 401);
	});

	it("does not kill the grant of a later sign-in at a reuse", async () => {
		running().switches.refreshTokenReuse = "killsGrant";
		const first = await client.signIn(running());
		client.pairOf(await client.refresh(running(), first.refresh));
		const later = await client.signIn(running());
		client.assertError(await client.refresh(running(), first.refresh), "E7");
		const live = running().liveGrant(client.publicClientId, client.userId(running()));
		assert.equal(live?.refreshToken, later.refresh);
		client.pairOf(await client.refresh(running(), later.refresh));
	});

	it("refuses nonsense, an access token and another app's token", async () => {
		const { access, refresh } = await client.signIn(running());
		client.assertError(await client.refresh(running(), "nonsense"), "E7");
		client.assertError(await client.refresh(running(), access), "E7");
		const form = { grant_type: "refresh_token", refresh_token: refresh };
		const other = await client.post(running().endpoints.token, form, { authorization: client.basic });
		client.assertError(other, "E7");
		client.pairOf(await client.refresh(running(), refresh));
	});

	it("ends a refresh token after six months without use, counted anew at each refresh", async () => {
		const halfYear = 182 * 24 * 3600 * 1000;
		const first = await client.signIn(running());
		now += halfYear - 1;
		const second = client.pairOf(await client.refresh(running(), first.refresh));
		now += halfYear - 1;
		const third = client.pairOf(await client.refresh(running(), second.refresh));
		now += halfYear;
		client.assertError(await client.refresh(running(), third.refresh), "E7");
	});

	it("names the error of a dead token as the switch says", async () => {
		running().switches.deadGrantError = "invalid_grant";
		const answer = await client.refresh(running(), "nonsense");
		assert.equal(
			answer.text,
			'{"error":"invalid_grant","error_description":"Value passed for the token was invalid."}',
		);
	});

	it("lets one of two simultaneous refreshes win", async () => {
		const { refresh } = await client.signIn(running());
		running().faultNext("token", { kind: "slow", ms: 100 }, 2);
		const answers = await Promise.all([client.refresh(running(), refresh), client.refresh(running(), refresh)]);
		assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400]);
		assert.equal(running().counters.maxConcurrentTokenRequests, 2);
	});

	it("dies by a sign-in elsewhere, and that one is live", async () => {
		const emulator = running();
		const { access, refresh } = await client.signIn(emulator, "tweet.read users.read like.read offline.access");
		const elsewhere = emulator.signInElsewhere(client.publicClientId, client.userId(emulator));
		assert.ok(elsewhere.scopes.includes("like.read"));
		assert.equal((await client.me(emulator, access)).status, 401);
		client.assertError(await client.refresh(emulator, refresh), "E7");
		assert.equal((await client.me(emulator, elsewhere.accessToken ?? "")).status, 200);
		client.pairOf(await client.refresh(emulator, elsewhere.refreshToken ?? ""));
	});

	it("dies by the user's revocation", async () => {
		const emulator = running();
		const { access, refresh } = await client.signIn(emulator);
		emulator.userRevokes(client.publicClientId, client.userId(emulator));
		assert.equal((await client.me(emulator, access)).status, 401);
		client.assertError(await client.refresh(emulator, refresh), "E7");
		assert.equal(emulator.liveGrant(client.publicClientId, client.userId(emulator)), undefined);
	});

	it("tells the live grant, and expires access tokens alone", async () => {
		const emulator = running();
		const user = client.userId(emulator);
		assert.equal(emulator.liveGrant(client.publicClientId, user), undefined);
		const { access, refresh } = await client.signIn(emulator);
		assert.deepEqual(emulator.liveGrant(client.publicClientId, user), {
			accessToken: access,
			refreshToken: refresh,
			scopes: client.threeScopes.split(" "),
			accessTokenExpiresAt: now + 7_200_000,
		});
		emulator.expireAccessTokens();
		assert.equal((await client.me(emulator, access)).status, 401);
		assert.deepEqual(emulator.liveGrant(client.publicClientId, user), {
			refreshToken: refresh,
			scopes: client.threeScopes.split(" "),
		});
		client.pairOf(await client.refresh(emulator, refresh));
	});
});

describe("emulator: revoke", () => {
	const running = client.useEmulator();
	const revoke = (token: string, headers = {}) =>
		client.post(running().endpoints.revoke, { token, client_id: client.publicClientId }, headers);

	for (const kind of ["access", "refresh"] as const) {
		it(`revokes both tokens by the ${kind} token`, async () => {
			const pair = await client.signIn(running());
			const answer = await revoke(pair[kind]);
			assert.deepEqual([answer.status, answer.text], [200, '{"revoked":true}']);
			assert.equal((await client.me(running(), pair.access)).status, 401);
			client.assertError(await client.refresh(running(), pair.refresh), "E7");
			assert.equal(running().counters.successfulRevocations, 1);
		});
	}

	it("leaves the partner alone with the switch", async () => {
		running().switches.revokeKillsPartner = false;
		const pair = await client.signIn(running());
		await revoke(pair.refresh);
		assert.equal((await client.me(running(), pair.access)).status, 200);
		client.assertError(await client.refresh(running(), pair.refresh), "E7");
		await revoke(pair.access);
		assert.equal((await client.me(running(), pair.access)).status, 401);
	});

	it("answers an unknown token as the switch says", async () => {
		assert.equal((await revoke("nonsense")).text, '{"revoked":true}');
		running().switches.revokeOfUnknownToken = "E7";
		client.assertError(await revoke("nonsense"), "E7");
		assert.equal(running().counters.successfulRevocations, 0);
	});

	it("checks the client and the parameter", async () => {
		const { revoke: url } = running().endpoints;
		const { access } = await client.signIn(running());
		client.assertMissing(await client.post(url, { token: access }), "client_id");
		client.assertError(await client.post(url, { token: access, client_id: "unknown" }), "E6");
		client.assertError(await client.post(url, { token: access, client_id: client.confidentialClientId }), "E1");
		client.assertMissing(await client.post(url, { client_id: client.publicClientId }), "token");
		await client.post(url, { token: access }, { authorization: client.basic });
		assert.equal((await client.me(running(), access)).status, 200);
	});
});
