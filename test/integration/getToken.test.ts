import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as vscode from "vscode";
import {
	accessTokenOf,
	assertNoAccount,
	bench,
	callbackUrl,
	command,
	deliver,
	refused,
	stateOf,
	type Tokens,
	until,
} from "./support.ts";

const secret = "-EmulatorOnlySecretOfGetToken_0123456789-abcdefghijk";

describe("getToken with code and auth", () => {
	const b = bench();

	it("asks nothing and returns X's response with its keys untouched", async () => {
		const app = b.app();
		b.x.faultNext("token", { kind: "unknownFields" });
		const tokens = await command<Record<string, unknown>>("getToken", { code: b.foreignCode(app), auth: app.auth });
		const live = b.x.liveGrant(app.clientId, b.x.users[0]?.id ?? "");
		assert.deepEqual(tokens, {
			token_type: "bearer",
			expires_in: 7200,
			access_token: live?.accessToken,
			scope: "users.read tweet.read offline.access",
			refresh_token: live?.refreshToken,
			errors: [],
			new_in_2027: { nested: true },
			refresh_token_expires_in: null,
		});
		assert.deepEqual(b.opened, []);
		assert.equal(b.tokenRequests().length, 1);
	});

	it("keeps a response whose expires_in is missing or text", async () => {
		for (const kind of ["expiresInMissing", "expiresInText"] as const) {
			const app = b.app();
			b.x.faultNext("token", { kind });
			const tokens = await command<Record<string, unknown>>("getToken", { code: b.foreignCode(app), auth: app.auth });
			assert.equal(tokens.expires_in, kind === "expiresInText" ? "7200" : undefined);
		}
	});

	it("brings no refresh token without offline.access", async () => {
		const app = b.app();
		const auth = { ...app.auth, scope: "tweet.read users.read" };
		const link = await command<string>("getAuthorizationLink", { auth });
		const tokens = await command<Tokens>("getToken", { code: b.x.approve(link), auth });
		assert.ok(tokens.access_token);
		assert.equal("refresh_token" in tokens, false);
	});

	it("names a public app in the body and sends no Authorization", async () => {
		const app = b.app();
		await command("getToken", { code: b.foreignCode(app), auth: app.auth });
		const [request] = b.tokenRequests();
		assert.equal(request?.form.client_id, app.clientId);
		assert.equal(request?.form.redirect_uri, callbackUrl);
		assert.equal(request?.headers.authorization, undefined);
	});

	it("sends a confidential app's secret as raw Basic only", async () => {
		const app = b.app({ secret });
		await command("getToken", { code: b.foreignCode(app), auth: app.auth });
		const [request] = b.tokenRequests();
		const pair = Buffer.from(`${app.clientId}:${secret}`).toString("base64");
		assert.equal(request?.headers.authorization, `Basic ${pair}`);
		assert.equal(request?.form.client_id, undefined);
		assert.equal(JSON.stringify(request?.form).includes(secret), false);
	});

	it("takes an empty secret as none", async () => {
		const app = b.app();
		await command("getToken", { code: b.foreignCode(app), auth: { ...app.auth, client_secret: "" } });
		assert.equal(b.tokenRequests()[0]?.headers.authorization, undefined);
	});

	it("takes the editor's callback URI where redirect_uri is missing", async () => {
		const app = b.app();
		const { redirect_uri: _, ...auth } = app.auth;
		await command("getToken", { code: b.foreignCode(app), auth });
		assert.equal(b.tokenRequests()[0]?.form.redirect_uri, callbackUrl);
	});

	for (const [form, write] of Object.entries({
		"a bare code": (code: string) => code,
		"a bare code with blanks and a line end around it": (code: string) => `  ${code}\r\n`,
		"a query": (code: string) => `state=state&code=${code}`,
		"a query with its question mark": (code: string) => `?state=state&code=${code}`,
		"the whole address": (code: string) => `${callbackUrl}?state=state&code=${encodeURIComponent(code)}`,
		"the whole address in quotation marks": (code: string) => `"${callbackUrl}?state=state&code=${code}"`,
		"an http address with a fragment": (code: string) => `http://127.0.0.1:8737/callback?code=${code}&state=state#_`,
	})) {
		it(`takes ${form}`, async () => {
			const app = b.app();
			const code = b.foreignCode(app);
			await command("getToken", { code: write(code), auth: app.auth });
			assert.deepEqual(
				b.tokenRequests().map(({ form }) => form.code),
				[code],
			);
		});
	}

	it("refuses what is no code, and sends nothing", async () => {
		const app = b.app();
		const tokens = await command<Tokens>("getToken", { code: b.foreignCode(app), auth: app.auth });
		const before = b.x.requests.length;
		for (const code of [
			"",
			"   ",
			"two words",
			"a<script>b",
			"x".repeat(5000),
			app.clientId,
			tokens.access_token,
			tokens.refresh_token,
			"https://example.com/",
			"?code=",
			`?code=a&code=b`,
		]) {
			await refused(command("getToken", { code, auth: app.auth }), "CodeInvalid");
			assert.equal(b.x.requests.length, before, code);
		}
	});

	it("tells a refusal that stands in the address", async () => {
		const app = b.app();
		const send = (code: string) => command("getToken", { code, auth: app.auth });
		await refused(send(`${callbackUrl}?error=access_denied&state=state`), "AccessDenied");
		await refused(send(`${callbackUrl}?denied=abc&state=state`), "AccessDenied");
		await refused(send(`${callbackUrl}?error=access_denied&state=state&code=${b.foreignCode(app)}`), "AccessDenied");
		await refused(send(`${callbackUrl}?error=invalid_scope&state=state`), "ScopeInvalid");
		assert.deepEqual(b.x.requests, []);
		await assertNoAccount();
	});

	describe("and the verifier", () => {
		it("is that of our link whose state came along, whatever is newer", async () => {
			const app = b.app();
			const auth = { ...app.auth, code_verifier: "not-this-one-not-this-one-not-this-one-not-1" };
			const first = b.x.approve(await command<string>("getAuthorizationLink", { auth }));
			await command("getAuthorizationLink", { auth });
			await command("getToken", { code: first, auth });
			assert.equal(b.tokenRequests()[0]?.outcome, "exchanged");
		});

		it("proves the challenge of the link by S256", async () => {
			const app = b.app();
			const link = await command<string>("getAuthorizationLink", { auth: app.auth });
			await command("getToken", { code: b.x.approve(link), auth: app.auth });
			const verifier = b.tokenRequests()[0]?.form.code_verifier ?? "";
			assert.match(verifier, /^[\w.~-]{43,128}$/);
			const challenge = createHash("sha256").update(verifier).digest("base64url");
			assert.equal(new URL(link).searchParams.get("code_challenge"), challenge);
		});

		it("is the constant of OpenIntegrations for the constant state", async () => {
			const app = b.app();
			await command("getToken", { code: `state=state&code=${b.foreignCode(app)}`, auth: app.auth });
			assert.equal(b.tokenRequests()[0]?.form.code_verifier, "challenge");
		});

		it("is code_verifier for the constant state, even while something is pending", async () => {
			const app = b.app();
			const verifier = "made-elsewhere-made-elsewhere-made-elsewhere";
			await command("getAuthorizationLink", { auth: app.auth });
			const auth = { ...app.auth, code_verifier: verifier };
			await command("getToken", { code: `?code=${b.foreignCode(app, { verifier })}&state=state`, auth });
			assert.equal(b.tokenRequests()[0]?.form.code_verifier, verifier);
		});

		it("is code_verifier without a state and with nothing pending", async () => {
			const app = b.app();
			const verifier = "made-elsewhere-made-elsewhere-made-elsewhere";
			await command("getToken", {
				code: b.foreignCode(app, { verifier }),
				auth: { ...app.auth, code_verifier: verifier },
			});
			assert.equal(b.tokenRequests()[0]?.form.code_verifier, verifier);
		});

		it("is the newest pending one's of this app for a bare code", async () => {
			const [app, other] = [b.app(), b.app()];
			await command("getAuthorizationLink", { auth: app.auth });
			const newest = b.x.approve(await command<string>("getAuthorizationLink", { auth: app.auth }));
			await command("getAuthorizationLink", { auth: other.auth });
			const code = new URL(newest).searchParams.get("code");
			await command("getToken", { code, auth: app.auth });
			assert.equal(b.tokenRequests()[0]?.outcome, "exchanged");
		});

		it("is none for any other state: refused, and no request is sent", async () => {
			const app = b.app();
			const link = await command<string>("getAuthorizationLink", { auth: app.auth });
			const address = new URL(b.x.approve(link));
			for (const state of ["", "State", `${stateOf(link)}x`, "0".repeat(43), "state%00"]) {
				address.searchParams.set("state", state);
				await refused(command("getToken", { code: address.href, auth: app.auth }), "StateMismatch");
			}
			assert.deepEqual(b.x.requests, []);
			await assertNoAccount();
		});

		it("works once: the same address is refused afterwards, and nothing is sent", async () => {
			const app = b.app();
			const address = b.x.approve(await command<string>("getAuthorizationLink", { auth: app.auth }));
			await command("getToken", { code: address, auth: app.auth });
			await refused(command("getToken", { code: address, auth: app.auth }), "StateMismatch");
			assert.equal(b.tokenRequests().length, 1);
		});

		it("is used by one of two calls at the same moment", async () => {
			const app = b.app();
			const address = b.x.approve(await command<string>("getAuthorizationLink", { auth: app.auth }));
			const call = () => command<Tokens>("getToken", { code: address, auth: app.auth });
			const results = await Promise.allSettled([call(), call()]);
			assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
			assert.equal(b.tokenRequests().length, 1);
		});
	});
});

describe("getAuthorizationLink", () => {
	const b = bench();

	it("says what X needs, in the clipboard too", async () => {
		const app = b.app();
		const link = await command<string>("getAuthorizationLink", { auth: app.auth });
		assert.equal(await vscode.env.clipboard.readText(), link);
		assert.ok(link.startsWith(`${b.x.endpoints.authorize}?`));
		assert.equal(/[+ ]/.test(link), false, "blanks are %20");
		const { state = "", code_challenge = "", ...rest } = Object.fromEntries(new URL(link).searchParams);
		assert.match(state, /^[\w-]{43}$/);
		assert.match(code_challenge, /^[\w-]{43}$/);
		assert.deepEqual(rest, {
			response_type: "code",
			client_id: app.clientId,
			redirect_uri: callbackUrl,
			scope: "tweet.read users.read offline.access",
			code_challenge_method: "S256",
		});
		assert.deepEqual(b.opened, []);
		assert.deepEqual(b.x.requests, []);
	});

	it("asks for the scopes of the argument, else for those of the settings", async () => {
		const auth = { ...b.app().auth, scope: "  tweet.read\n users.read " };
		const scope = async (more: object) =>
			new URL(await command<string>("getAuthorizationLink", { auth, ...more })).searchParams.get("scope");
		assert.equal(await scope({}), "tweet.read users.read");
		assert.equal(await scope({ scopes: ["users.read", "dm.read"] }), "users.read dm.read");
		assert.equal(await scope({ scopes: "users.read offline.access" }), "users.read offline.access");
		assert.equal(await scope({ scopes: [] }), "tweet.read users.read");
	});

	it("is another one each time", async () => {
		const { auth } = b.app();
		const one = new URL(await command<string>("getAuthorizationLink", { auth })).searchParams;
		const two = new URL(await command<string>("getAuthorizationLink", { auth })).searchParams;
		assert.notEqual(one.get("state"), two.get("state"));
		assert.notEqual(one.get("code_challenge"), two.get("code_challenge"));
	});

	it("gives a link whose redirect is taken by the URI handler", async () => {
		const app = b.app();
		const link = await command<string>("getAuthorizationLink", { auth: app.auth });
		await deliver(b.x.approve(link));
		await until(() => b.x.counters.usersMeRequests > 0, "X is asked who it is");
		const token = await until(() => accessTokenOf("@ada_dev").catch(() => undefined), "the account has its name");
		assert.equal(token, b.x.liveGrant(app.clientId, b.x.users[0]?.id ?? "")?.accessToken);
	});

	it("leaves nothing pending where it fails", async () => {
		const app = b.app();
		const verifier = "made-elsewhere-made-elsewhere-made-elsewhere";
		await b.configure({ endpoints: { ...b.x.endpoints, authorize: "http://x.com/i/oauth2/authorize" } });
		await refused(command("getAuthorizationLink", { auth: app.auth }), "InvalidAuthSettings");
		await b.configure({ endpoints: b.x.endpoints });
		await command("getToken", {
			code: b.foreignCode(app, { verifier }),
			auth: { ...app.auth, code_verifier: verifier },
		});
		assert.equal(b.tokenRequests()[0]?.outcome, "exchanged");
	});
});

describe("copyCallbackUrl", () => {
	it("gives the editor's callback URI, in the clipboard too", async () => {
		assert.equal(await command("copyCallbackUrl"), callbackUrl);
		assert.equal(await vscode.env.clipboard.readText(), callbackUrl);
	});
});
