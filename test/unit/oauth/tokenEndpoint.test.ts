import assert from "node:assert/strict";
import { inspect } from "node:util";
import { type ErrorCode, TwitterTokensError } from "../../../src/oauth/errors.ts";
import { createTransport } from "../../../src/oauth/http.ts";
import { exchangeCode, probeCredentials, refreshGrant, revokeToken } from "../../../src/oauth/tokenEndpoint.ts";
import type { HttpRequest } from "../../../src/oauth/transport.ts";
import { confidentialClientId, confidentialClientSecret, publicClientId } from "../../emulator/apps.ts";
import { type Emulator, startEmulator } from "../../emulator/emulator.ts";

const redirectUri = "http://127.0.0.1:8737/callback";
// RFC 7636, appendix B.
const codeVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const clients = {
	public: { clientId: publicClientId },
	confidential: { clientId: confidentialClientId, clientSecret: confidentialClientSecret },
};
const kinds = ["public", "confidential"] as const;

const transport = createTransport(() => ({
	proxyStrictSSL: true,
	proxySupport: "off",
	systemCertificates: false,
	environment: {},
}));

let x: Emulator;
let now = Date.now();

before(async () => {
	x = await startEmulator({ now: () => now });
});
beforeEach(() => {
	now = Date.now();
	x.reset();
});
after(() => x.close());

type Client = (typeof clients)[keyof typeof clients];

const issue = ({ clientId }: Client, scope?: string) =>
	x.issueCode({ clientId, redirectUri, challenge, ...(scope === undefined ? {} : { scope }) });

const exchange = (
	client: Client,
	code = issue(client),
	changes: { redirectUri?: string; codeVerifier?: string } = {},
) =>
	exchangeCode(transport, x.endpoints.token, client, {
		code,
		redirectUri,
		codeVerifier,
		scope: "tweet.read",
		...changes,
	});

const refresh = (client: Client, token: string | undefined, scopes: string[] = []) =>
	refreshGrant(transport, x.endpoints.token, client, token ?? "", { scopes });

const live = ({ clientId }: Client) => x.liveGrant(clientId, x.users[0]?.id ?? "");

/** Asserts the error, and that nothing which was sent shows in it. */
async function failure(sent: Promise<unknown>, code: ErrorCode, mayHaveArrived = false): Promise<TwitterTokensError> {
	const error = await sent.then(
		() => assert.fail(`${code} was expected`),
		(thrown: unknown) => thrown,
	);
	assert.ok(error instanceof TwitterTokensError, inspect(error));
	assert.deepEqual([error.code, error.mayHaveArrived], [code, mayHaveArrived], error.message);
	const text = inspect(error, { depth: 9, showHidden: true });
	for (const { form } of x.requests) {
		for (const name of ["code", "code_verifier", "refresh_token", "token"]) {
			const value = form[name];
			assert.ok(!value || value.length < 20 || !text.includes(value), `${name} does not show`);
		}
	}
	assert.ok(!text.includes(confidentialClientSecret), "the client secret does not show");
	return error;
}

/** The only request, as it left. */
function sentOnce(path: string): { form: Record<string, string>; authorization: string | undefined } {
	assert.equal(x.requests.length, 1, "one request");
	const [request] = x.requests;
	assert.deepEqual(
		[request?.method, request?.path, request?.query, request?.headers["content-type"], request?.headers.accept],
		["POST", path, {}, "application/x-www-form-urlencoded", "application/json"],
	);
	return { form: request?.form ?? {}, authorization: request?.headers.authorization };
}

/** Public: the client id in the form. Confidential: raw Basic in standard base64, and nothing of the app in the form. */
function assertSent(kind: (typeof kinds)[number], path: string, form: Record<string, string>): void {
	assert.deepEqual(
		sentOnce(path),
		kind === "public"
			? { form: { ...form, client_id: publicClientId }, authorization: undefined }
			: {
					form,
					authorization: `Basic ${Buffer.from(`${confidentialClientId}:${confidentialClientSecret}`).toString("base64")}`,
				},
	);
}

for (const kind of kinds) {
	const client = clients[kind];

	describe(`token endpoint for a ${kind} app`, () => {
		it("exchanges a code for a pair", async () => {
			const code = issue(client);
			const from = Date.now();
			const tokens = await exchange(client, code);
			assertSent(kind, "/2/oauth2/token", {
				grant_type: "authorization_code",
				code,
				redirect_uri: redirectUri,
				code_verifier: codeVerifier,
			});
			assert.deepEqual(
				[tokens.accessToken, tokens.refreshToken, tokens.scopes],
				[live(client)?.accessToken, live(client)?.refreshToken, ["offline.access", "tweet.read", "users.read"]],
			);
			assert.ok(tokens.issuedAt >= from && tokens.issuedAt <= Date.now());
			assert.equal(tokens.expiresAt, tokens.issuedAt + 7_200_000);
			assert.deepEqual(tokens.response, {
				token_type: "bearer",
				expires_in: 7200,
				access_token: tokens.accessToken,
				scope: "users.read tweet.read offline.access",
				refresh_token: tokens.refreshToken,
			});
		});

		it("gets no refresh token without offline.access", async () => {
			const tokens = await exchange(client, issue(client, "tweet.read users.read"));
			assert.ok(!("refreshToken" in tokens) && !("refresh_token" in tokens.response));
		});

		it("refreshes: a new pair, the old one is dead", async () => {
			const first = await exchange(client);
			x.requests.length = 0;
			const second = await refresh(client, first.refreshToken, first.scopes);
			assertSent(kind, "/2/oauth2/token", { grant_type: "refresh_token", refresh_token: first.refreshToken ?? "" });
			assert.deepEqual(
				[second.accessToken, second.refreshToken, second.scopes],
				[live(client)?.accessToken, live(client)?.refreshToken, first.scopes],
			);
			assert.notEqual(second.refreshToken, first.refreshToken);
			await failure(refresh(client, first.refreshToken), "GrantLost");
		});

		it("revokes either token, and takes one that X does not know for revoked", async () => {
			for (const hint of ["refresh_token", "access_token"] as const) {
				const { accessToken, refreshToken = "" } = await exchange(client);
				const token = hint === "refresh_token" ? refreshToken : accessToken;
				x.requests.length = 0;
				await revokeToken(transport, x.endpoints.revoke, client, token, hint);
				assertSent(kind, "/2/oauth2/revoke", { token, token_type_hint: hint });
				assert.equal(live(client), undefined);
				for (const answer of ["ok", "E7"] as const) {
					x.switches.revokeOfUnknownToken = answer;
					await revokeToken(transport, x.endpoints.revoke, client, token, hint);
				}
			}
			x.switches.deadGrantError = "invalid_grant";
			await revokeToken(transport, x.endpoints.revoke, client, "unknown", "access_token");
		});

		it("is asked about the app's credentials without using anything up", async () => {
			const { accessToken } = await exchange(client);
			x.requests.length = 0;
			await probeCredentials(transport, x.endpoints.token, client);
			const { form } = sentOnce("/2/oauth2/token");
			assert.equal(form.grant_type, "refresh_token");
			assert.equal(x.counters.consumedRefreshTokensSentAgain, 0);
			assert.equal(live(client)?.accessToken, accessToken);
			x.switches.deadGrantError = "invalid_grant";
			await probeCredentials(transport, x.endpoints.token, client);
		});

		it("knows the app no longer", async () => {
			const { refreshToken } = await exchange(client);
			const code = issue(client);
			x.deleteApp(client.clientId);
			await failure(exchange(client, code), "ClientUnknown");
			await failure(refresh(client, refreshToken), "ClientUnknown");
			await failure(revokeToken(transport, x.endpoints.revoke, client, "t", "access_token"), "ClientUnknown");
			await failure(probeCredentials(transport, x.endpoints.token, client), "ClientUnknown");
		});

		it("refuses a code that is wrong, used or older than 30 seconds", async () => {
			await failure(exchange(client, "nonsense"), "CodeInvalid");
			const code = issue(client);
			await exchange(client, code);
			await failure(exchange(client, code), "CodeInvalid");
			const late = issue(client);
			now += 31_000;
			await failure(exchange(client, late), "CodeInvalid");
			x.switches.deadGrantError = "invalid_grant";
			await failure(exchange(client, "nonsense"), "CodeInvalid");
		});

		it("refuses another verifier, another redirect URI", async () => {
			await failure(exchange(client, undefined, { codeVerifier: "challenge" }), "VerifierMismatch");
			await failure(exchange(client, undefined, { codeVerifier: "" }), "VerifierMismatch");
			await failure(exchange(client, undefined, { redirectUri: `${redirectUri}/` }), "RedirectMismatch");
			await failure(exchange(client, undefined, { redirectUri: "" }), "RedirectMismatch");
		});

		it("refuses a refresh token that is not its own", async () => {
			const other = await exchange(clients[kind === "public" ? "confidential" : "public"]);
			for (const token of [other.refreshToken, "nonsense"]) {
				for (const error of ["invalid_request", "invalid_grant"] as const) {
					x.switches.deadGrantError = error;
					await failure(refresh(client, token), "GrantLost");
				}
			}
		});
	});
}

describe("token endpoint", () => {
	const { confidential } = clients;

	it("refuses a confidential app without its secret, or with an old one, and no token is lost", async () => {
		const { refreshToken } = await exchange(confidential);
		for (const client of [{ clientId: confidentialClientId }, { ...confidential, clientSecret: "wrong" }]) {
			await failure(exchange(client), "ClientAuthenticationFailed");
			await failure(refresh(client, refreshToken), "ClientAuthenticationFailed");
			await failure(
				revokeToken(transport, x.endpoints.revoke, client, "t", "access_token"),
				"ClientAuthenticationFailed",
			);
			await failure(probeCredentials(transport, x.endpoints.token, client), "ClientAuthenticationFailed");
		}
		const clientSecret = x.regenerateSecret(confidentialClientId);
		await failure(refresh(confidential, refreshToken), "ClientAuthenticationFailed");
		await refresh({ ...confidential, clientSecret }, refreshToken);
	});

	it("never sees a Basic header for an empty secret", async () => {
		await exchange({ clientId: publicClientId, clientSecret: "" });
		assert.equal(sentOnce("/2/oauth2/token").authorization, undefined);
	});

	it("sees id and secret joined raw, whatever characters they have", async () => {
		const client = { clientId: publicClientId, clientSecret: "~-_.+/%é ü" };
		await exchange(client, x.issueCode({ clientId: publicClientId, redirectUri, challenge }));
		const [, basic = ""] = sentOnce("/2/oauth2/token").authorization?.split(" ") ?? [];
		assert.equal(Buffer.from(basic, "base64").toString(), `${client.clientId}:${client.clientSecret}`);
	});

	it("sees each value as it is, however odd", async () => {
		const code = "a/b+c d&e=f%41é";
		await failure(exchange(clients.public, code), "CodeInvalid");
		assert.equal(sentOnce("/2/oauth2/token").form.code, code);
	});

	for (const [name, fault] of [
		["without expires_in", { kind: "expiresInMissing" }],
		["with expires_in as text", { kind: "expiresInText" }],
		["with unknown fields", { kind: "unknownFields" }],
	] as const) {
		it(`gives tokens in an answer ${name}`, async () => {
			x.faultNext("token", fault);
			const first = await exchange(confidential);
			assert.equal(first.expiresAt - first.issuedAt, 7_200_000);
			x.faultNext("token", fault);
			const second = await refresh(confidential, first.refreshToken);
			assert.equal(second.accessToken, live(confidential)?.accessToken);
		});
	}

	for (const [name, fault, code, mayHaveArrived] of [
		["a rate limit with headers", { kind: "rateLimited", headers: true, resetInSeconds: 60 }, "RateLimited", false],
		["a rate limit without headers", { kind: "rateLimited", headers: false }, "RateLimited", false],
		["503 temporarily_unavailable", { kind: "temporarilyUnavailable" }, "Unavailable", false],
		["500 in HTML", { kind: "html", status: 500 }, "Unavailable", false],
		["502 in HTML", { kind: "html", status: 502 }, "Unavailable", false],
		["503 in HTML", { kind: "html", status: 503 }, "Unavailable", false],
		["200 without a body", { kind: "emptyBody" }, "UnexpectedResponse", true],
		["200 without an access token", { kind: "withoutAccessToken" }, "UnexpectedResponse", true],
		["a cut before the work", { kind: "cutBeforeWork" }, "Network", true],
		["an answer lost after the rotation", { kind: "answerLost" }, "Network", true],
		["a cut in the answer", { kind: "cutBeforeBody" }, "Network", true],
	] as const) {
		it(`fails with ${code} on ${name}, sends nothing twice`, async () => {
			const { refreshToken } = await exchange(confidential);
			x.requests.length = 0;
			x.faultAlways("token", fault);
			const error = await failure(refresh(confidential, refreshToken), code, mayHaveArrived);
			const resets = fault.kind === "rateLimited" && fault.headers;
			assert.equal(error.retryAt, resets ? Math.ceil(now / 1000) * 1000 + 60_000 : undefined);
			await failure(exchange(confidential), code, mayHaveArrived);
			// A refusal has no access token to leave out.
			const probes = fault.kind !== "withoutAccessToken";
			if (probes) {
				await failure(probeCredentials(transport, x.endpoints.token, confidential), code, mayHaveArrived);
			}
			assert.equal(x.requests.length, probes ? 3 : 2);
		});
	}

	it("fails to revoke where X cannot answer, and can be given up", async () => {
		x.faultNext("revoke", { kind: "html", status: 503 });
		await failure(revokeToken(transport, x.endpoints.revoke, confidential, "t", "access_token"), "Unavailable");
		x.faultNext("revoke", { kind: "rateLimited", headers: true });
		await failure(revokeToken(transport, x.endpoints.revoke, confidential, "t", "access_token"), "RateLimited");
		x.faultNext("revoke", { kind: "never" });
		const stop = new AbortController();
		const revoking = revokeToken(transport, x.endpoints.revoke, confidential, "t", "access_token", stop.signal);
		while (x.requests.length < 3) await new Promise(setImmediate);
		stop.abort();
		await failure(revoking, "Cancelled", true);
	});

	it("may leave out refresh_token and scope in the answer to a refresh: they are unchanged then", async () => {
		const sent: HttpRequest[] = [];
		const tokens = await refreshGrant(
			async (request) => {
				sent.push(request);
				return { status: 200, headers: {}, text: '{"access_token":"new"}', sentAt: 1000, durationMs: 5 };
			},
			"https://x.test/token",
			clients.public,
			"kept",
			{ scopes: ["tweet.read", "users.read"] },
		);
		assert.deepEqual(tokens, {
			accessToken: "new",
			refreshToken: "kept",
			scopes: ["tweet.read", "users.read"],
			issuedAt: 1000,
			expiresAt: 7_201_000,
			response: { access_token: "new" },
		});
		assert.equal(sent.length, 1);
	});

	it("does not hide its explanation behind the words of the protocol", async () => {
		const text =
			'{"error":"invalid_request","error_description":"Should be one of [authorization_code, refresh_token]."}';
		const odd = async () => ({ status: 400, headers: {}, text, sentAt: 0, durationMs: 0 });
		const error = await failure(
			refreshGrant(odd, "https://x.test/", clients.public, "sent", { scopes: [] }),
			"UnexpectedResponse",
		);
		assert.match(error.serverText ?? "", /\[authorization_code, refresh_token\]/);
	});
});
