import assert from "node:assert/strict";
import { inspect } from "node:util";
import { type ErrorCode, TwitterTokensError } from "../../../src/oauth/errors.ts";
import { createTransport } from "../../../src/oauth/http.ts";
import { exchangeCode } from "../../../src/oauth/tokenEndpoint.ts";
import { whoAmI } from "../../../src/oauth/users.ts";
import { publicClientId } from "../../emulator/apps.ts";
import { type Emulator, startEmulator } from "../../emulator/emulator.ts";

const redirectUri = "http://127.0.0.1:8737/callback";
const codeVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const transport = createTransport(() => ({
	proxyStrictSSL: true,
	proxySupport: "off",
	systemCertificates: false,
	environment: {},
}));

describe("who am I", () => {
	let x: Emulator;
	before(async () => {
		x = await startEmulator();
	});
	beforeEach(() => x.reset());
	after(() => x.close());

	async function accessToken(scope?: string, userId?: string): Promise<string> {
		const asked = { ...(scope === undefined ? {} : { scope }), ...(userId === undefined ? {} : { userId }) };
		const code = x.issueCode({ clientId: publicClientId, redirectUri, challenge, ...asked });
		const grant = { code, redirectUri, codeVerifier, scope: "tweet.read users.read" };
		const tokens = await exchangeCode(transport, x.endpoints.token, { clientId: publicClientId }, grant);
		x.requests.length = 0;
		return tokens.accessToken;
	}

	async function refusal(token: string, code: ErrorCode, message: RegExp): Promise<TwitterTokensError> {
		const error = await whoAmI(transport, x.endpoints.api, token).then(
			() => assert.fail(`${code} was expected`),
			(thrown: unknown) => thrown,
		);
		assert.ok(error instanceof TwitterTokensError, inspect(error));
		assert.equal(error.code, code, error.message);
		assert.match(error.message, message);
		assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(token), "the token does not show");
		return error;
	}

	it("asks once, with the token as bearer, and keeps the id as text", async () => {
		const token = await accessToken();
		assert.deepEqual(await whoAmI(transport, x.endpoints.api, token), {
			id: "1965012345678901235",
			handle: "ada_dev",
			name: "Ada",
		});
		assert.equal(x.requests.length, 1);
		const [request] = x.requests;
		assert.deepEqual(
			[request?.method, request?.path, request?.query, request?.headers.authorization, request?.headers.accept],
			["GET", "/2/users/me", {}, `Bearer ${token}`, "application/json"],
		);
	});

	it("tells two users apart", async () => {
		const user = x.users[1];
		const me = await whoAmI(transport, x.endpoints.api, await accessToken(undefined, user?.id));
		assert.deepEqual([me.id, me.handle], [user?.id, user?.username]);
	});

	it("does without a name", async () => {
		const answer = async () => ({
			status: 200,
			headers: {},
			text: '{"data":{"id":"1","username":"a","more":1},"errors":[]}',
			sentAt: 0,
			durationMs: 0,
		});
		assert.deepEqual(await whoAmI(answer, "https://x.test", "t"), { id: "1", handle: "a" });
	});

	it("names both scopes where one is missing", async () => {
		for (const scope of ["tweet.read", "users.read", "users.read offline.access"]) {
			const error = await refusal(await accessToken(scope), "UnexpectedResponse", /tweet\.read and users\.read.*403/);
			assert.equal(error.status, 403);
		}
	});

	for (const [name, fault, status, code, message] of [
		[
			"no credits",
			{ kind: "creditsDepleted" },
			402,
			"UnexpectedResponse",
			/token is fine.*402, no credits.*console\.x\.com/,
		],
		[
			"no credits in newer words",
			{ kind: "creditsDepleted", variant: true },
			402,
			"UnexpectedResponse",
			/token is fine.*402, no credits/,
		],
		[
			"no enrolment",
			{ kind: "notEnrolled" },
			403,
			"UnexpectedResponse",
			/token is fine.*403, not enrolled.*console\.x\.com/,
		],
		["a rate limit", { kind: "rateLimited", headers: true }, 429, "RateLimited", /15 minutes/],
		["a rate limit without headers", { kind: "rateLimited", headers: false }, 429, "RateLimited", /15 minutes/],
		["500", { kind: "html", status: 500 }, 500, "Unavailable", /HTTP 500/],
		["503", { kind: "html", status: 503 }, 503, "Unavailable", /HTTP 503/],
		["an empty answer", { kind: "emptyBody" }, 200, "UnexpectedResponse", /did not say who.*HTTP 200/],
		["a cut connection", { kind: "answerLost" }, undefined, "Network", /cut/],
	] as const) {
		it(`fails with ${code} on ${name}, after one request`, async () => {
			const token = await accessToken();
			x.faultAlways("usersMe", fault);
			const error = await refusal(token, code, message);
			assert.equal(error.status, status);
			assert.equal(x.requests.length, 1);
		});
	}

	it("fails on a token that X does not take any more", async () => {
		const token = await accessToken();
		x.expireAccessTokens();
		assert.equal((await refusal(token, "UnexpectedResponse", /HTTP 401/)).status, 401);
	});

	it("is no answer in another shape", async () => {
		for (const text of ["", "<html>", "null", "[]", "{}", '{"data":[]}', '{"data":{"id":5,"username":"a"}}']) {
			const answer = async () => ({ status: 200, headers: {}, text, sentAt: 0, durationMs: 0 });
			await assert.rejects(whoAmI(answer, "https://x.test", "t"), { code: "UnexpectedResponse", status: 200 });
		}
	});

	it("can be given up", async () => {
		const token = await accessToken();
		x.faultNext("usersMe", { kind: "never" });
		const stop = new AbortController();
		const asked = whoAmI(transport, x.endpoints.api, token, stop.signal);
		while (x.requests.length === 0) await new Promise(setImmediate);
		stop.abort();
		await assert.rejects(asked, { code: "Cancelled" });
	});
});
