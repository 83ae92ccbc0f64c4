import assert from "node:assert/strict";
import { inspect } from "node:util";
import { authSettingsFrom, authSourceOf, defaultScope, parseAuthText } from "../../../src/oauth/authSettings.ts";
import { TwitterTokensError } from "../../../src/oauth/errors.ts";

const place = "the setting twitterTokens.auth";
const clientId = "RXhhbXBsZUNsaWVudElkMDEyMzQ6MTpjaQ";
const secret = "-EmulatorOnlyNotARealSecret_0123456789-abcdefghijk";

/** The file of OpenIntegrations with every key it knows, filled in as its instructions say. */
const openIntegrations = {
	redirect_uri: "https://api.example.com/opi/hs/twitter",
	scope:
		"tweet.read tweet.write tweet.moderate.write users.read follows.read follows.write offline.access space.read " +
		"mute.read mute.write like.read like.write list.read list.write block.read block.write bookmark.read bookmark.write",
	client_id: clientId,
	client_secret: secret,
	access_token: "an access token",
	refresh_token: "a refresh token",
	oauth_token: "1965012345678901235-ExampleOnly",
	oauth_token_secret: "example",
	oauth_consumer_key: "example",
	oauth_consumer_secret: "example",
};

/** What any accepted value says in the end; a file's text is parsed as the file's reader does it. */
function settingsOf(value: unknown) {
	const source = authSourceOf(value, place);
	assert.equal(source.kind, "value");
	return authSettingsFrom(source.kind === "value" ? source.value : undefined, place);
}

/** Asserts `InvalidAuthSettings`, each of `parts` in the message, and that nothing of `hidden` shows anywhere. */
function assertInvalid(run: () => unknown, parts: readonly string[], hidden: readonly string[] = []): void {
	assert.throws(run, (error) => {
		assert.ok(error instanceof TwitterTokensError);
		assert.equal(error.code, "InvalidAuthSettings");
		for (const part of parts) {
			assert.ok(error.message.includes(part), `"${part}" is in: ${error.message.slice(0, 500)}`);
		}
		for (const text of hidden) {
			assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(text), `"${text}" is hidden`);
		}
		assert.ok(error.message.length < 1000, "short enough to be read");
		return true;
	});
}

describe("auth settings", () => {
	describe("accepted forms", () => {
		const expected = {
			clientId,
			clientSecret: secret,
			scope: "tweet.read users.read",
			redirectUri: "app://x/callback",
		};
		const forms: Record<string, unknown> = {
			"an object": {
				client_id: clientId,
				client_secret: secret,
				scope: "tweet.read users.read",
				redirect_uri: "app://x/callback",
			},
			"JSON text": `{"client_id":"${clientId}","client_secret":"${secret}","scope":"tweet.read users.read","redirect_uri":"app://x/callback"}`,
			"single quotes, as in the OpenIntegrations docs": `{'client_id':'${clientId}','client_secret':'${secret}','scope':'tweet.read users.read','redirect_uri':'app://x/callback'}`,
			"comments and trailing commas": `{
				// my app
				"client_id": "${clientId}", /* Web App */
				"client_secret": "${secret}",
				"scope": "tweet.read users.read",
				"redirect_uri": "app://x/callback", // not a comment: "://"
			}`,
			"keys without quotation marks": `{client_id: "${clientId}", client_secret: "${secret}", scope: "tweet.read users.read", redirect_uri: "app://x/callback"}`,
			"a byte order mark, blanks and CRLF around": `\uFEFF \r\n{"client_id":"${clientId}",\r\n"client_secret":"${secret}","scope":"tweet.read users.read","redirect_uri":"app://x/callback"}\r\n`,
		};
		for (const [name, value] of Object.entries(forms)) {
			it(`takes ${name}`, () => assert.deepEqual(settingsOf(value), expected));
		}

		for (const [name, value] of Object.entries({
			object: openIntegrations,
			"JSON text": JSON.stringify(openIntegrations, undefined, 4),
			"text with single quotes": inspect(openIntegrations, { breakLength: Infinity }),
		})) {
			it(`takes the OpenIntegrations file unchanged, as ${name}`, () => {
				assert.deepEqual(settingsOf(value), {
					clientId,
					clientSecret: secret,
					redirectUri: openIntegrations.redirect_uri,
					scope: openIntegrations.scope,
				});
			});
		}

		for (const path of [
			"/home/me/auth.json",
			"~/x app/auth.json",
			`\${userHome}/auth.json`,
			`\${workspaceFolder}/auth.json`,
			`\${env:X_AUTH}/auth.json`,
			"auth.json",
			"./config/auth.JSON",
			"C:\\Users\\me\\auth.json",
			"\\\\server\\share\\auth.json",
			"~\\auth.json",
		]) {
			it(`takes ${path} for a path`, () => {
				assert.deepEqual(authSourceOf(path, place), { kind: "file", path });
				assert.deepEqual(authSourceOf(` ${path}\n`, place), { kind: "file", path });
			});
		}

		for (const [name, value] of Object.entries({
			undefined: undefined,
			null: null,
			'""': "",
			blanks: " \n\t",
			"{}": {},
		})) {
			it(`takes ${name} for "nothing is set"`, () => assert.deepEqual(authSourceOf(value, place), { kind: "none" }));
		}
	});

	describe("values", () => {
		it("are trimmed, because blanks and line ends come along when a value is copied", () => {
			assert.deepEqual(
				settingsOf({
					client_id: ` ${clientId}\r\n`,
					client_secret: `\t${secret} `,
					redirect_uri: " http://127.0.0.1:8737/callback\n",
					scope: "  tweet.read \n users.read\t",
					code_verifier: " challenge ",
				}),
				{
					clientId,
					clientSecret: secret,
					redirectUri: "http://127.0.0.1:8737/callback",
					scope: "tweet.read users.read",
					codeVerifier: "challenge",
				},
			);
		});

		for (const nothing of ["", "   ", null, undefined]) {
			it(`${JSON.stringify(nothing) ?? "undefined"} counts as missing`, () => {
				const settings = settingsOf({
					client_id: clientId,
					client_secret: nothing,
					redirect_uri: nothing,
					scope: nothing,
					code_verifier: nothing,
				});
				assert.deepEqual(settings, { clientId, scope: defaultScope });
				assertInvalid(() => settingsOf({ client_id: nothing, scope: "x" }), ['"client_id" is missing', place]);
			});
		}

		it("has a default scope that reads and brings a refresh token", () => {
			assert.equal(settingsOf({ client_id: clientId }).scope, "tweet.read users.read offline.access");
		});

		it("takes scopes that are not known here: X's list grows", () => {
			assert.equal(settingsOf({ client_id: clientId, scope: "tweet.read new.scope" }).scope, "tweet.read new.scope");
		});

		it("lets other keys be whatever they are", () => {
			const others = { access_token: 5, refresh_token: null, comment: ["a", { b: 1 }], oauth_token: false };
			assert.deepEqual(settingsOf({ ...others, client_id: clientId }), { clientId, scope: defaultScope });
		});
	});

	describe("refuses", () => {
		for (const key of ["client_id", "client_secret", "redirect_uri", "scope", "code_verifier"]) {
			for (const wrong of [
				4815162342,
				4815162342n,
				true,
				["4815162342"],
				{ hidden: "4815162342" },
				() => "4815162342",
			]) {
				const type = Array.isArray(wrong) ? "array" : typeof wrong;
				it(`${key} of the type ${type}, naming the key and the place but not the value`, () => {
					const auth = { client_id: clientId, [key]: wrong };
					assertInvalid(
						() => authSettingsFrom(auth, place),
						[`"${key}" in ${place}`, "quotation marks"],
						["4815162342"],
					);
				});
			}
		}

		for (const value of [[], [{ client_id: clientId }], 42, true, () => ({})]) {
			it(`${inspect(value)} in place of an object`, () => {
				assertInvalid(() => settingsOf(value), [place, "no JSON object", "client_id"]);
			});
		}

		for (const text of ["null", "[]", "42", '"text"']) {
			it(`a file that holds ${text}`, () => {
				assertInvalid(
					() => authSettingsFrom(parseAuthText(text, "auth.json"), "auth.json"),
					["auth.json", "no JSON object"],
				);
			});
		}

		for (const text of [
			`[{"client_id":"${clientId}"}]`,
			"client_id=abc",
			"/home/me/auth.yaml",
			"auth.json.bak",
			`my secret is ${secret}\nand this is no auth.json`,
		]) {
			it(`text that is neither JSON nor a path, saying what was tried: ${JSON.stringify(text).slice(0, 30)}…`, () => {
				assertInvalid(() => authSourceOf(text, place), [place, "neither", '"{"', '".json"'], [secret, clientId]);
			});
		}

		it("a path longer than a path can be, without repeating it", () => {
			assertInvalid(() => authSourceOf(`${"a".repeat(10_000_000)}.json`, place), [place], ["aaaaaaaa"]);
		});

		for (const [name, text] of Object.entries({
			"a brace is missing": `{"client_secret":"${secret}"`,
			"a comma is missing": `{"client_secret":"${secret}" "client_id":"x"}`,
			"a quotation mark is missing": `{"client_secret":"${secret}}`,
			"quotation marks are missing": `{client_secret: ${secret}}`,
			"something follows": `{"client_secret":"${secret}"} ${secret}`,
			"the secret is a key": `{${secret}}`,
			"the secret holds a line end": `{"client_secret":"${secret}\n"}`,
			"the secret holds a broken escape": `{"client_secret":"\\x${secret}"}`,
		})) {
			it(`text in which ${name}, naming the place and never the secret`, () => {
				const [middle] = /[A-Za-z]{12}/.exec(secret) ?? [""];
				assertInvalid(() => authSourceOf(text, place), [place, "not valid JSON"], [secret, middle]);
			});
		}

		it("10 MB of text at once, without parsing or repeating it", () => {
			const huge = `{"client_id":"${clientId}","padding":"${"p".repeat(10_000_000)}"}`;
			assertInvalid(() => authSourceOf(huge, place), [place, String(huge.length)], ["pppp"]);
			assertInvalid(() => parseAuthText(huge, "auth.json"), ["auth.json", String(huge.length)], ["pppp"]);
		});

		it("deep nesting with an error of its own or not at all, never by a stack overflow", () => {
			const deep = `{"client_id":"${clientId}","x":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
			assert.equal(settingsOf(deep).clientId, clientId);
		}).timeout(20_000);

		for (const redirectUri of [
			"callback",
			"/callback",
			"127.0.0.1:8737/callback",
			"http://",
			"http://127.0.0.1:8737/callback#fragment",
			"http://127.0.0.1:99999/callback",
			"javascript:alert(1)",
			"JavaScript:alert(1)",
			"java\nscript:alert(1)",
			"data:text/html,x",
			"vbscript:x",
			"file:///etc/passwd",
			"mailto:me@example.com",
			"keyword://x/y",
			"ldap://x/y",
			"sip://x/y",
			"tn3270://x/y",
			"outlook://x/y",
			"acrobat://x/y",
		]) {
			it(`the redirect URI ${JSON.stringify(redirectUri)}`, () => {
				assertInvalid(
					() => settingsOf({ client_id: clientId, client_secret: secret, redirect_uri: redirectUri }),
					['"redirect_uri"', place, "console.x.com"],
					[secret],
				);
			});
		}

		it("no redirect URI of an editor, a loopback host or a web server", () => {
			for (const redirectUri of [
				"http://127.0.0.1:8737/callback",
				"http://localhost:8080/callback",
				"http://[::1]:8737/callback",
				"https://example.com/callback?fixed=1",
				"vscode://twitter-tokens.twitter-tokens/callback",
				"vscodium://twitter-tokens.twitter-tokens/callback",
				"cursor://twitter-tokens.twitter-tokens/callback",
				// Begins like a forbidden one.
				"newsreader://x/callback",
			]) {
				assert.equal(settingsOf({ client_id: clientId, redirect_uri: redirectUri }).redirectUri, redirectUri);
			}
		});
	});

	describe("hostile objects", () => {
		it("change no prototype and lend no value", () => {
			for (const name of ["__proto__", "constructor", "prototype"]) {
				const inner = `{"client_id":"${clientId}","polluted":1,"prototype":{"polluted":1}}`;
				const value = parseAuthText(`{"${name}":${inner}}`, place);
				assertInvalid(() => authSettingsFrom(value, place), ['"client_id" is missing']);
				assertInvalid(() => settingsOf(JSON.parse(`{"${name}":${inner}}`)), ['"client_id" is missing']);
				const complete = settingsOf(`{"client_id":"mine",'${name}':${inner}}`);
				assert.deepEqual(complete, { clientId: "mine", scope: defaultScope });
				assert.equal(Object.getPrototypeOf(complete), Object.prototype);
			}
			assert.equal(Reflect.get({}, "polluted"), undefined);
			assert.equal(Reflect.get({}, "client_id"), undefined);
		});

		it("are not asked for the names of Object.prototype", () => {
			assertInvalid(() => settingsOf({ toString: "x", valueOf: "y", hasOwnProperty: "z" }), ['"client_id" is missing']);
		});
	});
});
