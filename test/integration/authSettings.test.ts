import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { assertNoAccount, bench, command, refused, type TestApp } from "./support.ts";

const { Global, Workspace } = vscode.ConfigurationTarget;

const variable = (name: string) => `\${${name}}`;

describe("auth settings", () => {
	const b = bench();
	let outside = "";
	let workspace = "";
	const home = process.env.HOME;
	before(async () => {
		outside = await mkdtemp(join(tmpdir(), "tt-auth-"));
		workspace = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
		assert.ok(workspace);
		process.env.HOME = outside;
		process.env.TWITTER_TOKENS_TEST_FOLDER = outside;
	});
	after(async () => {
		if (home === undefined) delete process.env.HOME;
		else process.env.HOME = home;
		delete process.env.TWITTER_TOKENS_TEST_FOLDER;
		await rm(outside, { recursive: true });
	});

	const get = (app: TestApp, auth?: unknown) =>
		command("getToken", { code: b.foreignCode(app), ...(auth === undefined ? {} : { auth }) });

	/** The shape of the OpenIntegrations documentation. */
	const singleQuoted = ({ clientId, auth }: TestApp) => `{
	'redirect_uri'         : '${auth.redirect_uri}',
	'scope'                : 'tweet.read users.read offline.access',
	'client_id'            : '${clientId}',
	'client_secret'        : '',
	'access_token'         : '',
	'refresh_token'        : '',
	'oauth_token'          : 'EmulatorOnlyOAuth1Token',
	'oauth_token_secret'   : 'EmulatorOnlyOAuth1Secret',
	'oauth_consumer_key'   : 'EmulatorOnlyConsumerKey',
	'oauth_consumer_secret': 'EmulatorOnlyConsumerSecret', // kept beside
	'whatever'             : [1, 2, {}],
}`;

	describe("are taken from the argument", () => {
		for (const [form, write] of Object.entries({
			"an object": ({ auth }: TestApp) => auth,
			"an object with keys of its own": ({ auth }: TestApp) => ({ ...auth, whatever: [1], access_token: "" }),
			"JSON text": ({ auth }: TestApp) => JSON.stringify(auth),
			"JSON text with blanks in its values": ({ auth }: TestApp) => ` {"client_id": " ${auth.client_id}\\r\\n"} `,
			"OpenIntegrations' text in single quotes": singleQuoted,
		})) {
			it(`as ${form}`, async () => {
				const app = b.app();
				await get(app, write(app));
				assert.equal(b.tokenRequests()[0]?.outcome, "exchanged");
			});
		}

		for (const [form, folder, path] of [
			["absolute", () => outside, () => join(outside, "auth.json")],
			["under ~", () => outside, () => "~/auth.json"],
			[`under ${variable("userHome")}`, () => outside, () => `${variable("userHome")}/auth.json`],
			[`under ${variable("env:NAME")}`, () => outside, () => `${variable("env:TWITTER_TOKENS_TEST_FOLDER")}/auth.json`],
			[`under ${variable("workspaceFolder")}`, () => workspace, () => `${variable("workspaceFolder")}/auth.json`],
			["relative to the workspace", () => workspace, () => "auth.json"],
			["relative with a folder", () => join(workspace, "a folder"), () => "./a folder/auth.json"],
			["with blanks around it", () => workspace, () => "  auth.JSON \n"],
		] as const) {
			it(`as a path ${form}`, async () => {
				const app = b.app();
				const name = path().includes("JSON") ? "auth.JSON" : "auth.json";
				await mkdir(folder(), { recursive: true });
				const file = join(folder(), name);
				await writeFile(file, `\uFEFF${singleQuoted(app)}`);
				try {
					await get(app, path());
					assert.equal(b.tokenRequests()[0]?.outcome, "exchanged");
				} finally {
					await rm(file);
				}
			});
		}
	});

	describe("are taken from the setting", () => {
		it("as an object, as text and as a path; the workspace's goes before the user's", async () => {
			const [one, two, three] = [b.app(), b.app(), b.app()];
			await b.configure({ auth: one.auth });
			await get(one);
			await b.configure({ auth: singleQuoted(two) }, Workspace);
			await get(two);
			await b.configure({ auth: undefined }, Workspace);
			const file = join(outside, "setting.json");
			await writeFile(file, JSON.stringify(three.auth));
			await b.configure({ auth: file }, Global);
			await get(three);
			assert.deepEqual(
				b.tokenRequests().map(({ form }) => form.client_id),
				[one.clientId, two.clientId, three.clientId],
			);
		});

		it("unless the argument has them", async () => {
			const app = b.app();
			await b.configure({ auth: b.app().auth });
			await get(app, app.auth);
			assert.equal(b.tokenRequests()[0]?.form.client_id, app.clientId);
		});
	});

	describe("that are bad are refused, and nothing is sent", () => {
		/** Must not stand in a message. */
		const secret = "-EmulatorOnlySecretOfBadSettings_3456789-abcdefghijk";
		const bad: [string, unknown, RegExp?][] = [
			["an empty object inside", { scope: "tweet.read" }, /client_id/],
			["a number as the id", { client_id: 5 }, /"client_id".*text/],
			["an array as the scope", { client_id: "x", scope: ["tweet.read"] }, /"scope"/],
			["an object as the secret", { client_id: "x", client_secret: { a: 1 } }, /"client_secret"/],
			["a redirect_uri that is none", { client_id: "x", redirect_uri: "callback" }, /"redirect_uri"/],
			["a redirect_uri that is a script", { client_id: "x", redirect_uri: "javascript:alert(1)" }, /"redirect_uri"/],
			["__proto__ as text", '{"__proto__": {"client_id": "polluted"}}', /client_id/],
			["__proto__ as an own key", JSON.parse('{"__proto__": {"client_id": "polluted"}}'), /client_id/],
			["constructor.prototype", '{"constructor": {"prototype": {"client_id": "polluted"}}}', /client_id/],
			["an array as text", "[]", /neither/],
			["something else", "my app", /neither/],
			["broken JSON with a secret", `{"client_id": "x", "client_secret": "${secret}" oops`, /not valid JSON/],
			["a secret that is no JSON", secret, /neither/],
			["a path with a line end", "a\nb.json", /neither/],
			["10 MB of text", `{"client_id": "${"x".repeat(10_000_000)}"}`, /longer/],
			["deep nesting", '{"a":'.repeat(50_000) + 1 + "}".repeat(50_000)],
			["a file that is not there", "missing.json", /missing\.json.*cannot be read/],
			["an unknown variable", `${variable("nonsense")}/auth.json`, /\$\{nonsense\}/],
			["a variable that is not set", `${variable("env:TWITTER_TOKENS_NOT_SET")}/auth.json`, /not set/],
		];
		for (const [what, auth, words = /./] of bad) {
			it(what, async () => {
				const send = command("getToken", { code: "SomeCode", auth });
				const error = await refused(send, "InvalidAuthSettings");
				assert.match(error.message, words);
				assert.equal(error.message.includes(secret), false);
				assert.ok(error.message.length < 1000);
				assert.equal("client_id" in {}, false);
				assert.deepEqual(b.x.requests, []);
				await assertNoAccount();
			});
		}

		it("a file of 10 MB, a folder, a file with nothing in it, a file of bytes", async () => {
			const write = async (name: string, content: string | Uint8Array) => {
				await writeFile(join(outside, name), content);
				return join(outside, name);
			};
			const folder = join(outside, "folder.json");
			await mkdir(folder);
			for (const path of [
				await write("big.json", `{"client_id": "x", "a": "${"x".repeat(10_000_000)}"}`),
				folder,
				await write("empty.json", ""),
				await write(
					"bytes.json",
					new Uint8Array(1000).map((_, index) => index),
				),
				await write("array.json", "[]"),
				await write("null.json", "null"),
			]) {
				const error = await refused(command("getToken", { code: "SomeCode", auth: path }), "InvalidAuthSettings");
				assert.ok(error.message.includes(path), error.message);
			}
			assert.deepEqual(b.x.requests, []);
		});

		it("in the setting too, and by every command that wants an app", async () => {
			await b.configure({ auth: { client_id: 5 } });
			for (const name of ["getToken", "signIn", "getAuthorizationLink", "checkCredentials"]) {
				const error = await refused(command(name, {}), "InvalidAuthSettings");
				assert.match(error.message, /twitterTokens\.auth/);
			}
			assert.deepEqual([b.opened, b.x.requests], [[], []]);
		});
	});

	describe("go nowhere with bad endpoints", () => {
		for (const [what, token] of [
			["http", "http://api.x.com/2/oauth2/token"],
			["http to a name that only begins like a loopback one", "http://127.0.0.1.example.com/token"],
			["http to localhost in a path", "http://example.com/localhost"],
			["another scheme", "ftp://api.x.com/token"],
			["a file", "file:///etc/passwd"],
			["no address", "token"],
			["a user name", "https://user:password@api.x.com/token"],
			["a number", 5],
			["an array", ["https://api.x.com"]],
		] as const) {
			it(what, async () => {
				const app = b.app();
				await b.configure({ endpoints: { ...b.x.endpoints, token } });
				const error = await refused(get(app, app.auth), "InvalidAuthSettings");
				assert.match(error.message, /endpoints: "token"/);
				await refused(command("checkCredentials", { auth: app.auth }), "InvalidAuthSettings");
				await refused(command("signIn", { auth: app.auth }), "InvalidAuthSettings");
				assert.deepEqual([b.opened, b.x.requests], [[], []]);
			});
		}

		it("and leave a code usable: once they are right it works", async () => {
			const app = b.app();
			const link = await command<string>("getAuthorizationLink", { auth: app.auth });
			const code = b.x.approve(link);
			await b.configure({ endpoints: { ...b.x.endpoints, token: "http://api.x.com/2/oauth2/token" } });
			await refused(command("getToken", { code, auth: app.auth }), "InvalidAuthSettings");
			await b.configure({ endpoints: b.x.endpoints });
			await command("getToken", { code, auth: app.auth });
		});
	});
});
