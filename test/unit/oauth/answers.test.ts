import assert from "node:assert/strict";
import { inspect } from "node:util";
import { errorFromAnswer, type Grant, jsonOf, masked } from "../../../src/oauth/answers.ts";
import type { ErrorCode } from "../../../src/oauth/errors.ts";
import type { HttpAnswer } from "../../../src/oauth/transport.ts";

const sentAt = 1_800_000_000_000;
const grants: readonly Grant[] = ["code", "refresh", "revocation", "exchange"];

function answer(status: number, body: unknown, headers: Record<string, string> = {}): HttpAnswer {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	return { status, text, headers, sentAt, durationMs: 250 };
}

const said = (error: string, error_description?: string) => ({ error, error_description });
const invalid = (description: string) => said("invalid_request", description);

const html = "<html>\r\n<head><title>502 Bad Gateway</title></head><body>token was invalid</body></html>\r\n";
const E1 = said("unauthorized_client", "Missing valid authorization header");
const E2 = invalid("Value passed for the authorization code was invalid.");
const E3 = invalid("Value passed for the code verifier did not match the code challenge.");
const E4 = invalid("Value passed for the redirect uri did not match the uri of the authorization code.");
const E6 = said("invalid_client", "Value passed for the client id was invalid.");
const E7 = invalid("Value passed for the token was invalid.");
const E8 = invalid(
	"Value passed for the grant type was invalid. Grant type should be one of [authorization_code, refresh_token].",
);
const missing = (name: string) => invalid(`Missing required parameter [${name}].`);

/** An answer, what it means for a code, and what for everything else. */
const table: Readonly<Record<string, readonly [HttpAnswer, ErrorCode, ErrorCode?]>> = {
	"E1: the secret is missing or wrong": [answer(401, E1), "ClientAuthenticationFailed"],
	"E1 with another status": [answer(400, E1), "ClientAuthenticationFailed"],
	"E1 without its description": [answer(401, said("unauthorized_client")), "ClientAuthenticationFailed"],
	"401 invalid_client, as RFC 6749 has it": [answer(401, said("invalid_client")), "ClientAuthenticationFailed"],
	"E2: the code is dead": [answer(400, E2), "CodeInvalid"],
	"E2 as invalid_grant": [answer(400, { ...E2, error: "invalid_grant" }), "CodeInvalid"],
	"E3: another verifier": [answer(400, E3), "VerifierMismatch"],
	"E3 in invented words": [answer(400, invalid("Value passed for the code verifier was invalid.")), "VerifierMismatch"],
	"E3 as invalid_grant": [answer(400, said("invalid_grant", "code_verifier is wrong")), "VerifierMismatch"],
	"E3 in capitals": [answer(400, invalid("CODE VERIFIER MISMATCH")), "VerifierMismatch"],
	"E4: another redirect URI": [answer(400, E4), "RedirectMismatch"],
	"E4 in invented words": [answer(400, said("invalid_grant", "The redirect_uri does not match.")), "RedirectMismatch"],
	"E5: no code_verifier": [answer(400, missing("code_verifier")), "VerifierMismatch"],
	"E5: no redirect_uri": [answer(400, missing("redirect_uri")), "RedirectMismatch"],
	"E5: no client_id": [answer(400, missing("client_id")), "ClientUnknown"],
	"E5: no grant_type": [answer(400, missing("grant_type")), "UnexpectedResponse"],
	"E5: no refresh_token is no word about the token": [answer(400, missing("refresh_token")), "UnexpectedResponse"],
	"E6: unknown client id": [answer(400, E6), "ClientUnknown"],
	"E6 as invalid_request": [answer(400, { ...E6, error: "invalid_request" }), "ClientUnknown"],
	"E6 without its description": [answer(400, said("invalid_client")), "ClientUnknown"],
	"E7: the token is dead": [answer(400, E7), "CodeInvalid", "GrantLost"],
	"E7 as invalid_grant": [answer(400, { ...E7, error: "invalid_grant" }), "CodeInvalid", "GrantLost"],
	"E7 with an errors array": [answer(400, { ...E7, errors: [{ code: 1 }], more: null }), "CodeInvalid", "GrantLost"],
	"invalid_grant alone": [answer(400, said("invalid_grant")), "CodeInvalid", "GrantLost"],
	"E8: another grant type": [answer(400, E8), "UnexpectedResponse"],
	"E9: invalid_scope": [answer(400, said("invalid_scope")), "ScopeInvalid"],
	"E9: unauthorized_client": [answer(400, said("unauthorized_client")), "ClientAuthenticationFailed"],
	"E9: invalid_request alone": [answer(400, said("invalid_request")), "UnexpectedResponse"],
	"E10: rate_limited": [answer(429, said("rate_limited")), "RateLimited"],
	"E10 with another status": [answer(400, said("rate_limited")), "RateLimited"],
	"429 whatever it says": [answer(429, E7), "RateLimited"],
	"429 in HTML": [answer(429, html), "RateLimited"],
	"E11: temporarily_unavailable": [answer(503, said("temporarily_unavailable")), "Unavailable"],
	"E11 with another status": [answer(400, said("temporarily_unavailable")), "Unavailable"],
	"E12: 500 in HTML": [answer(500, html), "Unavailable"],
	"E12: 502 without a body": [answer(502, ""), "Unavailable"],
	"E12: 503 whatever it says": [answer(503, E7), "Unavailable"],
	"400 in HTML": [answer(400, html), "UnexpectedResponse"],
	"400 without a body": [answer(400, ""), "UnexpectedResponse"],
	"401 without a word about the app": [answer(401, { title: "Unauthorized" }), "UnexpectedResponse"],
	"403 of a firewall": [answer(403, html), "UnexpectedResponse"],
	"a redirect": [answer(302, "", { location: "https://x.com/login" }), "UnexpectedResponse"],
	"200 without a body": [answer(200, ""), "UnexpectedResponse"],
	"200 in HTML": [answer(200, html), "UnexpectedResponse"],
	"200 with the words of E7": [answer(200, E7), "UnexpectedResponse"],
	"fields that are no text": [
		answer(400, { error: 5, error_description: ["token was invalid"] }),
		"UnexpectedResponse",
	],
	"a list": [answer(400, [E7]), "UnexpectedResponse"],
	null: [answer(400, null), "UnexpectedResponse"],
};

describe("an answer that is not the expected one", () => {
	for (const [name, [given, forCode, forOthers = forCode]] of Object.entries(table)) {
		it(`${name} means ${forCode === forOthers ? forCode : `${forCode} for a code, ${forOthers} for a token`}`, () => {
			for (const grant of grants) {
				const error = errorFromAnswer(given, grant, []);
				assert.equal(error.code, grant === "code" ? forCode : forOthers);
				assert.equal(error.status, given.status);
				assert.ok(!error.message.includes("<"), "no HTML in the message");
				assert.match(error.message, /[.!]$/, "a sentence that says what to do");
			}
		});
	}

	it("has used up the grant where it is a success that makes no sense", () => {
		assert.equal(errorFromAnswer(answer(200, ""), "refresh", []).mayHaveArrived, true);
		assert.equal(errorFromAnswer(answer(200, { token_type: "bearer" }), "code", []).mayHaveArrived, true);
		for (const status of [302, 400, 401, 429, 500, 503]) {
			assert.equal(errorFromAnswer(answer(status, E7), "refresh", []).mayHaveArrived, false);
		}
	});

	it("tells what to do in the words of the console", () => {
		for (const [status, body, words] of [
			[401, E1, /OAuth 2\.0 Client Secret \(not the API Key Secret\).*Native App/],
			[400, E6, /OAuth 2\.0 Client ID.*6MTpjaQ/],
			[400, E2, /30 seconds/],
			[400, E3, /newest browser tab.*code_verifier/],
			[400, E4, /redirect_uri/],
			[429, "", /tokens are kept/],
			[502, html, /HTTP 502.*tokens are kept/],
			[418, said("teapot", "I am one."), /HTTP 418, teapot: I am one\./],
		] as const) {
			assert.match(errorFromAnswer(answer(status, body), "code", []).message, words);
		}
		assert.match(errorFromAnswer(answer(400, E7), "refresh", []).message, /Sign in again.*its own app/);
	});

	describe("names the moment to try again", () => {
		const at = (headers: Record<string, string>, status = 429) =>
			errorFromAnswer(answer(status, "", headers), "refresh", []).retryAt;

		for (const [name, headers, expected] of [
			["retry-after in seconds, counted from the answer", { "retry-after": "120" }, sentAt + 250 + 120_000],
			["retry-after of nought", { "retry-after": "0" }, sentAt + 250],
			["retry-after as a date", { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }, Date.UTC(2026, 9, 21, 7, 28, 0)],
			["x-rate-limit-reset, seconds since 1970", { "x-rate-limit-reset": "1800000900" }, 1_800_000_900_000],
			[
				"retry-after before x-rate-limit-reset",
				{ "retry-after": "5", "x-rate-limit-reset": "1800000900" },
				sentAt + 5_250,
			],
			[
				"x-rate-limit-reset beside a retry-after that means nothing",
				{ "retry-after": "soon", "x-rate-limit-reset": "1800000900" },
				1_800_000_900_000,
			],
			["no header", {}, undefined],
			["nonsense", { "retry-after": "soon", "x-rate-limit-reset": "later" }, undefined],
			["empty headers", { "retry-after": "", "x-rate-limit-reset": " " }, undefined],
		] as const) {
			it(`by ${name}`, () => {
				assert.equal(at(headers), expected);
				assert.equal(at(headers, 503), expected);
			});
		}

		it("only where waiting helps", () => {
			assert.equal(at({ "retry-after": "5" }, 400), undefined);
			assert.equal(at({ "x-rate-limit-reset": "1800000900" }, 200), undefined);
		});
	});

	describe("never shows a secret", () => {
		const secret = "-EmulatorOnlyNotARealSecret_0123456789-abcdefghijk";
		const secrets = ["", "hunter2", secret, "hunter2-and-more"];

		it("not one that was sent, wherever X repeats it", () => {
			const body = said(`x ${secret}`, `got hunter2 and hunter2-and-more and ${secret}.`);
			for (const status of [400, 401, 429, 500]) {
				const error = errorFromAnswer(answer(status, body), "exchange", secrets);
				assert.equal(error.serverText, "x …: got … and … and ….");
				assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /hunter2|NotAReal|and-more/);
			}
		});

		it("not one that only looks like a credential", () => {
			assert.equal(masked(`a ${"b".repeat(32)} c ${"d".repeat(31)}`, []), `a … c ${"d".repeat(31)}`);
			assert.equal(masked(`Basic ${btoa("x".repeat(81))}`, []), "Basic …");
		});

		it("not a long tale either", () => {
			assert.equal(masked("word ".repeat(1000), []).length, 300);
		});

		it("not in place of X's own words", () => {
			const { serverText } = errorFromAnswer(answer(400, E8), "code", secrets);
			assert.equal(serverText, `invalid_request: ${E8.error_description}`);
		});
	});
});

describe("JSON of an answer", () => {
	it("is undefined for what is none", () => {
		for (const text of ["", html, "{", "undefined"]) {
			assert.equal(jsonOf(answer(200, text)), undefined);
		}
		assert.deepEqual(jsonOf(answer(200, '{"a":1}')), { a: 1 });
	});
});
