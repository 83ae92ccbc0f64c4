import assert from "node:assert/strict";
import * as vscode from "vscode";
import { accessTokenOf, ada, bench, command, type Tokens, until } from "./support.ts";

describe("the clipboard", () => {
	const b = bench();
	const read = () => vscode.env.clipboard.readText();

	it("gets the access token, and no command answers it", async () => {
		const app = b.app();
		await b.have(app);
		assert.equal(await command("copyAccessToken"), undefined);
		assert.equal(await read(), b.x.liveGrant(app.clientId, ada)?.accessToken);
	});

	it("gets X's response as JSON, as it was", async () => {
		const app = b.app();
		const response = await command<Tokens>("getToken", { code: b.foreignCode(app), auth: app.auth });
		assert.equal(await command("copyTokenResponse"), undefined);
		assert.deepEqual(JSON.parse(await read()), response);
		await command("refreshToken");
		await command("copyTokenResponse");
		const renewed = JSON.parse(await read());
		assert.deepEqual(Object.keys(renewed).sort(), Object.keys(response).sort());
		assert.equal(renewed.access_token, b.x.liveGrant(app.clientId, ada)?.accessToken);
	});

	it("is cleared after clipboard.clearAfter", async () => {
		await b.configure({ "clipboard.clearAfter": 1 });
		await b.have(b.app());
		for (const name of ["copyAccessToken", "copyTokenResponse"]) {
			await command(name);
			assert.notEqual(await read(), "");
			await until(async () => (await read()) === "", "it is cleared");
		}
	});

	it("is left alone where something else was copied meanwhile", async () => {
		await b.have(b.app());
		await b.configure({ "clipboard.clearAfter": 1 });
		await command("copyAccessToken");
		await vscode.env.clipboard.writeText("mine");
		const over = Date.now() + 1100;
		await until(() => Date.now() > over, "the moment is over");
		assert.equal(await read(), "mine");
	});

	it("gets a renewed token where the old one has expired", async () => {
		const app = b.app();
		b.x.switches.expiresIn = 1;
		const { id, expiresAt } = await b.signIn(app);
		b.x.switches.expiresIn = 7200;
		await until(() => Date.now() > Date.parse(expiresAt), "the token expires");
		const token = await accessTokenOf(id);
		assert.equal(b.x.counters.successfulRefreshes, 1);
		assert.equal(token, b.x.liveGrant(app.clientId, ada)?.accessToken);
	});
});
