import assert from "node:assert/strict";
import * as vscode from "vscode";
import { withPerson } from "./dialogs.ts";
import { bench, callbackUrl, command, deliver, refused, until } from "./support.ts";

describe("setUpApp", () => {
	const b = bench();
	const native = /^Native App$/;
	const done = /I Have Done This/;
	const setUp = () => command("setUpApp");

	it("leads a native app to one that X accepts, without a secret", async () => {
		const app = b.app();
		const seen = await withPerson(
			{ picks: [native, /127\.0\.0\.1:8737/], confirms: [done], types: [` "${app.clientId}" `] },
			setUp,
		);
		assert.match(
			seen.questions[0] ?? "",
			/Type of App: Native App\.[\s\S]*http:\/\/127\.0\.0\.1:8737\/callback[\s\S]*Website URL/,
		);
		assert.equal(await vscode.env.clipboard.readText(), "http://127.0.0.1:8737/callback");
		assert.match(seen.told[0] ?? "", /accepts its credentials\. It is kept in SecretStorage\./);
		assert.deepEqual(await command("checkCredentials", { auth: { client_id: app.clientId } }), { ok: true });
	});

	it("asks again where X refuses the secret, and keeps the app only then", async () => {
		const secret = "the-secret-of-a-new-app";
		const app = b.app({ secret });
		const seen = await withPerson(
			{
				picks: [/Web App/, /twitter-tokens\.twitter-tokens/],
				confirms: [done],
				types: [app.clientId, "wrong", app.clientId, secret],
				clicks: [/Correct It/],
			},
			setUp,
		);
		assert.equal(seen.errors.length, 1);
		assert.match(seen.errors[0] ?? "", /refused the app's credentials/);
		assert.equal(await vscode.env.clipboard.readText(), callbackUrl);
		assert.match(seen.told[0] ?? "", /accepts its credentials/);
	});

	it("keeps the app where X cannot be asked, and says so", async () => {
		const app = b.app();
		b.x.faultNext("token", { kind: "html", status: 503 });
		const seen = await withPerson({ picks: [native, /127/], confirms: [done], types: [app.clientId] }, setUp);
		assert.match(seen.told[0] ?? "", /could not be asked.*It is kept/);
	});

	it("signs in with the new app", async () => {
		const app = b.app();
		await withPerson(
			{
				picks: [native, /twitter-tokens\.twitter-tokens/],
				confirms: [done],
				types: [app.clientId],
				clicks: [/Sign In with Browser/],
			},
			async () => {
				await setUp();
				const link = await until(() => b.opened[0], "X's page is opened");
				await deliver(b.x.approve(link));
				await until(() => command("refreshToken").catch(() => undefined), "somebody is signed in");
			},
		);
	});

	for (const [step, person] of Object.entries({
		"the type": { picks: [undefined] },
		"the callback URL": { picks: [native, undefined] },
		"another callback URL": { picks: [native, /Another/], types: [undefined] },
		"the steps in the console": { picks: [native, /127/], confirms: [undefined] },
		"the Client ID": { picks: [native, /127/], confirms: [done], types: [undefined] },
		"the Client Secret": { picks: [/Web App/, /127/], confirms: [done], types: ["anId", undefined] },
	})) {
		it(`is left at ${step} by Escape, and nothing is kept or sent`, async () => {
			await withPerson(person, () => refused(setUp(), "Cancelled"));
			assert.equal(b.tokenRequests().length, 0);
		});
	}
});
