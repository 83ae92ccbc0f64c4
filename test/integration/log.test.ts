import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { findSecret, note, secrets } from "./secrets.ts";
import { bench, command, refused, until } from "./support.ts";

const secret = "-EmulatorOnlySecretOfTheLog_0123456789-abcdefghijklm";

describe("the log", () => {
	// An account may be there that a reload of the window is to leave.
	const b = bench({ keeps: true });
	const folder = process.env.TWITTER_TOKENS_USER_DATA ?? "";

	it("says what happened, and after all these tests holds no secret; nor does any other file of the user data", async () => {
		const app = b.app({ secret });
		const { id } = await b.signIn(app);
		await command("refreshToken", { account: id });
		await refused(command("getToken", { code: "SomethingThatIsNoCode", auth: app.auth }), "CodeInvalid");
		await command("signOut", { account: id, revoke: true });

		const log = await until(async () => {
			const logs = await filesUnder(join(folder, "logs"), /Twitter Tokens\.log$/);
			return [...logs.values()].find((text) => text.includes("/2/oauth2/revoke"));
		}, "the log is written");
		assert.match(log, /POST http:\/\/127\.0\.0\.1:\d+\/2\/oauth2\/token: 200 in \d+ ms/);
		assert.match(log, /GET http:\/\/127\.0\.0\.1:\d+\/2\/users\/me: 200/);
		assert.match(log, /CodeInvalid/);
		assert.match(log, /\[X: invalid_request: Value passed for the authorization code was invalid/);

		for (const { form } of b.x.requests) note(form.refresh_token ?? form.token);
		assert.ok(secrets().size >= 5);
		const found: string[] = [];
		for (const [file, text] of await filesUnder(folder, /./)) {
			const what = findSecret(text);
			if (what !== undefined) found.push(`${file}: ${what}`);
		}
		assert.deepEqual(found, []);
	});

	it("would be caught with a secret in it", () => {
		const samples = [secret, encodeURIComponent(secret), `a${secret}b`, `{"a":"${secret}"}`];
		for (const sample of samples) {
			assert.ok(findSecret(sample));
			assert.ok(findSecret(Buffer.from(sample).toString("base64")));
			assert.ok(findSecret(Buffer.from(sample).toString("base64url")));
		}
		assert.equal(findSecret("Value passed for the authorization code was invalid."), undefined);
	});
});

async function filesUnder(folder: string, name: RegExp): Promise<Map<string, string>> {
	const found = new Map<string, string>();
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
		if (!entry.isFile() || !name.test(entry.name)) continue;
		const file = join(entry.parentPath, entry.name);
		// Some come and go while we look.
		const text = await readFile(file, "latin1").catch(() => undefined);
		if (text !== undefined) found.set(file, text);
	}
	return found;
}
