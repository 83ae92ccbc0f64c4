import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { opaqueToken } from "../emulator/grants.ts";
import { withPerson } from "./dialogs.ts";
import {
	ada,
	assertNoAccount,
	assertSummary,
	bench,
	command,
	grace,
	refused,
	type Summary,
	type TestApp,
} from "./support.ts";

const importFrom = (from: unknown) => command<Summary[]>("importTokens", { from });

describe("Import Tokens", () => {
	const at = bench();
	let folder: string;
	const homeBefore = process.env.HOME;
	const xurlIds = { CLIENT_ID: process.env.CLIENT_ID };
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "import-"));
		process.env.HOME = folder;
		delete process.env.CLIENT_ID;
	});
	afterEach(() => {
		process.env.HOME = homeBefore;
		if (xurlIds.CLIENT_ID !== undefined) process.env.CLIENT_ID = xurlIds.CLIENT_ID;
		rmSync(folder, { recursive: true, force: true });
	});

	/** Tokens that another tool holds. */
	const elsewhere = (app: TestApp, user = ada) => {
		const { accessToken, refreshToken } = at.x.signInElsewhere(app.clientId, user);
		assert.ok(accessToken && refreshToken);
		return { access_token: accessToken, refresh_token: refreshToken };
	};
	const file = (name: string, content: unknown) => {
		const path = join(folder, name);
		writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
		return path;
	};
	const one = (summaries: Summary[]): Summary => {
		const [summary, ...others] = summaries;
		assert.ok(summary);
		assert.deepEqual(others, []);
		return summary;
	};
	const adaOf = (app: TestApp, scopes = ["offline.access", "tweet.read", "users.read"]) => ({
		label: "@ada_dev",
		handle: "ada_dev",
		name: "Ada",
		clientId: app.clientId,
		scopes,
		state: "valid",
	});

	it("takes the pair of an auth JSON, asks X once who it is, and can renew it", async () => {
		const app = at.app({ secret: "-SecretOfAnImportedAppThatNobodyElseHas" });
		const path = file("auth.json", { ...app.auth, ...elsewhere(app), scope: "tweet.read users.read offline.access" });
		const summary = one(await importFrom(path));
		assertSummary(summary, adaOf(app));
		assert.equal(at.x.counters.usersMeRequests, 1);
		assert.equal(at.x.counters.tokenRequests, 0);
		await command("refreshToken", { account: summary.id });
		assert.equal(at.x.counters.successfulRefreshes, 1);
	});

	it("takes an object, its text and the clipboard alike", async () => {
		const app = at.app();
		for (const [index, hand] of [
			(value: object) => importFrom(value),
			(value: object) => importFrom(JSON.stringify(value).replaceAll('"', "'")),
			async (value: object) => {
				await vscode.env.clipboard.writeText(JSON.stringify(value));
				return importFrom("clipboard");
			},
		].entries()) {
			const summary = one(await hand({ ...app.auth, ...elsewhere(app, index === 1 ? grace : ada) }));
			assert.equal(summary.label, index === 1 ? "@grace_dev" : "@ada_dev");
		}
		await vscode.env.clipboard.writeText("");
	});

	it("takes X's token response for the app of the setting", async () => {
		const app = at.app();
		await refused(importFrom({ ...elsewhere(app), token_type: "bearer", expires_in: 7200 }), "InvalidAuthSettings");
		await assertNoAccount();
		await at.configure({ auth: app.auth });
		assertSummary(
			one(await importFrom({ ...elsewhere(app), scope: "users.read tweet.read", expires_in: 7200 })),
			adaOf(app, ["tweet.read", "users.read"]),
		);
	});

	it("keeps tokens whose owner X does not name", async () => {
		const app = at.app();
		at.x.faultNext("usersMe", { kind: "html", status: 503 });
		const summary = one(await importFrom({ ...app.auth, ...elsewhere(app) }));
		assert.match(summary.label, /^account /);
		assert.equal(summary.state, "valid");
	});

	it("asks X nothing for an access token that is over, and renews it with the first use", async () => {
		const app = at.app();
		const { refresh_token } = elsewhere(app);
		const over = opaqueToken("at", Date.now() - 3 * 60 * 60_000);
		const summary = one(await importFrom({ ...app.auth, access_token: over, refresh_token }));
		assert.equal(summary.state, "expired");
		assert.equal(at.x.requests.length, 0);
		await command("copyAccessToken", { account: summary.id });
		assert.equal(at.x.counters.successfulRefreshes, 1);
	});

	it("spends a refresh token that stands alone", async () => {
		const app = at.app();
		const { refresh_token } = elsewhere(app);
		assertSummary(one(await importFrom({ ...app.auth, refresh_token })), adaOf(app));
		assert.equal(at.x.counters.successfulRefreshes, 1);
	});

	it("does not import the same pair twice: the copies would kill each other", async () => {
		const app = at.app();
		const tokens = elsewhere(app);
		at.x.faultAlways("usersMe", { kind: "html", status: 503 });
		const first = one(await importFrom({ ...app.auth, ...tokens }));
		assert.deepEqual(await importFrom({ ...app.auth, ...tokens }), [first]);
	});

	it("does not let an older copy take the place of renewed tokens", async () => {
		const app = at.app();
		at.x.switches.oldAccessTokenAfterRefresh = "livesUntilExpiry";
		const old = elsewhere(app);
		const summary = one(await importFrom({ ...app.auth, ...old }));
		await command("refreshToken", { account: summary.id });
		assert.equal(one(await importFrom({ ...app.auth, ...old })).id, summary.id);
		await command("refreshToken", { account: summary.id });
		assert.equal(at.x.counters.successfulRefreshes, 2);
		assert.equal(at.x.counters.consumedRefreshTokensSentAgain, 0);
	});

	it("takes an app without tokens, and answers with no account", async () => {
		const app = at.app({ secret: "-SecretOfAnAppThatCameWithoutItsTokens12" });
		assert.deepEqual(await importFrom(app.auth), []);
		await assertNoAccount();
		assert.equal(at.x.requests.length, 0);
	});

	it("exchanges an OAuth 1.0a token without a browser", async () => {
		const app = at.app();
		const { oauth1 } = at.x.users[0] ?? {};
		const path = file("oauth1.json", {
			...app.auth,
			oauth_token: oauth1?.token,
			oauth_token_secret: oauth1?.tokenSecret,
		});
		assertSummary(one(await importFrom(path)), adaOf(app));
		assert.equal(at.x.counters.successfulTokenExchanges, 1);
		assert.deepEqual(at.opened, []);
	});

	it("says what is wrong with a refused exchange", async () => {
		const app = at.app();
		await refused(importFrom({ ...app.auth, oauth_token: "1-nonsense", oauth_token_secret: "x" }), "GrantLost");
		await assertNoAccount();
	});

	describe("from xurl", () => {
		const yaml = (app: TestApp, tokens: { access_token: string; refresh_token: string }, expires: number) =>
			`apps:\n    default:\n        client_id: ${app.clientId}\n        client_secret: ""\n        oauth2_tokens:\n            ada_dev:\n                type: oauth2\n                oauth2:\n                    access_token: ${tokens.access_token}\n                    refresh_token: ${tokens.refresh_token}\n                    expiration_time: ${expires}\n    bare:\n        client_id: ${app.clientId}\n        client_secret: ""\ndefault_app: default\n`;
		const soon = () => Math.floor(Date.now() / 1000) + 3600;

		it("of today: ~/.xurl/auth.yml, read only, and keys.yml never", async () => {
			const app = at.app();
			mkdirSync(join(folder, ".xurl"));
			const store = file(".xurl/auth.yml", yaml(app, elsewhere(app), soon()));
			chmodSync(store, 0o400);
			// Opening it would change its time of access.
			const keys = file(".xurl/keys.yml", "secret");
			utimesSync(keys, 1, 1);
			const before = statSync(store).mtimeMs;
			assertSummary(one(await importFrom("xurl")), adaOf(app, []));
			assert.equal(statSync(store).mtimeMs, before);
			assert.equal(statSync(keys).atimeMs, 1000);
			assert.deepEqual(readdirSync(join(folder, ".xurl")).sort(), ["auth.yml", "keys.yml"]);
		});

		it("of 1.0: ~/.xurl as YAML", async () => {
			const app = at.app();
			file(".xurl", yaml(app, elsewhere(app), soon()));
			assertSummary(one(await importFrom("xurl")), adaOf(app, []));
		});

		it("before 1.0: ~/.xurl as JSON, for the app of the setting", async () => {
			const app = at.app();
			file(".xurl", {
				oauth2_tokens: { ada_dev: { type: "oauth2", oauth2: { ...elsewhere(app), expiration_time: soon() } } },
			});
			await at.configure({ auth: app.auth });
			assertSummary(one(await importFrom("xurl")), adaOf(app, []));
		});

		it("that was never used: says so, and makes nothing", async () => {
			await refused(importFrom("xurl"), "InvalidAuthSettings");
			mkdirSync(join(folder, ".xurl"));
			await refused(importFrom("xurl"), "InvalidAuthSettings");
			assert.deepEqual(readdirSync(join(folder, ".xurl")), []);
		});
	});

	it("says what a credential of another kind is, and takes nothing", async () => {
		const app = at.app();
		const kinds: readonly [unknown, RegExp][] = [
			[{ ...app.auth, access_token: `AAAA${"a1".repeat(50)}` }, /bearer token/],
			[{ ...app.auth, access_token: "1965012345678901235-EmulatorOnlyAdaToken" }, /OAuth 1\.0a/],
			[opaqueToken("ac", Date.now()), /Get Token/],
			["nonsense", /neither/],
			["", /neither/],
			[5, /no JSON object/],
			[join(folder, "missing.json"), /missing\.json/],
			[folder.concat("/.json"), /\.json/],
			[`$\{env:TT_NOT_SET}/x.json`, /TT_NOT_SET/],
		];
		for (const [from, message] of kinds) {
			assert.match((await refused(importFrom(from), "InvalidAuthSettings")).message, message);
		}
		await assertNoAccount();
		assert.equal(at.x.requests.length, 0);
	});

	describe("by a person", () => {
		it("offers the app alone first, says what sharing means, and signs in", async () => {
			const app = at.app();
			const path = file("auth.json", { ...app.auth, ...elsewhere(app) });
			let link = 0;
			at.browser = async (address) => {
				link++;
				const redirect = at.x.approve(address);
				setTimeout(() => void vscode.commands.executeCommand("vscode.open", vscode.Uri.parse(redirect, true)), 50);
				return true;
			};
			const seen = await withPerson({ picks: [/Auth JSON/, /App Only/], file: vscode.Uri.file(path) }, async () => {
				assert.deepEqual(await command("importTokens"), []);
			});
			assert.equal(link, 1);
			const [, what] = seen.menus;
			assert.match(what?.[0]?.label ?? "", /App Only, Then Sign In/);
			assert.match(what?.[1]?.detail ?? "", /whoever renews first/);
		});

		it("imports the tokens only after that choice", async () => {
			const app = at.app();
			await vscode.env.clipboard.writeText(JSON.stringify({ ...app.auth, ...elsewhere(app) }));
			await withPerson({ picks: [/Clipboard/, undefined] }, () => refused(command("importTokens"), "Cancelled"));
			await assertNoAccount();
			const seen = await withPerson({ picks: [/Clipboard/, /Take Over the Tokens/] }, async () => {
				assertSummary(one(await command<Summary[]>("importTokens")), adaOf(app, []));
			});
			assert.match(seen.told.join(), /Imported @ada_dev/);
			await vscode.env.clipboard.writeText("");
		});
	});
});
