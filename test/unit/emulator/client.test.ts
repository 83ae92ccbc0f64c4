import assert from "node:assert/strict";
import * as client from "./client.ts";

/** The probe of the fact sheet, section 5.4: a nonsense refresh token tells which credential is wrong. */
describe("emulator: client checks", () => {
	const running = client.useEmulator();
	const id = client.confidentialClientId;
	const secret = client.confidentialClientSecret;

	function probe(form: Record<string, string>, authorization?: string): Promise<client.Answer> {
		const all = { grant_type: "refresh_token", refresh_token: "nonsense", ...form };
		return client.post(running().endpoints.token, all, authorization === undefined ? {} : { authorization });
	}

	it("has default apps of X's form", () => {
		assert.equal(client.publicClientId, "RXhhbXBsZUNsaWVudElkMDEyMzQ6MTpjaQ");
		assert.match(id, /^[\w-]{27}6MTpjaQ$/);
		assert.match(secret, /^-[\w-]{49}$/);
		assert.deepEqual(
			running().apps.map(({ clientId, clientSecret }) => [clientId, clientSecret]),
			[
				[client.publicClientId, undefined],
				[id, secret],
			],
		);
	});

	it("checks the grant type first", async () => {
		client.assertError(await probe({ grant_type: "client_credentials" }), "E8");
		client.assertError(await probe({ grant_type: "__proto__", client_id: "unknown" }), "E8");
	});

	it("asks for the client id", async () => client.assertMissing(await probe({}), "client_id"));
	it("knows the client id", async () => client.assertError(await probe({ client_id: "unknown" }), "E6"));
	it("takes a public app without a secret", async () =>
		client.assertError(await probe({ client_id: client.publicClientId }), "E7"));
	it("takes Basic without client_id in the body", async () => client.assertError(await probe({}, client.basic), "E7"));
	it("takes Basic with client_id in the body", async () =>
		client.assertError(await probe({ client_id: id }, client.basic), "E7"));

	const wrong: [string, string | undefined][] = [
		["no header", undefined],
		["another secret", `Basic ${btoa(`${id}:${secret}x`)}`],
		["an empty secret", `Basic ${btoa(`${id}:`)}`],
		["base64url", `Basic ${Buffer.from(`${id}:${secret}>>>???`).toString("base64url")}`],
		["base64 without padding", client.basic.replace(/=+$/, "")],
		["a form-encoded secret", `Basic ${btoa(`${id}:${secret.replaceAll("-", "%2D").replaceAll("_", "%5F")}`)}`],
		["another app's id", `Basic ${btoa(`${client.publicClientId}:${secret}`)}`],
		["no colon", `Basic ${btoa(id)}`],
		["a bearer", "Bearer something"],
		["the pair without the word Basic", btoa(`${id}:${secret}`)],
	];
	for (const [what, authorization] of wrong) {
		it(`refuses a confidential app with ${what}`, async () => {
			if (what === "base64 without padding") {
				assert.match(client.basic, /=$/);
			}
			client.assertError(await probe({ client_id: id }, authorization), "E1");
		});
	}

	it("refuses a secret in the body alone", async () =>
		client.assertError(await probe({ client_id: id, client_secret: secret }), "E1"));
	it("misses the client id behind a header without the word Basic", async () =>
		client.assertMissing(await probe({}, btoa(`${id}:${secret}`)), "client_id"));
	for (const header of ["Basic !!!", `Basic ${btoa(id)}`, `Basic ${btoa(`:${secret}`)}`]) {
		it(`answers 401 to the malformed header ${header.slice(0, 12)} alone`, async () =>
			client.assertError(await probe({}, header), "E1"));
	}
	it("does not know a mangled id in Basic", async () =>
		client.assertError(await probe({}, `Basic ${btoa(`x${id}:${secret}`)}`), "E6"));
	it("authenticates the client before it looks for parameters", async () => {
		client.assertError(await probe({ client_id: id, refresh_token: "" }), "E1");
		client.assertMissing(await probe({ client_id: client.publicClientId, refresh_token: "" }), "refresh_token");
	});

	it("treats Basic on a public app as the switch says", async () => {
		const header = `Basic ${btoa(`${client.publicClientId}:whatever`)}`;
		client.assertError(await probe({}, header), "E7");
		running().switches.basicOnPublicApp = "E6";
		client.assertError(await probe({ client_id: client.publicClientId }, header), "E6");
		running().switches.basicOnPublicApp = "E1";
		client.assertError(await probe({ client_id: client.publicClientId }, header), "E1");
		client.assertError(await probe({ client_id: client.publicClientId }), "E7");
	});

	it("regenerates a secret: the old one fails, tokens live on", async () => {
		const code = client.codeOf(running(), client.threeScopes, id);
		const header = { authorization: client.basic };
		const pair = client.pairOf(await client.exchange(running(), code, { client_id: undefined }, header));
		const fresh = running().regenerateSecret(id);
		assert.match(fresh, /^-[\w-]{49}$/);
		client.assertError(await probe({}, client.basic), "E1");
		assert.equal((await client.me(running(), pair.access)).status, 200);
		const form = { grant_type: "refresh_token", refresh_token: pair.refresh };
		const answer = await client.post(running().endpoints.token, form, {
			authorization: `Basic ${btoa(`${id}:${fresh}`)}`,
		});
		assert.equal(answer.status, 200);
	});

	it("deletes an app: its id is unknown, its tokens are dead", async () => {
		const pair = await client.signIn(running());
		const user = client.userId(running());
		running().signInElsewhere(id, user);
		running().deleteApp(client.publicClientId);
		assert.equal(running().liveGrant(client.publicClientId, user), undefined);
		assert.ok(running().liveGrant(id, user));
		client.assertError(await client.refresh(running(), pair.refresh), "E6");
		assert.equal((await client.me(running(), pair.access)).status, 401);
		assert.throws(() => running().approve(client.linkOf(running())), /Something went wrong/);
		assert.throws(() => running().deleteApp(client.publicClientId), /no app/);
	});

	it("answers a GET, a JSON body and no body as the switch says", async () => {
		const { token, revoke } = running().endpoints;
		const body = JSON.stringify({ grant_type: "refresh_token" });
		const send = () =>
			Promise.all([
				client.get(token),
				client.answerOf(fetch(token, { method: "POST", headers: { "content-type": "application/json" }, body })),
				client.answerOf(fetch(token, { method: "POST" })),
			]);
		for (const answer of await send()) {
			client.assertMissing(answer, "grant_type");
		}
		client.assertMissing(await client.get(revoke), "token");
		running().switches.wrongRequest = "415";
		assert.deepEqual(
			(await send()).map(({ status }) => status),
			[415, 415, 415],
		);
		running().switches.wrongRequest = "html";
		for (const answer of await send()) {
			assert.equal(answer.status, 400);
			assert.match(answer.headers.get("content-type") ?? "", /^text\/html/);
		}
	});
});
