import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { authSettingsFrom, parseAuthText } from "../../../src/oauth/authSettings.ts";
import { authJsonText, curlCommand, envLines, tokenResponseText } from "../../../src/oauth/exports.ts";
import { foundIn } from "../../../src/oauth/importable.ts";
import type { TokenSet } from "../../../src/oauth/tokens.ts";

const tokens: TokenSet = {
	accessToken: "at_-1",
	refreshToken: "rt_-1",
	scopes: ["offline.access", "tweet.read"],
	issuedAt: 1,
	expiresAt: 2,
	response: {
		token_type: "bearer",
		expires_in: 7200,
		access_token: "at_-1",
		scope: "tweet.read offline.access",
		refresh_token: "rt_-1",
		odd: [1],
	},
};
const { refreshToken: _, ...withoutRefresh } = tokens;
const evil = (accessToken: string): TokenSet => ({ ...tokens, accessToken });
const app = { clientId: "id", clientSecret: "-s", redirectUri: "http://127.0.0.1:8737/callback", scope: "tweet.read" };

describe("exported tokens", () => {
	it("as X's token response keep its keys and their order", () => {
		assert.equal(tokenResponseText(tokens), `${JSON.stringify(tokens.response, undefined, 2)}\n`);
	});

	it("as .env lines hold the refresh token only when asked", () => {
		assert.equal(envLines(tokens, false), "X_ACCESS_TOKEN=at_-1\n");
		assert.equal(envLines(tokens, true), "X_ACCESS_TOKEN=at_-1\nX_REFRESH_TOKEN=rt_-1\n");
		assert.equal(envLines(withoutRefresh, true), "X_ACCESS_TOKEN=at_-1\n");
	});

	it("as a curl command are what a shell hands to curl", () => {
		const command = curlCommand("https://api.x.com", tokens).replace("curl", "printf '%s\\n'");
		assert.deepEqual(execFileSync("sh", ["-c", command]).toString().trim().split("\n"), [
			"https://api.x.com/2/users/me",
			"-H",
			"Authorization: Bearer at_-1",
		]);
		assert.ok(!/[$`]/.test(curlCommand("https://api.x.com/$(id)/`id`", tokens)));
	});

	it("never bring a command or a second line along", () => {
		for (const token of ['a"; id; "', "$(id)", "`id`", "a\nPATH=x", "a b", "a%PATH%", "a\\"]) {
			assert.throws(() => curlCommand("https://api.x.com", evil(token)), { code: "UnexpectedResponse" });
			assert.throws(() => envLines(evil(token), false), { code: "UnexpectedResponse" });
		}
	});

	it("as an auth JSON can be imported and signed in with", () => {
		const value = parseAuthText(authJsonText(app, tokens), "here");
		assert.equal(authSettingsFrom(value, "here").clientSecret, "-s");
		assert.deepEqual(foundIn(value, "here").grants, [
			{ accessToken: "at_-1", refreshToken: "rt_-1", scopes: ["offline.access", "tweet.read"] },
		]);
		const { clientSecret: __, ...publicApp } = app;
		assert.ok(!authJsonText(publicApp, withoutRefresh).includes("client_secret"));
		assert.ok(!authJsonText(publicApp, withoutRefresh).includes("refresh_token"));
	});
});
