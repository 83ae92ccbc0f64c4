import assert from "node:assert/strict";
import { readXurlStore } from "../../../src/oauth/xurlStore.ts";

const clientId = "RXhhbXBsZUNsaWVudElkMDEyMzQ6MTpjaQ";
const refused = (message: RegExp) => ({ name: "TwitterTokensError", code: "InvalidAuthSettings", message });
const read = (text: string, environment = {}) => readXurlStore(text, "the store", environment);

/** As Go's YAML writer lays it out. */
const yaml = `apps:
    work:
        client_id: "${clientId}"
        client_secret: ""
        oauth2_tokens: {}
    default:
        client_id: "${clientId}"
        client_secret: "-secret"
        redirect_uri: http://localhost:8080/callback
        default_user: ada_dev
        oauth2_tokens:
            ada_dev:
                type: oauth2
                oauth2:
                    access_token: at-ada
                    refresh_token: rt-ada
                    expiration_time: 1757325712
            "":
                type: oauth2
                oauth2:
                    access_token: at-unnamed
                    refresh_token: ""
                    expiration_time: 0
        oauth1_token:
            type: oauth1
            oauth1: {access_token: "1-a", token_secret: b, consumer_key: c, consumer_secret: d}
        bearer_token:
            type: bearer
            bearer: AAAAxyz
default_app: default
`;

describe("xurl's token store", () => {
	it("is read in the form of 1.0 and later, the default app first", async () => {
		assert.deepEqual(await read(yaml), [
			{
				name: "default",
				auth: {
					clientId,
					clientSecret: "-secret",
					redirectUri: "http://localhost:8080/callback",
					scope: "tweet.read users.read offline.access",
				},
				grants: [
					{
						accessToken: "at-ada",
						refreshToken: "rt-ada",
						scopes: [],
						expiresAt: 1_757_325_712_000,
						handle: "ada_dev",
					},
					{ accessToken: "at-unnamed", scopes: [] },
				],
			},
			{ name: "work", auth: { clientId, scope: "tweet.read users.read offline.access" }, grants: [] },
		]);
	});

	it("is read in the JSON form before 1.0, whose app the environment may name", async () => {
		const json = JSON.stringify({
			oauth2_tokens: {
				ada_dev: { type: "oauth2", oauth2: { access_token: "at", refresh_token: "rt", expiration_time: 5 } },
			},
			oauth1_tokens: { type: "oauth1", oauth1: { access_token: "x" } },
		});
		const grants = [{ accessToken: "at", refreshToken: "rt", scopes: [], expiresAt: 5000, handle: "ada_dev" }];
		assert.deepEqual(await read(json), [{ name: "xurl", grants }]);
		const [found] = await read(json, { CLIENT_ID: clientId, CLIENT_SECRET: "s" });
		assert.equal(found?.auth?.clientId, clientId);
		assert.equal(found?.auth?.clientSecret, "s");
		assert.deepEqual(await read(json, { CLIENT_ID: "somebody-else's" }), [{ name: "xurl", grants }]);
	});

	it("is known by its apps, also where it is written as JSON", async () => {
		const [found] = await read(JSON.stringify({ apps: { a: { client_id: clientId } }, default_app: "a" }));
		assert.equal(found?.name, "a");
	});

	it("may hold an app without an id, as its own migration leaves it", async () => {
		const [found, ...others] = await read(
			"apps:\n  default:\n    client_id: ''\n    oauth2_tokens:\n      ada: {oauth2: {access_token: at}}\n  empty:\n    client_id:\n",
		);
		assert.equal(found?.auth, undefined);
		assert.equal(found?.grants.length, 1);
		assert.deepEqual(others, []);
	});

	it("may hold text that looks like a number", async () => {
		const [found] = await read("apps: {a: {client_id: 12345678, oauth2_tokens: null}}");
		assert.equal(found?.auth?.clientId, "12345678");
	});

	it("that holds nothing is refused", async () => {
		for (const text of ["", "{}", "apps: {}", "apps:\n", "oauth2_tokens: {}"]) {
			await assert.rejects(read(text), refused(/the store/), text);
		}
	});

	it("with wrong types is refused, naming the entry", async () => {
		await assert.rejects(read("apps: [1]"), refused(/"apps.*" in the store/));
		await assert.rejects(read("apps: {a: 1}"), refused(/"apps\.a" in the store is no app/));
		await assert.rejects(
			read("apps: {a: {client_id: x, oauth2_tokens: {u: secret-token}}}"),
			(error: Error) => /apps\.a\.oauth2_tokens\.u/.test(error.message) && !error.message.includes("secret-token"),
		);
		await assert.rejects(read("just text"), refused(/"the whole" in the store/));
		await assert.rejects(read("apps: {a: {client_id: [x]}}"), refused(/"apps\.a\.client_id" in the store is not text/));
	});

	it("that is broken is refused without quoting it", async () => {
		await assert.rejects(
			read('apps:\n  a:\n    client_secret: "very-secret\n   x: ]'),
			(error: Error) => /not valid YAML/.test(error.message) && !error.message.includes("very-secret"),
		);
	});

	it("with aliases is refused before they are unfolded", async () => {
		const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
		for (let level = 1; level < 12; level++) {
			bomb.push(
				`a${level}: &a${level} [${Array(10)
					.fill(`*a${level - 1}`)
					.join(", ")}]`,
			);
		}
		const start = performance.now();
		await assert.rejects(read(`${bomb.join("\n")}\napps: {a: {client_id: *a11}}\n`), refused(/not valid YAML/));
		assert.ok(performance.now() - start < 1000);
	});

	it("of a shape that no store has is refused in time, without ending the process", async function () {
		// A busy machine; without the checks it takes minutes, or a crash.
		this.timeout(20_000);
		const many = (piece: string) => piece.repeat(99_000 / piece.length);
		const deep = Array.from({ length: 400 }, (_, level) => `${" ".repeat(level)}a:`).join("\n");
		for (const text of [
			...["[", "{", "? ", "- ", "a: ", ": ", "!t ", "&t ", '"a": ', "{a: ", "- ? ", "? -\t", "a: ? - "].map(many),
			`apps: ${many("[")}`,
			`apps: ${many("[]")}`,
			`apps:${many("\r-")}`,
			deep,
		]) {
			await assert.rejects(read(text), refused(/the store/), JSON.stringify(text.slice(0, 20)));
		}
	});

	it("is not held up by thousands of entries", async function () {
		this.timeout(20_000);
		const lines = Array.from({ length: 9_000 }, (_, index) => `k${index}: 1`);
		await assert.rejects(read(lines.join("\n")), refused(/neither an app/));
	});

	it("of a size that no store has is refused unread", async () => {
		await assert.rejects(read(`apps: {a: {client_id: "${"x".repeat(100_000)}"}}`), refused(/longer than/));
	});

	it("does not reach the prototype", async () => {
		await assert.rejects(
			read(`__proto__:\n  polluted: 1\napps:\n  __proto__:\n    client_id: ${clientId}\n    polluted: 1\n`),
			refused(/the store/),
		);
		assert.equal(({} as { polluted?: unknown }).polluted, undefined);
	});

	it("with an address that X forbids is refused", async () => {
		await assert.rejects(
			read(`apps: {a: {client_id: x, redirect_uri: "javascript:alert(1)"}}`),
			refused(/"redirect_uri" in the store, app a/),
		);
	});
});
