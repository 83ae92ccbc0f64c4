import assert from "node:assert/strict";
import { note } from "../secrets.ts";
import { accessTokenOf, ada, bench, callbackUrl, command, deliver, refused, until } from "../support.ts";
import { readReload } from "./reload.ts";

describe("after a reload of the window", () => {
	const left = readReload();
	assert.ok(left);
	for (const secret of left.secrets) note(secret);
	const b = bench({ port: async () => left.port, keeps: true });
	// The emulator is another one, which knows the app all the same.
	const register = () =>
		b.x.apps.push({ name: "The app of before", clientId: left.clientId, redirectUris: [left.redirectUri] });

	it("the account is there, and no request was sent for it", async () => {
		assert.equal(await accessTokenOf("@ada_dev"), left.accessToken);
		assert.equal(await accessTokenOf(), left.accessToken);
		assert.deepEqual(b.x.requests, []);
	});

	it("a foreign state is refused as before", async () => {
		register();
		const auth = { client_id: left.clientId, redirect_uri: left.redirectUri };
		const code = `${callbackUrl}?code=abc&state=${"0".repeat(43)}`;
		await refused(command("getToken", { code, auth }), "StateMismatch");
		assert.deepEqual(b.x.requests, []);
	});

	it("the redirect of the link from before completes the sign-in of the same account", async () => {
		register();
		await deliver(b.x.approve(left.link));
		await until(() => b.x.counters.usersMeRequests > 0, "X is asked who it is");
		const token = b.x.liveGrant(left.clientId, ada)?.accessToken;
		assert.ok(token);
		await until(async () => (await accessTokenOf("@ada_dev").catch(() => "")) === token, "the tokens are the new ones");
		await command("signOut", { account: "@ada_dev" });
		await refused(command("copyAccessToken"), "NoAccount");
		await deliver(b.x.approve(left.link));
		assert.equal(b.tokenRequests().length, 1);
	});
});
