import assert from "node:assert/strict";
import * as vscode from "vscode";
import {
	accessTokenOf,
	ada,
	assertNoAccount,
	assertSummary,
	bench,
	command,
	deliver,
	grace,
	refused,
	replaceInWindow,
	type Summary,
	type Tokens,
	until,
} from "./support.ts";

describe("accounts", () => {
	const b = bench();
	/** What a person chooses in menus, by a piece of its label; nothing left means Escape. */
	let choices: string[] = [];
	/** The menus a person saw, as lines. */
	let menus: string[][] = [];
	replaceInWindow("showQuickPick", () => async (items: readonly vscode.QuickPickItem[]) => {
		menus.push(items.map(({ label, description = "" }) => `${label} ${description}`.trim()));
		const choice = choices.shift();
		return items.find(({ label }) => choice !== undefined && label.includes(choice));
	});
	beforeEach(() => {
		choices = [];
		menus = [];
	});
	const liveToken = (clientId: string, userId: string) => b.x.liveGrant(clientId, userId)?.accessToken;

	it("are two of one app, named by handle in any case or by id", async () => {
		const app = b.app();
		const one = await b.signIn(app, ada);
		const two = await b.signIn(app, grace);
		assert.notEqual(one.id, two.id);
		assert.deepEqual([one.handle, two.handle], ["ada_dev", "grace_dev"]);
		assert.equal(await accessTokenOf("@ada_dev"), liveToken(app.clientId, ada));
		assert.equal(await accessTokenOf("@Grace_DEV"), liveToken(app.clientId, grace));
		assert.equal(await accessTokenOf(one.id), liveToken(app.clientId, ada));
		assert.equal(await accessTokenOf(two.id), liveToken(app.clientId, grace));
	});

	it("are of two apps, public and confidential", async () => {
		const [one, two] = [b.app(), b.app({ secret: "-EmulatorOnlySecretOfAccounts_123456789-abcdefghijk" })];
		const [first, second] = [await b.signIn(one), await b.signIn(two)];
		assert.deepEqual([first.clientId, second.clientId], [one.clientId, two.clientId]);
		assert.equal(await accessTokenOf(first.id), liveToken(one.clientId, ada));
		assert.equal(await accessTokenOf(second.id), liveToken(two.clientId, ada));
		assert.equal((await command<Summary>("refreshToken", { account: second.id })).id, second.id);
	});

	it("have the first as the default, and the other one when that is gone", async () => {
		const app = b.app();
		const one = await b.signIn(app, grace);
		await b.have(app, ada);
		assert.equal(await accessTokenOf(), liveToken(app.clientId, grace));
		await command("signOut", { account: one.id });
		assert.equal(await accessTokenOf(), liveToken(app.clientId, ada));
	});

	it("are NoAccount where there is none of that name; the message names those that are there", async () => {
		await assertNoAccount();
		await b.have(b.app());
		for (const name of ["copyAccessToken", "copyTokenResponse", "refreshToken", "signOut"]) {
			const error = await refused(command(name, { account: "@nobody" }), "NoAccount");
			assert.match(error.message, /@ada_dev/);
		}
		await refused(command("refreshToken", { account: "" }), "NoAccount");
		await refused(command("refreshToken", { account: "ffffffff" }), "NoAccount");
	});

	it("keep their id when the same user signs in again, and get the newer tokens", async () => {
		const app = b.app();
		const one = await b.signIn(app, ada);
		await b.have(app, grace);
		const again = await b.signIn(app, ada);
		assert.equal(again.id, one.id);
		assert.equal(await accessTokenOf("@ada_dev"), liveToken(app.clientId, ada));
		await command("signOut", { account: "@ada_dev" });
		await command("signOut", { account: "@grace_dev" });
		await assertNoAccount();
	});

	for (const [what, fault] of Object.entries({
		"402, no credits": { kind: "creditsDepleted" },
		"403, not enrolled": { kind: "notEnrolled" },
		"503, a page": { kind: "html", status: 503 },
		"429": { kind: "rateLimited", headers: true },
		"no answer": { kind: "cutBeforeWork" },
		"an empty answer": { kind: "emptyBody" },
	} as const)) {
		it(`are kept without a name when X does not say who it is: ${what}`, async () => {
			b.x.faultNext("usersMe", fault);
			const app = b.app();
			const account = await b.signIn(app);
			assertSummary(account, {
				label: `account ${account.id}`,
				clientId: app.clientId,
				scopes: ["offline.access", "tweet.read", "users.read"],
				state: "valid",
			});
			assert.match(account.id, /^[0-9a-f]{8}$/);
			assert.equal(await accessTokenOf(account.id), liveToken(app.clientId, ada));
		});
	}

	it("are kept without a name when users.read is not among the scopes", async () => {
		const app = b.app();
		const auth = { ...app.auth, scope: "tweet.read offline.access" };
		const { link, result } = await b.begin(auth);
		await deliver(b.x.approve(link));
		assert.match((await result).label, /^account [0-9a-f]{8}$/);
	});

	it("get their name and their older id with a later sign-in", async () => {
		const app = b.app();
		b.x.faultNext("usersMe", { kind: "creditsDepleted" });
		await b.have(app);
		const named = await b.signIn(app);
		assert.equal(named.label, "@ada_dev");
	});

	describe("refreshToken", () => {
		it("renews by one request and answers the account", async () => {
			const app = b.app();
			const before = await b.signIn(app);
			const old = await accessTokenOf();
			const requests = b.x.requests.length;
			const after = await command<Summary>("refreshToken", {});
			assert.deepEqual(
				b.x.requests.slice(requests).map(({ path, form }) => [path, form.grant_type]),
				[["/2/oauth2/token", "refresh_token"]],
			);
			assertSummary(after, {
				label: "@ada_dev",
				handle: "ada_dev",
				name: "Ada",
				clientId: app.clientId,
				scopes: ["offline.access", "tweet.read", "users.read"],
				state: "valid",
			});
			assert.equal(after.id, before.id);
			assert.ok(after.expiresAt >= before.expiresAt);
			const token = await accessTokenOf();
			assert.notEqual(token, old);
			assert.equal(token, liveToken(app.clientId, ada));
		});

		it("asked for twice at the same moment sends one request", async () => {
			await b.have(b.app());
			await Promise.all([command("refreshToken"), command("refreshToken")]);
			assert.equal(b.x.counters.successfulRefreshes, 1);
			assert.equal(b.x.counters.consumedRefreshTokensSentAgain, 0);
		});

		it("renews again and again with the newest refresh token", async () => {
			const { id } = await b.signIn(b.app());
			for (const _ of [1, 2, 3]) await command("refreshToken", { account: id });
			assert.equal(b.x.counters.successfulRefreshes, 3);
			assert.equal(b.x.counters.consumedRefreshTokensSentAgain, 0);
		});

		it("is GrantLost when the user has revoked the app; the account stays and wants a sign-in", async () => {
			const app = b.app();
			const { id } = await b.signIn(app);
			b.x.userRevokes(app.clientId, ada);
			await refused(command("refreshToken", { account: id }), "GrantLost");
			await command("manageAccounts");
			assert.ok(
				menus[0]?.some((line) => line.includes("@ada_dev sign in again")),
				menus[0]?.join("\n"),
			);
			const requests = b.tokenRequests().length;
			await refused(command("refreshToken", { account: id }), "GrantLost");
			assert.equal(b.tokenRequests().length, requests, "a dead token is not sent again");
			const again = await b.signIn(app);
			assert.deepEqual([again.id, again.state], [id, "valid"]);
		});

		it("is a refusal that says what to do where there is no refresh token", async () => {
			const app = b.app();
			const auth = { ...app.auth, scope: "tweet.read users.read" };
			await command("getToken", { code: b.x.approve(await command<string>("getAuthorizationLink", { auth })), auth });
			const token = await accessTokenOf();
			const requests = b.x.requests.length;
			await refused(command("refreshToken"), "GrantLost");
			assert.equal(b.x.requests.length, requests);
			assert.equal(await accessTokenOf(), token);
		});
	});

	describe("manageAccounts", () => {
		it("offers a sign-in where no account is there", async () => {
			await command("manageAccounts");
			assert.equal(menus.length, 1);
			assert.ok(menus[0]?.some((line) => line.includes("Sign In with Browser")));
		});

		it("lists the accounts with the time they have left, and which is the default", async () => {
			const app = b.app();
			await b.have(app, grace);
			await b.have(app, ada);
			await command("manageAccounts");
			assert.deepEqual(menus[0]?.slice(0, 2), [
				"$(account) @ada_dev 1h 59m left",
				"$(account) @grace_dev 1h 59m left · default",
			]);
		});

		it("makes an account the default", async () => {
			const app = b.app();
			await b.have(app, grace);
			await b.have(app, ada);
			choices = ["@ada_dev", "Make Default"];
			await command("manageAccounts");
			assert.equal(await accessTokenOf(), liveToken(app.clientId, ada));
		});

		it("copies, renews and signs out", async () => {
			const app = b.app();
			await b.have(app);
			choices = ["@ada_dev", "Copy Access Token"];
			await command("manageAccounts");
			assert.equal(await vscode.env.clipboard.readText(), liveToken(app.clientId, ada));
			choices = ["@ada_dev", "Copy Token Response"];
			await command("manageAccounts");
			const response = JSON.parse(await vscode.env.clipboard.readText()) as Tokens;
			assert.equal(response.access_token, liveToken(app.clientId, ada));
			choices = ["@ada_dev", "Refresh Token"];
			await command("manageAccounts");
			assert.notEqual(response.access_token, liveToken(app.clientId, ada));
			choices = ["@ada_dev", "Sign Out", "Forget Here"];
			await command("manageAccounts");
			await assertNoAccount();
			assert.equal(b.x.counters.revokeRequests, 0);
		});

		it("signs out with a revocation", async () => {
			const app = b.app();
			await b.have(app);
			choices = ["@ada_dev", "Sign Out", "Revoke at X"];
			await command("manageAccounts");
			await assertNoAccount();
			assert.equal(b.x.liveGrant(app.clientId, ada), undefined);
		});

		it("goes back to the list by Escape in the second menu, and changes nothing", async () => {
			const app = b.app();
			await b.have(app);
			choices = ["@ada_dev"];
			await command("manageAccounts");
			assert.equal(menus.length, 3);
			assert.deepEqual(menus[2], menus[0]);
			assert.equal(await accessTokenOf(), liveToken(app.clientId, ada));
		});

		it("begins a sign-in with the app of the setting", async () => {
			const app = b.app();
			await b.configure({ auth: app.auth });
			choices = ["Sign In with Browser"];
			const managed = command("manageAccounts");
			await deliver(b.x.approve(await until(() => b.opened[0], "the page is opened")));
			await managed;
			assert.equal(await accessTokenOf("@ada_dev"), liveToken(app.clientId, ada));
		});
	});
});
