import assert from "node:assert/strict";
import * as client from "./client.ts";

describe("emulator: /2/users/me", () => {
	let now = Date.UTC(2026, 10, 1);
	const running = client.useEmulator({ now: () => now });

	function assertProblem(answer: client.Answer, status: number, text: string): void {
		assert.deepEqual([answer.status, answer.text], [status, text]);
		assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
	}

	it("names the user, ids as strings beyond 2^53", async () => {
		const { access } = await client.signIn(running());
		const answer = await client.me(running(), access);
		assert.equal(answer.text, '{"data":{"id":"1965012345678901235","name":"Ada","username":"ada_dev"}}');
		for (const { id } of running().users) {
			assert.notEqual(String(Number(id)), id);
		}
	});

	it("adds user.fields, the e-mail only with its scope", async () => {
		const query = "?user.fields=verified_type,confirmed_email,no_such_field";
		const without = await client.me(running(), (await client.signIn(running())).access, query);
		assert.deepEqual(Object.keys(without.json.data ?? {}), ["id", "name", "username", "verified_type"]);
		const { access } = await client.signIn(running(), `${client.threeScopes} users.email`);
		const answer = await client.me(running(), access, query);
		assert.match(answer.text, /"confirmed_email":"ada@example.com"/);
	});

	for (const authorization of [undefined, "Bearer nonsense", "Bearer ", "Basic abc"]) {
		it(`answers 401 to ${authorization}`, async () => {
			const url = `${running().endpoints.api}/2/users/me`;
			const answer = await client.get(url, authorization === undefined ? {} : { authorization });
			const body = '{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}';
			assertProblem(answer, 401, body);
		});
	}

	it("answers 401 to a refresh token", async () => {
		const { refresh } = await client.signIn(running());
		assert.equal((await client.me(running(), refresh)).status, 401);
	});

	for (const scope of ["users.read offline.access", "tweet.read offline.access"]) {
		it(`answers 403 with ${scope} alone`, async () => {
			const { access } = await client.signIn(running(), scope);
			const body = '{"title":"Forbidden","type":"about:blank","status":403,"detail":"Forbidden"}';
			assertProblem(await client.me(running(), access), 403, body);
		});
	}

	it("allows 75 calls in 15 minutes per user", async () => {
		now = Date.UTC(2026, 10, 1);
		const { access } = await client.signIn(running());
		for (let call = 1; call <= 75; call++) {
			const answer = await client.me(running(), access);
			assert.equal(answer.status, 200);
			assert.equal(answer.headers.get("x-rate-limit-remaining"), String(75 - call));
		}
		const refused = await client.me(running(), access);
		assertProblem(
			refused,
			429,
			'{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}',
		);
		assert.equal(refused.headers.get("x-rate-limit-limit"), "75");
		assert.equal(refused.headers.get("x-rate-limit-remaining"), "0");
		assert.equal(refused.headers.get("x-rate-limit-reset"), String(now / 1000 + 900));
		now += 15 * 60_000;
		assert.equal((await client.me(running(), access)).status, 200);
	});

	it("refuses an app-only bearer, which it issues on API key and secret", async () => {
		const url = `${running().origin}/oauth2/token`;
		const [app] = running().apps;
		const authorization = `Basic ${btoa(`${app?.apiKey}:${app?.apiSecret}`)}`;
		const ask = () => client.post(url, { grant_type: "client_credentials" }, { authorization });
		const bearer = String((await ask()).json.access_token);
		assert.match(bearer, /^AAAA[\w-]{106}$/);
		assert.equal((await ask()).json.access_token, bearer);
		assertProblem(
			await client.me(running(), bearer),
			403,
			'{"title":"Unsupported Authentication","detail":"Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].","type":"https://api.twitter.com/2/problems/unsupported-authentication","status":403}',
		);
		const refused = await client.post(url, { grant_type: "client_credentials" }, { authorization: client.basic });
		assert.deepEqual(
			[refused.status, refused.text],
			[
				403,
				'{"errors":[{"code":99,"label":"authenticity_token_error","message":"Unable to verify your credentials"}]}',
			],
		);
	});
});

describe("emulator: OAuth 1.0a token exchange", () => {
	const running = client.useEmulator();

	function exchange(changes: Record<string, string> = {}): Promise<client.Answer> {
		const [user] = running().users;
		return client.post(running().endpoints.token, {
			grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
			subject_token: user?.oauth1?.token ?? "",
			subject_token_type: "urn:x:params:oauth:token-type:oauth1_token",
			oauth_token_secret: user?.oauth1?.tokenSecret ?? "",
			client_id: client.publicClientId,
			...changes,
		});
	}

	it("gives a pair, always with a refresh token, and kills the former one", async () => {
		const first = client.pairOf(await exchange({ scope: "users.read tweet.read like.read" }));
		assert.equal((await client.me(running(), first.access)).status, 200);
		const answer = await exchange();
		assert.equal(answer.json.scope, "users.read tweet.read offline.access");
		const second = client.pairOf(answer);
		client.assertError(await client.refresh(running(), first.refresh), "E7");
		client.pairOf(await client.refresh(running(), second.refresh));
		assert.equal(running().counters.successfulTokenExchanges, 2);
	});

	for (const name of ["subject_token", "subject_token_type", "oauth_token_secret", "client_id"]) {
		it(`names a missing ${name}`, async () => client.assertMissing(await exchange({ [name]: "" }), name));
	}

	it("refuses wrong values with the documented names", async () => {
		const errors = await Promise.all([
			exchange({ subject_token: "1-x" }),
			exchange({ oauth_token_secret: "x" }),
			exchange({ subject_token_type: "urn:ietf:params:oauth:token-type:jwt" }),
			exchange({ scope: "no.such" }),
		]);
		assert.deepEqual(
			errors.map(({ status, json }) => [status, json.error]),
			[
				[400, "invalid_grant"],
				[400, "invalid_grant"],
				[400, "invalid_request"],
				[400, "invalid_scope"],
			],
		);
	});
});
