import assert from "node:assert/strict";
import { type FoundGrant, foundIn, foundInText, importedTokens, issuedIn } from "../../../src/oauth/importable.ts";
import { exchangeOAuth1 } from "../../../src/oauth/tokenExchange.ts";
import type { HttpRequest } from "../../../src/oauth/transport.ts";
import { opaqueToken } from "../../emulator/grants.ts";

const now = 1_800_000_000_000;
const minute = 60_000;
const access = opaqueToken("at", now - 30 * minute);
const refresh = opaqueToken("rt", now - 30 * minute);
const clientId = "RXhhbXBsZUNsaWVudElkMDEyMzQ6MTpjaQ";
const refused = (message: RegExp) => ({ name: "TwitterTokensError", code: "InvalidAuthSettings", message });
const grantIn = (value: unknown): FoundGrant | undefined => foundIn(value, "here").grants[0];

describe("what can be imported from JSON", () => {
	it("finds the app and the pair in an auth JSON", () => {
		const found = foundIn(
			{ client_id: clientId, client_secret: " s ", access_token: ` ${access}\n`, refresh_token: refresh, scope: "b a" },
			"here",
		);
		assert.deepEqual(found, {
			name: "here",
			auth: { clientId, clientSecret: "s", scope: "b a" },
			grants: [{ accessToken: access, refreshToken: refresh, scopes: ["a", "b"] }],
		});
	});

	it("finds the pair in a token response, which names no app", () => {
		const found = foundIn(
			{ token_type: "bearer", expires_in: 7200, access_token: access, scope: "users.read tweet.read" },
			"here",
		);
		assert.equal(found.auth, undefined);
		assert.deepEqual(found.grants, [{ accessToken: access, scopes: ["tweet.read", "users.read"], expiresIn: 7200 }]);
	});

	it("finds only the app where the tokens are empty, null or missing", () => {
		for (const tokens of [{}, { access_token: "", refresh_token: null }, { access_token: " " }]) {
			const found = foundIn({ client_id: clientId, ...tokens }, "here");
			assert.deepEqual(found.grants, []);
			assert.equal(found.auth?.clientId, clientId);
		}
	});

	it("finds a refresh token that stands alone", () => {
		assert.deepEqual(grantIn({ refresh_token: refresh }), { refreshToken: refresh, scopes: [] });
	});

	it("finds OAuth 1.0a tokens only where both halves are there", () => {
		const found = foundIn({ client_id: clientId, oauth_token: "1-a", oauth_token_secret: "s" }, "here");
		assert.deepEqual(found.oauth1, { token: "1-a", tokenSecret: "s" });
		assert.equal(foundIn({ client_id: clientId, oauth_token: "1-a" }, "here").oauth1, undefined);
	});

	it("refuses what holds nothing, and names what it looked for", () => {
		assert.throws(() => foundIn({ name: "x" }, "here"), refused(/here holds nothing to import.*"client_id"/));
	});

	it("takes tokens that say nothing about themselves", () => {
		assert.equal(grantIn({ access_token: "anything.at-all_1" })?.accessToken, "anything.at-all_1");
	});

	it("says what a credential of another kind is", () => {
		const appOnly = `AAAA${"a1".repeat(50)}`;
		const cases: readonly [object, RegExp][] = [
			[{ access_token: appOnly }, /"access_token" in here is the app's bearer token/],
			[{ access_token: "1965012345678901235-EmulatorOnlyAdaToken" }, /is an OAuth 1.0a access token/],
			[{ access_token: refresh }, /"access_token" in here is an OAuth 2.0 refresh token/],
			[{ refresh_token: access }, /"refresh_token" in here is an access token/],
			[{ access_token: clientId }, /is a Client ID/],
			[{ access_token: opaqueToken("ac", now) }, /authorization code/],
			[{ access_token: "two words" }, /is not a token/],
			[{ access_token: "a\r\nX-Evil: 1" }, /is not a token/],
			[{ access_token: "x".repeat(5000) }, /is not a token/],
		];
		for (const [value, message] of cases) {
			assert.throws(() => foundIn(value, "here"), refused(message));
		}
	});

	it("refuses wrong types, naming the key", () => {
		for (const value of [[], null, 5, "text", [{ access_token: access }]]) {
			assert.throws(() => foundIn(value, "here"), refused(/holds no JSON object/));
		}
		assert.throws(
			() => foundIn({ access_token: { a: 1 } }, "here"),
			refused(/"access_token" in here is Object, not text/),
		);
		assert.throws(() => foundIn({ refresh_token: 7 }, "here"), refused(/"refresh_token" in here is 7, not text/));
	});

	it("is not led astray by keys of the prototype", () => {
		const text = `{"__proto__": {"access_token": "${access}"}, "constructor": {"prototype": {"polluted": 1}}, "client_id": "${clientId}"}`;
		const found = foundInText(text, "here");
		assert.deepEqual(found.grants, []);
		assert.equal(({} as { polluted?: unknown }).polluted, undefined);
	});

	it("puts no value into an error text", () => {
		for (const value of [{ access_token: [access] }, { access_token: refresh }, { refresh_token: access, scope: 4 }]) {
			assert.throws(
				() => foundIn(value, "here"),
				(error: Error) => !error.message.includes(access) && !error.message.includes(refresh),
			);
		}
	});
});

describe("what can be imported from text", () => {
	it("reads JSON as lenient as auth settings are", () => {
		const found = foundInText(`\uFEFF {'client_id': '${clientId}', 'access_token': '${access}', /* c */}`, "here");
		assert.equal(found.grants[0]?.accessToken, access);
	});

	it("takes a bare token for what it is", () => {
		assert.deepEqual(foundInText(` ${access}\n`, "here").grants, [{ accessToken: access, scopes: [] }]);
		assert.deepEqual(foundInText(refresh, "here").grants, [{ refreshToken: refresh, scopes: [] }]);
	});

	it("refuses any other word", () => {
		assert.throws(() => foundInText("hello", "here"), refused(/neither an auth JSON/));
		assert.throws(() => foundInText("", "here"), refused(/neither an auth JSON/));
		assert.throws(() => foundInText(opaqueToken("ac", now), "here"), refused(/Get Token/));
		assert.throws(() => foundInText(`AAAA${"a".repeat(30)}`, "here"), refused(/bearer token/));
	});

	it("refuses a text larger than any auth JSON", () => {
		assert.throws(() => foundInText(`{"a":"${"x".repeat(1_000_001)}"}`, "here"), refused(/longer than/));
	});
});

describe("imported tokens", () => {
	it("count their life from the moment inside", () => {
		const tokens = importedTokens({ accessToken: access, refreshToken: refresh, scopes: [] }, now);
		assert.equal(tokens.issuedAt, now - 30 * minute);
		assert.equal(tokens.expiresAt, now + 90 * minute);
	});

	it("live as long as X's response says", () => {
		const tokens = importedTokens({ accessToken: access, scopes: ["a"], expiresIn: 3600 }, now);
		assert.equal(tokens.expiresAt, now + 30 * minute);
		assert.deepEqual(tokens.response, {
			token_type: "bearer",
			expires_in: 3600,
			access_token: access,
			scope: "a",
		});
	});

	it("take the moment of expiry that the place keeps", () => {
		const tokens = importedTokens({ accessToken: "opaque", scopes: [], expiresAt: now + 5 * minute }, now);
		assert.equal(tokens.expiresAt, now + 5 * minute);
		assert.ok(tokens.issuedAt <= now);
	});

	it("never live longer than X grants, whatever the place claims", () => {
		const tokens = importedTokens({ accessToken: "opaque", scopes: [], expiresAt: now * 2 }, now);
		assert.equal(tokens.expiresAt, now + 120 * minute);
	});

	it("count as expiring now where nobody knows, so that the first use renews", () => {
		const tokens = importedTokens({ accessToken: "opaque", refreshToken: "r", scopes: [] }, now);
		assert.equal(tokens.expiresAt, now);
		// A lifetime of nothing would make the renewer think that there is nothing to renew.
		assert.equal(tokens.expiresAt - tokens.issuedAt, 120 * minute);
	});

	it("without a refresh token get what they can have at most", () => {
		assert.equal(importedTokens({ accessToken: "opaque", scopes: [] }, now).expiresAt, now + 120 * minute);
	});

	it("do not believe a moment from the future", () => {
		const future = opaqueToken("at", now + 30 * 24 * 60 * minute);
		assert.equal(importedTokens({ accessToken: future, refreshToken: "r", scopes: [] }, now).expiresAt, now);
		const slightly = importedTokens({ accessToken: opaqueToken("at", now + minute), scopes: [] }, now);
		assert.equal(slightly.issuedAt, now);
	});

	it("read the sample of the fact sheet", () => {
		assert.equal(
			issuedIn("RXhhbXBsZU9ubHlOb3RBUmVhbFRva2VuRXhhbXBsZU9ubHlOb3RBUmVhbFRvOjE3NTczMTg1MTI0MDA6MTowOmF0OjE"),
			1_757_318_512_400,
		);
		assert.equal(issuedIn("x".repeat(10_000)), undefined);
	});
});

describe("the exchange of an OAuth 1.0a token", () => {
	const exchange = (status: number, body: unknown, sent: HttpRequest[] = [], clientSecret?: string) =>
		exchangeOAuth1(
			async (request) => {
				sent.push(request);
				return { status, headers: {}, text: JSON.stringify(body), sentAt: now, durationMs: 1 };
			},
			"https://api.x.com/2/oauth2/token",
			{ clientId, clientSecret },
			{ token: "1965-Token", tokenSecret: "TheSecret" },
			"offline.access tweet.read",
		);

	it("sends what X documents", async () => {
		const sent: HttpRequest[] = [];
		const tokens = await exchange(200, { access_token: access, refresh_token: refresh, expires_in: 7200 }, sent);
		assert.deepEqual(Object.fromEntries(new URLSearchParams(sent[0]?.body)), {
			grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
			subject_token: "1965-Token",
			subject_token_type: "urn:x:params:oauth:token-type:oauth1_token",
			oauth_token_secret: "TheSecret",
			scope: "offline.access tweet.read",
			client_id: clientId,
		});
		assert.deepEqual(tokens.scopes, ["offline.access", "tweet.read"]);
		assert.equal(tokens.expiresAt, now + 120 * minute);
	});

	it("authenticates a confidential app by Basic", async () => {
		const sent: HttpRequest[] = [];
		await exchange(200, { access_token: access }, sent, "secret");
		assert.equal(sent[0]?.headers.authorization, `Basic ${Buffer.from(`${clientId}:secret`).toString("base64")}`);
		assert.ok(!sent[0]?.body?.includes("client_id"));
	});

	it("says that the tokens are not accepted, without repeating them", async () => {
		await assert.rejects(
			exchange(400, { error: "invalid_grant", error_description: "no TheSecret" }),
			(error: Error & { code?: string; serverText?: string }) =>
				error.code === "GrantLost" && !`${error.message}${error.serverText}`.includes("TheSecret"),
		);
	});
});
