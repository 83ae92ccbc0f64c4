import assert from "node:assert/strict";
import * as v from "valibot";
import { scopesOf, TokenResponse, TokenSet, tokenSetFrom } from "../../../src/oauth/tokens.ts";

const sentAt = 1_800_000_000_000;
const before = { refreshToken: "old refresh token", scopes: ["tweet.read", "users.read"] };
const full = {
	token_type: "bearer",
	expires_in: 7200,
	access_token: "access",
	scope: "users.read tweet.read offline.access",
	refresh_token: "refresh",
};

const read = (body: unknown) => v.parse(TokenResponse, body);

describe("token response", () => {
	it("becomes a set of tokens whose life counts from the moment the request was sent", () => {
		assert.deepEqual(tokenSetFrom(read(full), sentAt), {
			accessToken: "access",
			refreshToken: "refresh",
			scopes: ["offline.access", "tweet.read", "users.read"],
			expiresAt: sentAt + 7_200_000,
			issuedAt: sentAt,
			response: full,
		});
	});

	it("keeps every key as X sent it, unknown ones too", () => {
		const body = JSON.parse(
			'{"errors":[],"new_in_2027":{"nested":true},"refresh_token_expires_in":null,"expires_in":"7200","access_token":"a"}',
		);
		const { response } = tokenSetFrom(read(body), sentAt);
		assert.deepEqual(response, body);
	});

	for (const [name, expiresIn, seconds] of [
		["a number", 5400, 5400],
		["a fraction", 1.5, 1.5],
		["text", "5400", 5400],
		["text with blanks", " 5400 ", 5400],
		["missing", undefined, 7200],
		["null", null, 7200],
		["empty text", "", 7200],
		["blank text", " ", 7200],
		["words", "two hours", 7200],
		["nought", 0, 7200],
		["negative", -1, 7200],
		["true", true, 7200],
		["a list", [5400], 7200],
		["an object", { seconds: 5400 }, 7200],
		["endless", Number.POSITIVE_INFINITY, 7200],
		["endless text", "Infinity", 7200],
		["beyond all dates", 1e300, 7200],
		["beyond all dates as text", "1e306", 7200],
		["milliseconds since 1970", sentAt, 7200],
	] as const) {
		it(`lives ${seconds} s where expires_in is ${name}`, () => {
			const set = tokenSetFrom(read({ ...full, expires_in: expiresIn }), sentAt);
			assert.equal(set.expiresAt, sentAt + seconds * 1000);
			assert.ok(!Number.isNaN(Date.parse(new Date(set.expiresAt).toISOString())));
			// As the store writes and reads it.
			assert.ok(v.is(TokenSet, JSON.parse(JSON.stringify(set))));
		});
	}

	for (const [name, refreshToken] of [
		["missing", undefined],
		["null", null],
		["empty", ""],
		["no text", 42],
	] as const) {
		it(`with a refresh_token that is ${name} keeps the one that was sent, and is not thrown away`, () => {
			const response = read({ ...full, refresh_token: refreshToken });
			assert.equal(tokenSetFrom(response, sentAt, before).refreshToken, "old refresh token");
			assert.ok(!("refreshToken" in tokenSetFrom(response, sentAt)));
			assert.ok(!("refreshToken" in tokenSetFrom(response, sentAt, { scopes: [] })));
		});
	}

	for (const [name, scope] of [
		["missing", undefined],
		["null", null],
		["a list", ["tweet.read"]],
	] as const) {
		it(`with a scope that is ${name} keeps the scopes, and is not thrown away`, () => {
			const set = tokenSetFrom(read({ ...full, scope }), sentAt, before);
			assert.deepEqual(set.scopes, before.scopes);
			assert.notEqual(set.scopes, before.scopes, "a copy");
			assert.deepEqual(tokenSetFrom(read({ ...full, scope }), sentAt).scopes, []);
		});
	}

	it("is none without an access token", () => {
		const { access_token, ...without } = full;
		for (const body of [
			without,
			{ ...full, access_token: "" },
			{ ...full, access_token: 5 },
			{ ...full, access_token: null },
		]) {
			assert.ok(!v.is(TokenResponse, body));
		}
		for (const body of [undefined, null, "access", 42, []]) {
			assert.ok(!v.is(TokenResponse, body));
		}
	});
});

describe("scopes", () => {
	it("are a sorted set, whatever the order, the blanks and the repeats", () => {
		for (const text of [
			"users.read tweet.read offline.access",
			" offline.access  tweet.read\tusers.read\n",
			"tweet.read tweet.read users.read offline.access users.read",
		]) {
			assert.deepEqual(scopesOf(text), ["offline.access", "tweet.read", "users.read"]);
		}
		assert.deepEqual(scopesOf(""), []);
		assert.deepEqual(scopesOf(" \n"), []);
	});
});
