import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { clientIdOf, defaultApps } from "../../emulator/apps.ts";
import { startEmulator } from "../../emulator/emulator.ts";
import * as client from "./client.ts";

describe("emulator: the server", () => {
	const lines: string[] = [];
	const running = client.useEmulator({ log: (line) => lines.push(line) });

	it("names its endpoints in the shape of the setting", () => {
		const { origin, endpoints } = running();
		assert.match(origin, /^http:\/\/127\.0\.0\.1:\d+$/);
		assert.deepEqual(endpoints, {
			authorize: `${origin}/i/oauth2/authorize`,
			token: `${origin}/2/oauth2/token`,
			revoke: `${origin}/2/oauth2/revoke`,
			api: origin,
		});
	});

	it("serves the same routes under the legacy address", async () => {
		const { legacyEndpoints } = running();
		const { access } = await client.signIn(running());
		const answer = await client.get(`${legacyEndpoints.api}/2/users/me`, { authorization: `Bearer ${access}` });
		assert.equal(answer.status, 200);
		const link = client.linkOf(running()).replace(running().endpoints.authorize, legacyEndpoints.authorize);
		assert.equal((await client.get(link)).status, 200);
		assert.ok(running().approve(link));
	});

	it("describes itself", async () => {
		const { json } = await client.get(`${running().origin}/.well-known/oauth-authorization-server`);
		assert.equal(json.issuer, running().origin);
		assert.equal(json.authorization_endpoint, running().endpoints.authorize);
		assert.equal(json.token_endpoint, running().endpoints.token);
		assert.deepEqual(json.token_endpoint_auth_methods_supported, ["none", "client_secret_basic"]);
		assert.deepEqual(json.code_challenge_methods_supported, ["S256"]);
		for (const absent of ["revocation_endpoint", "introspection_endpoint", "registration_endpoint", "jwks_uri"]) {
			assert.equal(absent in json, false);
		}
	});

	it("answers 404 elsewhere", async () => {
		for (const path of ["/", "/.well-known/openid-configuration", "/constructor"]) {
			assert.equal((await client.get(running().origin + path)).status, 404);
		}
		assert.equal((await client.post(`${running().origin}/2/users/me`, {})).status, 404);
	});

	it("refuses bodies over one megabyte, without any work", async () => {
		const code = client.codeOf(running());
		const answer = await client.exchange(running(), code, { padding: "x".repeat(1024 * 1024) });
		assert.equal(answer.status, 413);
		client.pairOf(await client.exchange(running(), code, { padding: "x".repeat(1000 * 1024) }));
	});

	it("logs and counts", async () => {
		const { access, refresh } = await client.signIn(running());
		await client.refresh(running(), refresh);
		await client.refresh(running(), refresh);
		await client.me(running(), access);
		await client.get(client.linkOf(running()));
		await client.post(running().endpoints.revoke, {});
		await client.get(`${running().origin}/other`);
		const { counters, requests } = running();
		assert.deepEqual(counters, {
			authorizeRequests: 1,
			tokenRequests: 3,
			revokeRequests: 1,
			usersMeRequests: 1,
			otherRequests: 1,
			successfulExchanges: 1,
			successfulRefreshes: 1,
			successfulTokenExchanges: 0,
			successfulRevocations: 0,
			consumedRefreshTokensSentAgain: 1,
			answersLost: 0,
			maxConcurrentTokenRequests: 1,
			outcomes: { exchanged: 1, refreshed: 1, E7: 1, "401": 1, "consent page": 1, E5: 1, "404": 1 },
		});
		assert.deepEqual(
			requests.map(({ method, path, status }) => [method, path, status]),
			[
				["POST", "/2/oauth2/token", 200],
				["POST", "/2/oauth2/token", 200],
				["POST", "/2/oauth2/token", 400],
				["GET", "/2/users/me", 401],
				["GET", "/i/oauth2/authorize", 200],
				["POST", "/2/oauth2/revoke", 400],
				["GET", "/other", 404],
			],
		);
		const second = requests[1];
		assert.deepEqual(second?.form, {
			grant_type: "refresh_token",
			refresh_token: refresh,
			client_id: client.publicClientId,
		});
		assert.equal(second?.headers["content-type"], "application/x-www-form-urlencoded;charset=UTF-8");
		assert.ok(Math.abs((second?.at ?? 0) - Date.now()) < 5000);
		assert.ok(lines.some((line) => line.includes("POST /2/oauth2/token → 200")));
		assert.ok(!lines.some((line) => line.includes(refresh)));
	});

	it("goes back to the start", async () => {
		const emulator = running();
		const other = await client.signIn(emulator);
		const code = client.codeOf(emulator);
		emulator.reset();
		assert.equal((await client.me(emulator, other.access)).status, 401);
		client.assertError(await client.exchange(emulator, code), "E2");
		const { access } = await client.signIn(emulator);
		emulator.switches.cancel = "denied";
		emulator.deleteApp(client.publicClientId);
		emulator.users.length = 0;
		emulator.faultAlways("usersMe", { kind: "html", status: 500 });
		emulator.reset();
		assert.deepEqual([emulator.requests.length, emulator.counters.tokenRequests], [0, 0]);
		assert.deepEqual(emulator.counters.outcomes, {});
		assert.deepEqual([emulator.apps.length, emulator.users.length], [2, 2]);
		assert.equal(emulator.switches.cancel, "access_denied");
		assert.equal((await client.me(emulator, access)).status, 401);
	});

	it("tells the time of its own clock", async () => {
		const day = 24 * 3600 * 1000;
		const late = await startEmulator({ now: () => Date.now() + day });
		try {
			const answer = await client.get(`${late.origin}/`);
			const ahead = Date.parse(answer.headers.get("date") ?? "") - Date.now();
			assert.ok(Math.abs(ahead - day) < 5000, String(ahead));
		} finally {
			await late.close();
		}
	});

	it("closes at once, also with an answer under way", async () => {
		const other = await startEmulator();
		other.faultAlways("token", { kind: "slow", ms: 60_000 });
		other.faultAlways("revoke", { kind: "never" });
		const sent = [client.post(other.endpoints.token, {}), client.post(other.endpoints.revoke, {})];
		const ended = Promise.allSettled(sent);
		while (other.requests.length < 2) {
			await new Promise((resolve) => setTimeout(resolve, 5));
		}
		const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
		const before = timers();
		const started = Date.now();
		await other.close();
		assert.ok(timers() < before, "the slow answer's timer is gone");
		assert.ok(Date.now() - started < 1000);
		assert.deepEqual(
			(await ended).map(({ status }) => status),
			["rejected", "rejected"],
		);
	});

	it("takes given apps, users, redirect URIs, switches and a port", async () => {
		const clientId = clientIdOf("AnotherApp0123456789");
		const apps = [{ name: "Another", clientId, redirectUris: ["cursor://twitter-tokens.twitter-tokens/callback"] }];
		const users = [{ id: "1965012345678901239", name: "Edith", username: "edith_dev" }];
		const other = await startEmulator({ apps, users, switches: { cancel: "denied" } });
		const port = Number(new URL(other.origin).port);
		assert.equal(other.switches.cancel, "denied");
		assert.deepEqual([other.apps, other.users], [apps, users]);
		await assert.rejects(startEmulator({ port }), { code: "EADDRINUSE" });
		await other.close();
		const again = await startEmulator({ port, redirectUris: ["cursor://twitter-tokens.twitter-tokens/callback"] });
		assert.equal(new URL(again.origin).port, String(port));
		assert.equal(again.apps[1]?.redirectUris.length, 5);
		await again.close();
	});

	it("refuses apps that the console would refuse", async () => {
		const many = Array.from({ length: 7 }, (_, index) => `http://127.0.0.1:${9000 + index}/callback`);
		await assert.rejects(startEmulator({ redirectUris: many }), /ten at most/);
		assert.equal(defaultApps(many.slice(1))[0]?.redirectUris.length, 10);
		await assert.rejects(startEmulator({ redirectUris: ["javascript://x/"] }), /forbids/);
		await assert.rejects(startEmulator({ redirectUris: ["app:///callback"] }), /no authority/);
	});

	it("does not know foreign apps and users", () => {
		const bound = { redirectUri: client.redirectUri, challenge: "x" };
		assert.throws(() => running().issueCode({ clientId: "x", ...bound }), /no app/);
		assert.throws(() => running().issueCode({ clientId: client.publicClientId, ...bound, userId: "1" }), /no user/);
		assert.throws(() => running().regenerateSecret("x"), /no app/);
	});

	it("runs as a program and ends on a signal", async () => {
		const main = fileURLToPath(new URL("../../emulator/main.ts", import.meta.url));
		const program = spawn(process.execPath, [main, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
		const ended = new Promise((resolve) => program.once("exit", resolve));
		let text = "";
		for await (const part of program.stdout) {
			text += String(part);
			if (text.includes(client.confidentialClientSecret)) {
				break;
			}
		}
		const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? "";
		assert.equal((await client.get(`${origin}/.well-known/oauth-authorization-server`)).status, 200);
		assert.match(text, /"twitterTokens\.endpoints"/);
		assert.ok(text.includes(client.publicClientId));
		program.kill("SIGTERM");
		await ended;
	}).timeout(10_000);
});
