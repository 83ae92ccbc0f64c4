import assert from "node:assert/strict";
import { endpointsFrom, isLoopbackHost, xEndpoints } from "../../../src/oauth/endpoints.ts";
import { TwitterTokensError } from "../../../src/oauth/errors.ts";

function assertInvalid(setting: unknown, ...parts: string[]): void {
	assert.throws(
		() => endpointsFrom(setting),
		(error) => {
			assert.ok(error instanceof TwitterTokensError);
			assert.equal(error.code, "InvalidAuthSettings");
			for (const part of ["twitterTokens.endpoints", "Nothing was sent", ...parts]) {
				assert.ok(error.message.includes(part), `"${part}" is in: ${error.message}`);
			}
			assert.ok(!error.message.includes("hunter2"));
			return true;
		},
	);
}

describe("endpoints", () => {
	it("are X's own where nothing is set", () => {
		const own = {
			authorize: "https://x.com/i/oauth2/authorize",
			token: "https://api.x.com/2/oauth2/token",
			revoke: "https://api.x.com/2/oauth2/revoke",
			api: "https://api.x.com",
		};
		assert.deepEqual(xEndpoints, own);
		for (const nothing of [undefined, null, {}, { token: "" }, { token: "  ", api: undefined }, { other: "x" }]) {
			assert.deepEqual(endpointsFrom(nothing), own);
		}
	});

	it("of a partial object lie over X's own", () => {
		const token = "https://example.com/2/oauth2/token";
		assert.deepEqual(endpointsFrom({ token }), { ...xEndpoints, token });
		assert.deepEqual(endpointsFrom({ api: ` ${token}// ` }), { ...xEndpoints, api: token });
	});

	it("are not changed for the next caller", () => {
		const own = { ...xEndpoints };
		endpointsFrom({ token: "https://example.com" });
		assert.deepEqual(endpointsFrom({}), own);
	});

	for (const name of ["authorize", "token", "revoke", "api"] as const) {
		for (const address of [
			"https://example.com/x",
			"HTTPS://EXAMPLE.COM/x",
			"http://localhost:8080/x",
			"http://127.0.0.1:8080/x",
			"http://127.200.3.4/x",
			"http://[::1]:8080/x",
		]) {
			it(`${name} may be ${address}`, () => assert.equal(endpointsFrom({ [name]: address })[name], address));
		}

		for (const address of [
			"http://example.com/x",
			"http://api.x.com/2/oauth2/token",
			"http://localhost.example.com/x",
			"http://127.0.0.1.example.com/x",
			"http://128.0.0.1/x",
			"http://0.0.0.0/x",
			"http://[::2]/x",
			"http://192.168.0.1/x",
			"ftp://localhost/x",
			"ws://localhost/x",
			"javascript:alert(1)",
			"file:///x",
		]) {
			it(`${name} may not be ${address}`, () => assertInvalid({ [name]: address }, `"${name}"`, "https://"));
		}

		it(`${name} may not be what is no address`, () => {
			for (const address of ["api.x.com", "/2/oauth2/token", "https://", "http://[::1", "x"]) {
				assertInvalid({ [name]: address }, `"${name}"`, "is not an address");
			}
			for (const address of [42, true, null, [], {}]) {
				assertInvalid({ [name]: address }, `"${name}"`, "is not text");
			}
		});

		it(`${name} may not hold a user name or password, and does not repeat it`, () => {
			for (const address of [
				"https://hunter2@example.com",
				"https://me:hunter2@example.com",
				"http://127.0.0.1@example.com",
				"http://me:hunter2@localhost",
			]) {
				assertInvalid({ [name]: address }, `"${name}"`, "user name or password");
			}
		});
	}

	for (const setting of ["https://api.x.com", 42, true, [], [xEndpoints]]) {
		it(`are refused as ${JSON.stringify(setting).slice(0, 40)}`, () => assertInvalid(setting, "is not an object"));
	}
});

describe("loopback host", () => {
	it("is localhost, 127.0.0.0/8 or ::1, as a URL spells it, and nothing else", () => {
		const hosts = [
			"localhost",
			"LOCALHOST",
			"127.0.0.1",
			"127.1",
			"2130706433",
			"127.255.255.255",
			"[::1]",
			"[0:0::1]",
		];
		for (const host of hosts) {
			assert.ok(isLoopbackHost(new URL(`http://${host}/`).hostname), host);
		}
		const others = [
			"localhost.",
			"localhos",
			"x.localhost",
			"126.0.0.1",
			"[::]",
			"[::ffff:127.0.0.1]",
			"127.0.0.1.nip.io",
		];
		for (const host of others) {
			assert.ok(!isLoopbackHost(new URL(`http://${host}/`).hostname), host);
		}
	});
});
