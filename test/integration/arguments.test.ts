import assert from "node:assert/strict";
import * as vscode from "vscode";
import { clientIdOf } from "../emulator/apps.ts";
import { assertNoAccount, bench, command, freePort, refused } from "./support.ts";

const secret = "-EmulatorOnlySecretOfArguments_23456789-abcdefghijk";

describe("commands", () => {
	const b = bench();

	it("of the manifest are all there", async () => {
		const { packageJSON } = vscode.extensions.getExtension("twitter-tokens.twitter-tokens") ?? {};
		const contributed: string[] = packageJSON.contributes.commands.map(({ command }: { command: string }) => command);
		const registered = await vscode.commands.getCommands();
		assert.deepEqual(
			contributed.filter((name) => !registered.includes(name)),
			[],
		);
		assert.ok(contributed.length >= 11);
	});

	it("refuse an argument of another kind, and do nothing", async () => {
		const app = b.app();
		await b.configure({ auth: app.auth });
		for (const [name, argument] of [
			["getToken", 5],
			["getToken", "code"],
			["getToken", []],
			["getToken", true],
			["getToken", { code: 5, auth: app.auth }],
			["getToken", { code: ["a"], auth: app.auth }],
			["getToken", { code: "a", auth: 5 }],
			["getToken", { code: "a", auth: [] }],
			["getToken", { code: "a", auth: [app.auth] }],
			["getToken", { code: "a", auth: true }],
			["signIn", 5],
			["signIn", []],
			["signIn", { scopes: 5 }],
			["signIn", { scopes: [5] }],
			["signIn", { auth: 5 }],
			["getAuthorizationLink", { scopes: {} }],
			["refreshToken", { account: 5 }],
			["refreshToken", [{ account: "@ada_dev" }]],
			["copyAccessToken", { account: {} }],
			["copyTokenResponse", "account"],
			["signOut", { revoke: "yes" }],
			["signOut", []],
			["checkCredentials", { auth: 5 }],
			["checkCredentials", []],
		] as const) {
			const error = await refused(command(name, argument), "InvalidAuthSettings").catch((error) => {
				throw new Error(`${name} ${JSON.stringify(argument)}: ${error.message}`);
			});
			assert.ok(error);
		}
		assert.deepEqual([b.opened, b.x.requests], [[], []]);
	});

	it("do not repeat a code that stands in the wrong place", async () => {
		const app = b.app();
		const code = b.foreignCode(app);
		for (const argument of [code, [code], { code: [code] }, { code: { code } }, { scopes: { code } }]) {
			await refused(command("getToken", argument), "InvalidAuthSettings");
		}
	});

	it("name the key that is wrong", async () => {
		const error = await refused(command("signOut", { revoke: 1 }), "InvalidAuthSettings");
		assert.match(error.message, /"revoke" must be true or false/);
	});

	it("showLog answers nothing", async () => {
		assert.equal(await command("showLog"), undefined);
	});
});

describe("checkCredentials", () => {
	const b = bench();
	const check = (auth: object) => command<{ ok: boolean; problem?: string }>("checkCredentials", { auth });
	afterEach(assertNoAccount);

	it("is ok for a public and for a confidential app", async () => {
		assert.deepEqual(await check(b.app().auth), { ok: true });
		assert.deepEqual(await check(b.app({ secret }).auth), { ok: true });
	});

	for (const [what, change, problem] of [
		["the secret is missing", { client_secret: "" }, /client_secret/],
		["the secret is wrong", { client_secret: `${secret}X` }, /client_secret/],
		["the id is wrong", { client_id: clientIdOf("NobodyKnowsThisApp02") }, /client_id/],
	] as const) {
		it(`tells that ${what}`, async () => {
			const verdict = await check({ ...b.app({ secret }).auth, ...change });
			assert.deepEqual(Object.keys(verdict).sort(), ["ok", "problem"]);
			assert.equal(verdict.ok, false);
			assert.match(verdict.problem ?? "", problem);
			assert.equal(verdict.problem?.includes(secret), false);
		});
	}

	it("has no verdict where X cannot be asked", async () => {
		const { auth } = b.app();
		b.x.faultNext("token", { kind: "html", status: 503 });
		await refused(check(auth), "Unavailable");
		await b.configure({ endpoints: { ...b.x.endpoints, token: `http://127.0.0.1:${await freePort()}/` } });
		await refused(check(auth), "Network");
	});
});
