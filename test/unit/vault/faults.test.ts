// Every fault of the fact sheet's section 13.3 that can meet a renewal, and every row of the table in section 7,
// against the emulator, with the real HTTP: what the account is before and after.
import assert from "node:assert/strict";
import { createTransport } from "../../../src/oauth/http.ts";
import { refreshGrant } from "../../../src/oauth/tokenEndpoint.ts";
import { tokenSetFrom } from "../../../src/oauth/tokens.ts";
import { statusOf } from "../../../src/surfaces/status.ts";
import { accountState, remaining, willRenewItself } from "../../../src/vault/expiry.ts";
import { type Account, labelOf } from "../../../src/vault/records.ts";
import { createRenewer, type Renewer } from "../../../src/vault/renewer.ts";
import type { OpenVault } from "../../../src/vault/vault.ts";
import { confidentialClientId, confidentialClientSecret } from "../../emulator/apps.ts";
import { type Emulator, startEmulator } from "../../emulator/emulator.ts";
import type { TokenFault } from "../../emulator/faults.ts";
import { type Bench, bench, required } from "./fixtures.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

describe("a renewal against X's emulator", () => {
	let emulator: Emulator;
	let at: Bench;
	let vault: OpenVault;
	let renewer: Renewer;
	let before: Account;
	let userId: string;
	/** What no clock change touches, ms. */
	let steady = 0;
	const later = (ms: number) => {
		at.pass(ms);
		steady += ms;
	};

	beforeEach(async () => {
		at = bench();
		emulator = await startEmulator({ now: at.now });
		vault = at.window();
		userId = required(emulator.users[0]).id;
		const live = emulator.signInElsewhere(confidentialClientId, userId);
		const response = { access_token: required(live.accessToken), refresh_token: required(live.refreshToken) };
		before = await vault.saveSignIn({
			app: {
				clientId: confidentialClientId,
				clientSecret: confidentialClientSecret,
				redirectUri: "http://127.0.0.1:8737/callback",
				scope: "offline.access tweet.read users.read",
			},
			tokens: tokenSetFrom({ ...response, scope: live.scopes.join(" "), expires_in: 7200 }, at.now()),
			tokenEndpoint: emulator.endpoints.token,
		});
		renewer = renewerOver(vault);
		later(115 * minute);
	});
	afterEach(async () => {
		renewer.dispose();
		at.close();
		await emulator.close();
	});

	function renewerOver(over: OpenVault, tokenEndpoint = emulator.endpoints.token) {
		const network = { proxySupport: "off", proxyStrictSSL: true, systemCertificates: false, environment: {} } as const;
		const transport = createTransport(() => network, { timeouts: { headersMs: 250, bodyMs: 250 }, now: at.now });
		return createRenewer({
			vault: over,
			refresh: (account, app, token) => refreshGrant(transport, account.tokenEndpoint, app, token, account.tokens),
			rules: () => ({ automatic: true, leadTimeMs: 10 * minute, tokenEndpoint }),
			isShown: () => true,
			now: at.now,
			steadyNow: () => steady,
			random: () => 0.5,
			log: { info: (line) => at.log.push(line), warn: (line) => at.log.push(line) },
		});
	}
	const account = () => vault.account(before.id);
	/** The status bar's text without the account's name, and its background. */
	const shown = async (ms = at.now()) => {
		const shownAccount = await account();
		const status = statusOf({
			account: shownAccount,
			now: ms,
			leadTimeMs: 10 * minute,
			renewing: false,
			renewsItself: willRenewItself(shownAccount, true, true),
			visibility: "whenSignedIn",
		});
		return [status?.text.replace(labelOf(shownAccount), "@"), status?.background];
	};
	/** Once the access token has ended, whatever else is known. */
	const atItsEnd = () => shown(before.tokens.expiresAt);
	const isLive = ({ tokens }: Account) =>
		emulator.liveGrant(confidentialClientId, userId)?.refreshToken === tokens.refreshToken;
	const code = async (promise: Promise<unknown>) => {
		try {
			await promise;
			return "renewed";
		} catch (error) {
			return error instanceof Error && "code" in error ? error.code : String(error);
		}
	};

	/** X did its work and the client understood: new tokens, nothing else changed. */
	const fine: readonly (readonly [string, TokenFault | undefined])[] = [
		["no fault", undefined],
		["a slow answer", { kind: "slow", ms: 100 }],
		["expires_in missing", { kind: "expiresInMissing" }],
		["expires_in as text", { kind: "expiresInText" }],
		["unknown extra fields", { kind: "unknownFields" }],
	];
	for (const [what, fault] of fine) {
		it(`${what}: renewed`, async () => {
			if (fault) emulator.faultNext("token", fault);
			const after = await renewer.renew();
			assert.notEqual(after.tokens.accessToken, before.tokens.accessToken);
			assert.ok(isLive(after));
			assert.equal(after.tokens.expiresAt, at.now() + 120 * minute);
			assert.deepEqual([after.renewal, after.backOff, after.signInNeeded], [undefined, undefined, undefined]);
			assert.deepEqual(await account(), after);
			assert.deepEqual(await shown(), ["$(key) @ 2h 0m", undefined]);
		});
	}

	/** X did nothing, and said so: tokens kept, no intent, backing off; the next try renews. */
	const kept: readonly (readonly [string, TokenFault, string])[] = [
		["429 with headers", { kind: "rateLimited", headers: true, resetInSeconds: 600 }, "RateLimited"],
		["429 without headers", { kind: "rateLimited", headers: false }, "RateLimited"],
		["503 temporarily_unavailable", { kind: "temporarilyUnavailable" }, "Unavailable"],
		["500 HTML", { kind: "html", status: 500 }, "Unavailable"],
		["502 HTML", { kind: "html", status: 502 }, "Unavailable"],
		["503 HTML", { kind: "html", status: 503 }, "Unavailable"],
	];
	for (const [what, fault, expected] of kept) {
		it(`${what}: tokens kept, back-off, the living access token stays usable`, async () => {
			emulator.faultNext("token", fault);
			assert.equal(await code(renewer.renew()), expected);
			const after = await account();
			assert.deepEqual(after.tokens, before.tokens);
			assert.ok(isLive(after));
			assert.equal(after.renewal, undefined);
			assert.equal(after.backOff?.code, expected);
			assert.deepEqual(await shown(), ["$(key) @ 5m", undefined]);
			assert.deepEqual(await atItsEnd(), ["$(warning) @ expired", "error"]);
			assert.equal((await renewer.fresh()).tokens.accessToken, before.tokens.accessToken);
			if (what === "429 with headers") assert.ok(required(after.backOff).until >= at.now() + 10 * minute - 1000);
			later(15 * minute);
			assert.ok(isLive(await renewer.fresh()));
			assert.equal((await account()).backOff, undefined);
		});
	}

	it("no connection: tokens kept, no intent", async () => {
		await emulator.close();
		assert.equal(await code(renewer.renew()), "Network");
		const after = await account();
		assert.deepEqual(after.tokens, before.tokens);
		assert.equal(after.renewal, undefined);
		assert.equal(after.backOff?.code, "Network");
		assert.deepEqual(await shown(), ["$(key) @ 5m", undefined]);
		assert.deepEqual(await atItsEnd(), ["$(warning) @ expired", "error"]);
	});

	/** No answer, and X did nothing: one more try renews. */
	const silent: readonly (readonly [string, TokenFault, string])[] = [
		["cut before X did anything", { kind: "cutBeforeWork" }, "Network"],
		["no answer at all", { kind: "never" }, "TimedOut"],
		["a slow answer that X began late", { kind: "slow", ms: 1000, worked: false }, "TimedOut"],
	];
	for (const [what, fault, expected] of silent) {
		it(`${what}: intent kept, one retry renews`, async () => {
			emulator.faultNext("token", fault);
			assert.equal(await code(renewer.renew()), expected);
			const after = await account();
			assert.deepEqual(after.tokens, before.tokens);
			assert.equal(after.renewal?.attempts, 1);
			assert.match(required(after.backOff).message, /may have reached X/);
			assert.deepEqual(await shown(), ["$(key) @ 5m", undefined]);
			later(minute);
			assert.ok(isLive(await renewer.fresh()));
			assert.equal((await account()).renewal, undefined);
		});
	}

	/** X did its work, and nothing usable came back: the one retry is refused, and only then a sign-in is needed. */
	const lost: readonly (readonly [string, TokenFault, string])[] = [
		["answer lost after the rotation", { kind: "answerLost" }, "Network"],
		["cut before the body", { kind: "cutBeforeBody" }, "Network"],
		["no answer, though X worked", { kind: "never", worked: true }, "TimedOut"],
		["an answer slower than the limit", { kind: "slow", ms: 1000 }, "TimedOut"],
		["an empty body with 200", { kind: "emptyBody" }, "UnexpectedResponse"],
		["JSON without access_token", { kind: "withoutAccessToken" }, "UnexpectedResponse"],
	];
	for (const [what, fault, expected] of lost) {
		it(`${what}: tokens kept until X refuses the one retry, then "answer lost"`, async () => {
			emulator.faultNext("token", fault);
			assert.equal(await code(renewer.renew()), expected);
			assert.equal((await account()).renewal?.attempts, 1);
			assert.deepEqual(await shown(), ["$(key) @ 5m", undefined]);
			later(minute);
			await renewer.fresh();
			const after = await account();
			assert.equal(after.signInNeeded?.reason, "answerLost");
			assert.deepEqual(await shown(), ["$(warning) @ sign in again", "error"]);
			assert.deepEqual(after.tokens, before.tokens);
			assert.equal(emulator.counters.tokenRequests, 2);
			later(day);
			assert.equal(await code(renewer.fresh()), "GrantLost");
			assert.equal(emulator.counters.tokenRequests, 2);
		});
	}

	for (const deadGrantError of ["invalid_request", "invalid_grant"] as const) {
		it(`a second sign-in on another computer (${deadGrantError}): replaced elsewhere`, async () => {
			emulator.switches.deadGrantError = deadGrantError;
			emulator.signInElsewhere(confidentialClientId, userId);
			assert.equal(await code(renewer.renew()), "GrantLost");
			const after = await account();
			assert.equal(after.signInNeeded?.reason, "replacedElsewhere");
			assert.deepEqual(await shown(), ["$(warning) @ sign in again", "error"]);
			assert.deepEqual(after.tokens, before.tokens);
		});
	}

	it("the user takes the permission back: sign-in needed", async () => {
		emulator.userRevokes(confidentialClientId, userId);
		assert.equal(await code(renewer.renew()), "GrantLost");
		assert.equal((await account()).signInNeeded?.reason, "replacedElsewhere");
		assert.deepEqual(await shown(), ["$(warning) @ sign in again", "error"]);
	});

	it("six months without use: sign-in needed, and it says why", async () => {
		later(183 * day);
		assert.equal(await code(renewer.renew()), "GrantLost");
		assert.equal((await account()).signInNeeded?.reason, "unusedTooLong");
		assert.deepEqual(await shown(), ["$(warning) @ sign in again", "error"]);
	});

	it("secret regenerated: tokens kept, nothing sent again until the app is told the new one", async () => {
		const clientSecret = emulator.regenerateSecret(confidentialClientId);
		assert.equal(await code(renewer.renew()), "ClientAuthenticationFailed");
		// Nothing renews it now but a person.
		assert.deepEqual(await shown(), ["$(key) @ 5m", "warning"]);
		later(day);
		assert.deepEqual(await shown(), ["$(warning) @ expired", "error"]);
		assert.equal(await code(renewer.fresh()), "ClientAuthenticationFailed");
		assert.equal(emulator.counters.tokenRequests, 1);
		assert.deepEqual((await account()).tokens, before.tokens);
		assert.equal((await account()).renewal, undefined);
		await vault.saveApp({ ...required(await vault.app(confidentialClientId)), clientSecret });
		assert.ok(isLive(await renewer.fresh()));
	});

	it("app deleted: tokens kept, nothing sent again", async () => {
		emulator.deleteApp(confidentialClientId);
		assert.equal(await code(renewer.renew()), "ClientUnknown");
		assert.deepEqual(await shown(), ["$(key) @ 5m", "warning"]);
		later(day);
		assert.equal(await code(renewer.fresh()), "ClientUnknown");
		assert.equal(emulator.counters.tokenRequests, 1);
		assert.deepEqual((await account()).tokens, before.tokens);
	});

	it("two refreshes at once from two windows: one request", async () => {
		const other = renewerOver(at.window());
		emulator.faultNext("token", { kind: "slow", ms: 100 });
		const [one, two] = await Promise.all([renewer.renew(), other.renew()]);
		assert.equal(one.tokens.accessToken, two.tokens.accessToken);
		assert.equal(emulator.counters.tokenRequests, 1);
		other.dispose();
	});

	for (const jump of [day, -day]) {
		it(`a clock that is ${jump / day} day wrong for a while: one request each way, never "expired" afterwards`, async () => {
			at.pass(jump);
			const during = await renewer.fresh();
			assert.ok(isLive(during));
			assert.equal(remaining(during.tokens, at.now()), 120 * minute);
			await renewer.fresh();
			assert.equal(emulator.counters.tokenRequests, 1);
			at.pass(-jump);
			assert.equal(accountState(await account(), at.now()), jump > 0 ? "valid" : "expired");
			later(minute);
			const after = await renewer.fresh();
			await renewer.fresh();
			assert.ok(isLive(after));
			assert.equal(accountState(after, at.now()), "valid");
			assert.equal(emulator.counters.tokenRequests, 2);
		});
	}

	it("another endpoint in the settings: nothing sent, tokens kept", async () => {
		const elsewhere = renewerOver(vault, emulator.legacyEndpoints.token);
		assert.equal(await code(elsewhere.renew()), "InvalidAuthSettings");
		assert.equal(emulator.counters.tokenRequests, 0);
		assert.deepEqual(await account(), before);
		elsewhere.dispose();
	});

	it("logs no token, and no secret", async () => {
		emulator.faultNext("token", { kind: "answerLost" });
		await code(renewer.renew());
		await code(renewer.renew());
		const log = at.log.join("\n");
		assert.ok(log.includes("answerLost"));
		for (const secret of [before.tokens.accessToken, before.tokens.refreshToken ?? "", confidentialClientSecret]) {
			assert.ok(!log.includes(secret));
		}
	});
});
