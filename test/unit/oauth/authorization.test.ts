import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
	authorizationLink,
	type Callback,
	kindOf,
	newStateAndVerifier,
	readCallback,
	readQuery,
	stateIn,
	verifierFor,
} from "../../../src/oauth/authorization.ts";
import { type ErrorCode, TwitterTokensError } from "../../../src/oauth/errors.ts";

/** Synthetic, correct in form (fact sheet, section 6.1). */
const token = (kind: string) =>
	Buffer.from(`ExampleOnlyNotARealTokenExampleOnlyNotARealTo:1757318512400:1:0:${kind}:1`).toString("base64url");
const code = token("ac");
const accessToken = token("at");
const refreshToken = token("rt");
const clientId = "RXhhbXBsZUNsaWVudElkMDEyMzQ6MTpjaQ";
const bearer = `AAAA${"ExampleOnly0%2B".repeat(7)}`;

function failure(run: () => unknown, expected: ErrorCode, text?: RegExp): TwitterTokensError {
	try {
		run();
	} catch (error) {
		assert.ok(error instanceof TwitterTokensError, String(error));
		assert.equal(error.code, expected, error.message);
		assert.match(error.message, text ?? /./);
		assert.ok(error.message.length < 600, "short enough to be read");
		return error;
	}
	assert.fail(`${expected} was expected`);
}

describe("authorization link", () => {
	const request = {
		clientId,
		redirectUri: "http://127.0.0.1:8737/callback?fixed=1&x=a b",
		scope: "tweet.read users.read offline.access",
		state: "xyz-_123",
		// RFC 7636, appendix B.
		codeVerifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
	};

	it("is what X's documentation shows, with S256 as in RFC 7636, appendix B", () => {
		assert.equal(
			authorizationLink("https://x.com/i/oauth2/authorize", request),
			`https://x.com/i/oauth2/authorize?response_type=code&client_id=${clientId}` +
				"&redirect_uri=http%3A%2F%2F127.0.0.1%3A8737%2Fcallback%3Ffixed%3D1%26x%3Da%20b" +
				"&scope=tweet.read%20users.read%20offline.access&state=xyz-_123" +
				"&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
		);
	});

	it("gives every value back to whoever parses it, and never holds the verifier", () => {
		const odd = { ...request, clientId: "a+b&c=d#é", state: "s/t+%41", scope: "a.b c+d" };
		const link = authorizationLink("https://x.com/i/oauth2/authorize", odd);
		assert.deepEqual(Object.fromEntries(new URL(link).searchParams), {
			response_type: "code",
			client_id: odd.clientId,
			redirect_uri: odd.redirectUri,
			scope: odd.scope,
			state: odd.state,
			code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
			code_challenge_method: "S256",
		});
		assert.ok(!link.includes("+") && !link.includes(request.codeVerifier));
	});

	it("keeps the query of an endpoint that has one", () => {
		const link = new URL(authorizationLink("https://x.test/authorize?tenant=1", request));
		assert.deepEqual([...link.searchParams.keys()].slice(0, 2), ["tenant", "response_type"]);
	});

	it("has a state and a verifier of 32 random bytes each, URL-safe, never the same", () => {
		const sizes: number[] = [];
		const made = Array.from({ length: 50 }, () =>
			newStateAndVerifier((size) => {
				sizes.push(size);
				return randomBytes(size);
			}),
		);
		assert.deepEqual(new Set(sizes), new Set([32]));
		const values = made.flatMap(({ state, codeVerifier }) => [state, codeVerifier]);
		assert.ok(values.every((value) => /^[\w-]{43}$/.test(value)));
		assert.equal(new Set(values).size, 100);
	});
});

describe("what comes back from X", () => {
	describe("is read as a whole address, a query string or a bare code", () => {
		for (const [text, expected] of [
			[code, { code }],
			[`  ${code}\r\n`, { code }],
			[`"${code}"`, { code }],
			[`<http://127.0.0.1:8737/callback?state=s&code=${code}>`, { code, state: "s" }],
			["short", { code: "short" }],
			[`state=s&code=${code}`, { code, state: "s" }],
			[`?state=s&code=${code}`, { code, state: "s" }],
			[`code=${code}&state=s`, { code, state: "s" }],
			[`code=${code}`, { code }],
			[`&&code=${code}&`, { code }],
			[`http://127.0.0.1:8737/callback?state=s&code=${code}`, { code, state: "s" }],
			[`https://example.com/a/b?fixed=1&state=s&code=${code}`, { code, state: "s" }],
			[`127.0.0.1:8737/callback?state=s&code=${code}`, { code, state: "s" }],
			[`vscode://twitter-tokens.twitter-tokens/callback?state=s&code=${code}`, { code, state: "s" }],
			[`code-oss://twitter-tokens.twitter-tokens/callback?code=${code}&windowId=1`, { code }],
			[`http://127.0.0.1:8737/callback?state=s&code=${code}#_=_`, { code, state: "s" }],
			[`http://127.0.0.1:8737/callback?state=s&code=${code}#?code=other&state=t`, { code, state: "s" }],
			["http://127.0.0.1/callback?state=a%2Fb%2B1&code=c%2Fd%2B2", { code: "c/d+2", state: "a/b+1" }],
			["http://127.0.0.1/callback?state=a/b+1&code=c/d+2", { code: "c/d+2", state: "a/b+1" }],
			["code=a=b==&state=s=", { code: "a=b==", state: "s=" }],
			["code=100%&state=%zz", { code: "100%", state: "%zz" }],
			["code=x&state=", { code: "x", state: "" }],
			[`code=${code}&code=${code}&state=s&state=s`, { code, state: "s" }],
			["code=c&__proto__=1&constructor=2", { code: "c" }],
		] as const satisfies readonly (readonly [string, Callback])[]) {
			it(JSON.stringify(text), () => assert.deepEqual(readCallback(text), expected));
		}

		it("takes any code that X might invent, as long as it is one printable word", () => {
			for (const each of ["a", "b".repeat(4096), "a.b~c!d*e'f(g)", accessToken.slice(0, -3)]) {
				assert.equal(readCallback(each).code, each);
			}
		});
	});

	it("by itself is read percent-encoded and already decoded", () => {
		for (const query of ["code=a%2Fb%2B1&state=s%2Ft%2B2", "code=a/b+1&state=s/t+2", "?code=a/b%2B1&state=s%2Ft+2"]) {
			assert.deepEqual(readQuery(query), { code: "a/b+1", state: "s/t+2" });
			assert.equal(stateIn(query), "s/t+2");
		}
	});

	it("shows its state even where the rest is an error", () => {
		for (const [query, state] of [
			["error=access_denied&state=s", "s"],
			["?state=s&error=x", "s"],
			["state=&code=x", ""],
			["code=x", undefined],
			["", undefined],
			["mystate=s&code=x", undefined],
			["code=state=s", undefined],
			["state=%zz&code=x", "%zz"],
			["code=c&state=s#fragment", "s"],
		] as const) {
			assert.equal(stateIn(query), state, query);
		}
	});

	describe("is an error", () => {
		for (const [query, expected] of [
			["error=access_denied&state=s", "AccessDenied"],
			["denied=abc", "AccessDenied"],
			["denied=", "AccessDenied"],
			["error=server_error", "Unavailable"],
			["error=invalid_scope&state=s", "ScopeInvalid"],
			[`code=${code}&state=s&error=access_denied`, "AccessDenied"],
			[`error=access_denied&state=s&code=${code}`, "AccessDenied"],
			[`code=${code}&denied=x`, "AccessDenied"],
			["state=s", "CodeInvalid"],
			["code=&state=s", "CodeInvalid"],
			["code", "CodeInvalid"],
			["", "CodeInvalid"],
			["code=a&code=b", "CodeInvalid"],
			["code=a&state=s&state=t", "CodeInvalid"],
			["code=a%20b", "CodeInvalid"],
			["code=%3Cscript%3E", "CodeInvalid"],
			[`code=${accessToken}&state=s`, "CodeInvalid"],
		] as const) {
			it(`${expected} for the query ${JSON.stringify(query)}`, () => {
				failure(() => readQuery(query), expected);
				if (query !== "code" && query !== "") {
					failure(() => readCallback(query), expected);
					failure(() => readCallback(`http://127.0.0.1:8737/callback?${query}`), expected);
				}
			});
		}

		it("whose words are kept for the log, cleaned", () => {
			const error = failure(() => readQuery(`error=${"<a onclick=x>\n%00".repeat(99)}`), "AccessDenied");
			assert.match(error.serverText ?? "", /^[\w. -]{1,100}$/);
			assert.equal(failure(() => readQuery("error=access_denied"), "AccessDenied").serverText, "access_denied");
		});

		it("that says what the person did, for a cancelled sign-in", () => {
			failure(() => readQuery("error=access_denied"), "AccessDenied", /cancelled on X/);
			failure(() => readQuery("error=other"), "AccessDenied", /refused/);
		});

		for (const [name, text, message] of [
			["an access token", accessToken, /access token/],
			["a refresh token", refreshToken, /refresh token/],
			["a client id", clientId, /Client ID/],
			["an app-only bearer", bearer, /bearer/],
			[
				"an OAuth 1.0a token",
				"1965012345678901235-EmulatorOnlyAdaToken",
				/OAuth 1\.0a access token, not an authorization code/,
			],
		] as const) {
			it(`that says what it is, for ${name} pasted by mistake`, () => {
				for (const pasted of [text, ` ${text}\n`, `code=${encodeURIComponent(text)}`]) {
					const error = failure(() => readCallback(pasted), "CodeInvalid", message);
					assert.ok(!error.message.includes(text), "and does not repeat it");
				}
			});
		}

		for (const text of [
			"",
			" \n",
			"not a code",
			"two\nlines",
			"naïve",
			"😀",
			"\0",
			"{}",
			'{"code":"x"}',
			"<p><b>",
			"a\\b",
			"https://x.com/i/oauth2/authorize",
			"http://127.0.0.1:8737/callback",
			`http://127.0.0.1:8737/callback#code=${code}&state=s`,
			"://",
		]) {
			it(`CodeInvalid for ${JSON.stringify(text)}`, () => {
				failure(() => readCallback(text), "CodeInvalid", /Paste the whole address/);
			});
		}

		for (const [name, text] of Object.entries({
			letters: "a".repeat(1_000_000),
			"quotation marks": `${'"'.repeat(1_000_000)}a${'">'.repeat(500_000)}a`,
			blanks: `${" ".repeat(1_000_000)}a${" ".repeat(1_000_000)}b`,
			ampersands: `code=a&${"&".repeat(1_000_000)}code=b`,
			parameters: `code=a${"&x=1&y=2".repeat(125_000)}&code=b`,
			"question marks": `code=${"?".repeat(1_000_000)}`,
			"percent signs": `code=${"%".repeat(1_000_000)}`,
			bytes: Buffer.alloc(1_000_000, "\u00e9\0\n=&?").toString("latin1"),
		})) {
			it(`CodeInvalid, quickly, for 1 MB of ${name}`, () => {
				const begin = performance.now();
				failure(() => readCallback(text), "CodeInvalid");
				failure(() => readQuery(text), "CodeInvalid");
				stateIn(text);
				assert.ok(performance.now() - begin < 1_000);
			});
		}
	});

	it("is told apart by what X's credentials look like inside", () => {
		for (const [text, kind] of [
			[code, "authorization code"],
			[accessToken, "access token"],
			[refreshToken, "OAuth 2.0 refresh token"],
			[clientId, "OAuth 2.0 Client ID"],
			[bearer, "app-only bearer token"],
			["1965012345678901235-EmulatorOnlyAdaToken", "OAuth 1.0a access token"],
			// X's own samples (fact sheet, sections 4 and 6.1).
			[
				"VGNibzFWSWREZm01bjN1N3dicWlNUG1oa2xRRVNNdmVHelJGY2hPWGxNd2dxOjE2MjIxNjA4MjU4MjU6MToxOmFjOjE",
				"authorization code",
			],
			["Q0Mzb0VhZ0V5dmNXSTEyNER2MFNfVW50RzdXdTN6STFxQlVkTGhTc1lCdlBiOjE2MjIxNDc3NDM5MTQ6MToxOmF0OjE", "access token"],
			[
				"bWRWa3gzdnk3WHRGU1o0bmRRcTJ5VUxWX1lZTDdJSUtmaWcxbTVxdEFXcW5tOjE2MjIxNDc3NDM5MTQ6MToxOnJ0OjE",
				"OAuth 2.0 refresh token",
			],
			[token("xx"), undefined],
			["", undefined],
			["abc", undefined],
			["AAAAshort", undefined],
			["a".repeat(91), undefined],
		] as const) {
			assert.equal(kindOf(text), kind, text);
		}
	});
});

describe("which verifier goes with a code", () => {
	const own = { codeVerifier: "verifier of the state" };
	const newest = { codeVerifier: "newest verifier" };
	const settings = "verifier of the settings";

	/** Rule 1: `own`; rule 2: `settings`; rule 3: `newest`; rule 4: refused. */
	type Outcome = "own" | "settings" | "newest" | "refused";
	const table: readonly (readonly [
		state: string | undefined,
		stateIsPending: boolean,
		somethingIsPending: boolean,
		handedOver: Outcome,
		byItself: Outcome,
	])[] = [
		["ours", true, true, "own", "own"],
		["ours", true, false, "own", "own"],
		["ours", false, true, "refused", "refused"],
		["ours", false, false, "refused", "refused"],
		["state", false, false, "settings", "refused"],
		["state", false, true, "settings", "refused"],
		["state", true, true, "own", "own"],
		[undefined, false, false, "settings", "refused"],
		[undefined, false, true, "newest", "refused"],
		["", false, false, "refused", "refused"],
		["", false, true, "refused", "refused"],
		["State", false, true, "refused", "refused"],
		["challenge", false, false, "refused", "refused"],
	];

	for (const [state, stateIsPending, somethingIsPending, ...outcomes] of table) {
		for (const byItself of [false, true]) {
			const outcome = outcomes[byItself ? 1 : 0];
			const given = [
				state === undefined
					? "no state"
					: `the state ${JSON.stringify(state)}${stateIsPending ? ", which is pending" : ""}`,
				somethingIsPending ? "something pending for the client" : "nothing pending for the client",
				byItself ? "arrived by itself" : "handed over",
			].join(", ");

			it(`${outcome}: ${given}`, () => {
				const callback = { code: "c", ...(state === undefined ? {} : { state }) };
				const pending = { byState: stateIsPending ? own : undefined, newest: somethingIsPending ? newest : undefined };
				const decide = (settingsVerifier?: string) => verifierFor(callback, pending, settingsVerifier, byItself);
				switch (outcome) {
					case "own":
						assert.deepEqual(decide(settings), { codeVerifier: own.codeVerifier, pending: own });
						break;
					case "newest":
						assert.deepEqual(decide(settings), { codeVerifier: newest.codeVerifier, pending: newest });
						break;
					case "settings":
						assert.deepEqual(decide(settings), { codeVerifier: settings });
						assert.deepEqual(decide(), { codeVerifier: "challenge" });
						break;
					default:
						failure(() => decide(settings), "StateMismatch", /newest browser tab/);
				}
			});
		}
	}

	it("is never that of a state which the code did not bring along", () => {
		failure(() => verifierFor({ code: "c" }, { byState: own, newest: undefined }, undefined, true), "StateMismatch");
	});
});
