import assert from "node:assert/strict";
import { accessTokenOf, ada, assertNoAccount, bench, command, grace, refused } from "./support.ts";

const secret = "-EmulatorOnlySecretOfSignOut_0123456789-abcdefghijk";

describe("signOut", () => {
	const b = bench();
	const revocations = () => b.x.requests.filter(({ path }) => path === "/2/oauth2/revoke");

	it("forgets without asking X", async () => {
		const app = b.app();
		await b.have(app);
		assert.deepEqual(await command("signOut", {}), { revoked: "notAsked" });
		await assertNoAccount();
		assert.deepEqual(revocations(), []);
		assert.ok(b.x.liveGrant(app.clientId, ada));
	});

	it("forgets without asking X with revoke: false", async () => {
		await b.have(b.app());
		assert.deepEqual(await command("signOut", { revoke: false }), { revoked: "notAsked" });
		assert.deepEqual(revocations(), []);
	});

	it("revokes the refresh token first, then the access token", async () => {
		const app = b.app();
		await b.have(app);
		const { accessToken, refreshToken } = b.x.liveGrant(app.clientId, ada) ?? {};
		assert.deepEqual(await command("signOut", { revoke: true }), { revoked: true });
		assert.deepEqual(
			revocations().map(({ form }) => [form.token_type_hint, form.token, form.client_id]),
			[
				["refresh_token", refreshToken, app.clientId],
				["access_token", accessToken, app.clientId],
			],
		);
		assert.equal(b.x.liveGrant(app.clientId, ada), undefined);
		await assertNoAccount();
	});

	it("revokes with the secret of a confidential app, that of the sign-in", async () => {
		const app = b.app({ secret });
		await b.have(app);
		assert.deepEqual(await command("signOut", { revoke: true }), { revoked: true });
		const pair = Buffer.from(`${app.clientId}:${secret}`).toString("base64");
		assert.deepEqual(
			revocations().map(({ headers }) => headers.authorization),
			[`Basic ${pair}`, `Basic ${pair}`],
		);
	});

	it("revokes both where one does not take the other along", async () => {
		b.x.switches.revokeKillsPartner = false;
		const app = b.app();
		await b.have(app);
		assert.deepEqual(await command("signOut", { revoke: true }), { revoked: true });
		assert.equal(b.x.counters.successfulRevocations, 2);
	});

	it("counts a token that X does not know any more as revoked", async () => {
		b.x.switches.revokeOfUnknownToken = "E7";
		const app = b.app();
		await b.have(app);
		b.x.userRevokes(app.clientId, ada);
		assert.deepEqual(await command("signOut", { revoke: true }), { revoked: true });
	});

	for (const [what, fault] of Object.entries({
		"503, a page": { kind: "html", status: 503 },
		"429": { kind: "rateLimited", headers: false },
		"no answer": { kind: "cutBeforeWork" },
	} as const)) {
		it(`forgets all the same where the revocation fails: ${what}`, async () => {
			await b.have(b.app());
			b.x.faultAlways("revoke", fault);
			assert.deepEqual(await command("signOut", { revoke: true }), { revoked: false });
			await assertNoAccount();
		});
	}

	it("forgets only the account it is told", async () => {
		const app = b.app();
		await b.have(app, ada);
		await b.have(app, grace);
		await command("signOut", { account: "@ada_dev", revoke: true });
		await refused(command("copyAccessToken", { account: "@ada_dev" }), "NoAccount");
		assert.equal(await accessTokenOf("@grace_dev"), b.x.liveGrant(app.clientId, grace)?.accessToken);
	});

	it("is NoAccount where there is none", async () => {
		await refused(command("signOut", { revoke: true }), "NoAccount");
		assert.deepEqual(b.x.requests, []);
	});

	it("keeps the account where the endpoints are bad", async () => {
		await b.have(b.app());
		await b.configure({ endpoints: { ...b.x.endpoints, revoke: "http://api.x.com/2/oauth2/revoke" } });
		await refused(command("signOut", { revoke: true }), "InvalidAuthSettings");
		await b.configure({ endpoints: b.x.endpoints });
		assert.ok(await accessTokenOf());
	});

	it("sends no token to another issuer than its own", async () => {
		await b.have(b.app());
		await b.configure({ endpoints: b.x.legacyEndpoints });
		const requests = b.x.requests.length;
		assert.deepEqual(await command("signOut", { revoke: true }), { revoked: false });
		assert.equal(b.x.requests.length, requests);
	});
});
