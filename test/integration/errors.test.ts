import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { clientIdOf } from "../emulator/apps.ts";
import type { TokenFault } from "../emulator/faults.ts";
import { oauthErrors } from "../emulator/oauthErrors.ts";
import { defaultSwitches } from "../emulator/switches.ts";
import {
	accessTokenOf,
	ada,
	assertNoAccount,
	bench,
	callbackUrl,
	command,
	freePort,
	grace,
	refused,
	type TestApp,
} from "./support.ts";

const secret = "-EmulatorOnlySecretOfErrors_0123456789-abcdefghijklm";
const otherRedirect = "http://127.0.0.1:8737/callback";

describe("X's answers to a code", () => {
	const b = bench();
	const get = (app: TestApp, code: string, auth: object = app.auth) => command("getToken", { code, auth });

	describe("each have their error, and nothing is stored", () => {
		afterEach(assertNoAccount);

		it("E1: no secret for a confidential app", async () => {
			const app = b.app({ secret });
			const { client_secret: _, ...auth } = app.auth;
			await refused(get(app, b.foreignCode(app), auth), "ClientAuthenticationFailed");
			assert.equal(b.tokenRequests()[0]?.outcome, "E1");
		});

		it("E1: a wrong secret", async () => {
			const app = b.app({ secret });
			const auth = { ...app.auth, client_secret: `${secret.slice(0, -1)}X` };
			await refused(get(app, b.foreignCode(app), auth), "ClientAuthenticationFailed");
			assert.equal(b.tokenRequests()[0]?.outcome, "E1");
		});

		it("E1: an older secret", async () => {
			const app = b.app({ secret });
			const code = b.foreignCode(app);
			b.x.regenerateSecret(app.clientId);
			await refused(get(app, code), "ClientAuthenticationFailed");
		});

		it("E2: an unknown code", async () => {
			await refused(get(b.app(), "SomethingThatIsNoCodeOfTheirs"), "CodeInvalid");
			assert.equal(b.tokenRequests()[0]?.outcome, "E2");
		});

		it("E2 as invalid_grant: a code of another app", async () => {
			b.x.switches.deadGrantError = "invalid_grant";
			await refused(get(b.app(), b.foreignCode(b.app())), "CodeInvalid");
		});

		it("E3: another verifier", async () => {
			const app = b.app();
			const code = b.foreignCode(app, { verifier: "made-elsewhere-made-elsewhere-made-elsewhere" });
			await refused(get(app, code), "VerifierMismatch");
			assert.equal(b.tokenRequests()[0]?.outcome, "E3");
		});

		it("E4: another redirect_uri", async () => {
			const app = b.app();
			await refused(get(app, b.foreignCode(app, { redirectUri: otherRedirect })), "RedirectMismatch");
			assert.equal(b.tokenRequests()[0]?.outcome, "E4");
		});

		it("E6: an unknown client id", async () => {
			const app = b.app();
			const auth = { ...app.auth, client_id: clientIdOf("NobodyKnowsThisApp01") };
			await refused(get(app, b.foreignCode(app), auth), "ClientUnknown");
			assert.equal(b.tokenRequests()[0]?.outcome, "E6");
		});

		for (const [what, fault, code] of [
			["429 with headers", { kind: "rateLimited", headers: true }, "RateLimited"],
			["429 without headers", { kind: "rateLimited", headers: false }, "RateLimited"],
			["503 in JSON", { kind: "temporarilyUnavailable" }, "Unavailable"],
			["500 as a page", { kind: "html", status: 500 }, "Unavailable"],
			["502 as a page", { kind: "html", status: 502 }, "Unavailable"],
			["503 as a page", { kind: "html", status: 503 }, "Unavailable"],
			["a connection that is cut", { kind: "cutBeforeWork" }, "Network"],
			["a connection that is cut after the headers", { kind: "cutBeforeBody" }, "Network"],
			["an answer that is lost", { kind: "answerLost" }, "Network"],
			["an empty body", { kind: "emptyBody" }, "UnexpectedResponse"],
			["no access_token", { kind: "withoutAccessToken" }, "UnexpectedResponse"],
		] as const satisfies readonly (readonly [string, TokenFault, string])[]) {
			it(what, async () => {
				b.x.faultNext("token", fault);
				const app = b.app();
				await refused(get(app, b.foreignCode(app)), code);
				assert.equal(b.tokenRequests().length, 1, "a code is sent once");
				assert.equal(b.x.counters.usersMeRequests, 0);
			});
		}

		it("nobody there", async () => {
			const app = b.app();
			await b.configure({ endpoints: { ...b.x.endpoints, token: `http://127.0.0.1:${await freePort()}/token` } });
			await refused(get(app, b.foreignCode(app)), "Network");
		});
	});

	describe("that the emulator never gives us", () => {
		let server: Server;
		let answer = { status: 400, body: "", headers: {} as Record<string, string> };
		before(async () => {
			server = createServer((request, response) => {
				request.resume().on("end", () => response.writeHead(answer.status, answer.headers).end(answer.body));
			});
			await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		});
		after(() => void server.close());
		beforeEach(async () => {
			const { port } = server.address() as AddressInfo;
			await b.configure({ endpoints: { ...b.x.endpoints, token: `http://127.0.0.1:${port}/token` } });
		});
		afterEach(assertNoAccount);

		for (const [what, reply, code] of [
			["E5: code_verifier", oauthErrors.E5("code_verifier"), "VerifierMismatch"],
			["E5: redirect_uri", oauthErrors.E5("redirect_uri"), "RedirectMismatch"],
			["E5: client_id", oauthErrors.E5("client_id"), "ClientUnknown"],
			["E5: code", oauthErrors.E5("code"), "UnexpectedResponse"],
			["E7", oauthErrors.E7(defaultSwitches), "CodeInvalid"],
			["E8", oauthErrors.E8(), "UnexpectedResponse"],
			["E9: invalid_scope", oauthErrors.E9("invalid_scope", "The scope was invalid."), "ScopeInvalid"],
			["a redirect", { status: 302, headers: { location: "http://127.0.0.1:1/" }, body: "" }, "UnexpectedResponse"],
			["204", { status: 204, headers: {}, body: "" }, "UnexpectedResponse"],
			["an array", { status: 200, headers: {}, body: "[]" }, "UnexpectedResponse"],
			["a number as the token", { status: 200, headers: {}, body: '{"access_token":5}' }, "UnexpectedResponse"],
			["__proto__", { status: 200, headers: {}, body: '{"__proto__":{"access_token":"x"}}' }, "UnexpectedResponse"],
			["20 MB", { status: 200, headers: {}, body: `{"access_token":"x"}${" ".repeat(20_000_000)}` }, undefined],
		] as const) {
			it(what, async () => {
				answer = { status: reply.status, body: reply.body, headers: { ...reply.headers } };
				const app = b.app();
				const result = get(app, b.foreignCode(app));
				if (code) await refused(result, code);
				else await refused(result, await result.then(String, ({ code }) => code));
			});
		}

		it("its words are repeated without the credentials in them", async () => {
			const app = b.app({ secret });
			const code = b.foreignCode(app);
			answer = {
				status: 400,
				headers: { "content-type": "application/json" },
				body: JSON.stringify({ error: "odd", error_description: `no ${code} challenge ${secret} ${callbackUrl}` }),
			};
			const error = await refused(get(app, code), "UnexpectedResponse");
			assert.match(error.message, /odd: no …/);
		});
	});

	it("leave an account that is there as it was", async () => {
		const app = b.app();
		await b.have(app);
		const token = await accessTokenOf();
		b.x.faultNext("token", { kind: "html", status: 503 });
		await refused(get(app, b.foreignCode(app, { userId: grace })), "Unavailable");
		await refused(get(app, "SomethingThatIsNoCodeOfTheirs"), "CodeInvalid");
		await refused(get(app, `state=${"0".repeat(43)}&code=abc`), "StateMismatch");
		b.x.faultNext("token", { kind: "emptyBody" });
		await refused(get(app, b.foreignCode(app, { userId: grace })), "UnexpectedResponse");
		assert.equal(await accessTokenOf(), token);
		assert.equal(token, b.x.liveGrant(app.clientId, ada)?.accessToken);
		await command("signOut");
	});
});

describe("X's answers to a refresh token", () => {
	const b = bench();

	for (const [what, fault, code] of [
		["429", { kind: "rateLimited", headers: true, resetInSeconds: 60 }, "RateLimited"],
		["503 in JSON", { kind: "temporarilyUnavailable" }, "Unavailable"],
		["502 as a page", { kind: "html", status: 502 }, "Unavailable"],
		["a connection that is cut", { kind: "cutBeforeWork" }, "Network"],
	] as const satisfies readonly (readonly [string, TokenFault, string])[]) {
		it(`cost no token: ${what}`, async () => {
			const app = b.app();
			const { access_token } = await b.have(app);
			b.x.faultAlways("token", fault);
			await refused(command("refreshToken"), code);
			b.x.faultAlways("token", undefined);
			assert.equal(await accessTokenOf(), access_token);
			assert.ok(b.x.liveGrant(app.clientId, ada)?.refreshToken);
		});
	}

	it("E1: the secret was regenerated; the tokens stay, and a sign-in with the new one mends it", async () => {
		const app = b.app({ secret });
		const { access_token } = await b.have(app);
		const client_secret = b.x.regenerateSecret(app.clientId);
		await refused(command("refreshToken"), "ClientAuthenticationFailed");
		assert.equal(await accessTokenOf(), access_token);
		const auth = { ...app.auth, client_secret };
		await command("getToken", { code: b.foreignCode(app), auth });
		await command("refreshToken");
	});

	it("E6: the app was deleted", async () => {
		const app = b.app();
		await b.have(app);
		b.x.deleteApp(app.clientId);
		await refused(command("refreshToken"), "ClientUnknown");
	});

	it("E7: signed in elsewhere", async () => {
		const app = b.app();
		await b.have(app);
		b.x.signInElsewhere(app.clientId, ada);
		await refused(command("refreshToken"), "GrantLost");
	});
});
