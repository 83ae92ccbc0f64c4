import assert from "node:assert/strict";
import * as vscode from "vscode";
import { note, secrets } from "../secrets.ts";
import { bench, command, freePort, stateOf } from "../support.ts";
import { writeReload } from "./reload.ts";

describe("before a reload of the window", () => {
	const b = bench({ port: () => freePort(), leaves: true });

	it("an account is signed in and a link is on its way", async () => {
		const app = b.app();
		const { access_token } = await b.have(app);
		const link = await command<string>("getAuthorizationLink", { auth: app.auth });
		note(stateOf(link));
		assert.ok(access_token);
		writeReload({
			secrets: [...secrets()],
			port: Number(new URL(b.x.origin).port),
			clientId: app.clientId,
			redirectUri: app.auth.redirect_uri,
			accessToken: access_token,
			link,
		});
		await vscode.env.clipboard.writeText("");
	});
});
