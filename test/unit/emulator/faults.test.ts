import assert from "node:assert/strict";
import * as client from "./client.ts";

describe("emulator: faults", () => {
	const running = client.useEmulator();
	const live = () => running().liveGrant(client.publicClientId, client.userId(running()));

	/** Signs in, then refreshes under the fault. */
	async function refreshed(signal?: AbortSignal): Promise<{ before: client.Pair; answer: client.Answer }> {
		const { refreshToken = "", accessToken = "" } = live() ?? {};
		const form = { grant_type: "refresh_token", refresh_token: refreshToken, client_id: client.publicClientId };
		const sent = fetch(running().endpoints.token, {
			method: "POST",
			body: new URLSearchParams(form),
			...(signal ? { signal } : {}),
		});
		return { before: { access: accessToken, refresh: refreshToken }, answer: await client.answerOf(sent) };
	}

	async function assertRotated(before: string | undefined, rotated: boolean): Promise<void> {
		const token = live()?.refreshToken;
		assert.ok(token);
		assert.equal(token !== before, rotated);
		assert.equal(running().counters.successfulRefreshes, rotated ? 1 : 0);
	}

	beforeEach(async () => {
		await client.signIn(running());
	});

	it("answers slowly, the rotation done at once", async () => {
		const before = live()?.refreshToken;
		running().faultNext("token", { kind: "slow", ms: 150 });
		const started = Date.now();
		const sent = refreshed();
		await new Promise((resolve) => setTimeout(resolve, 60));
		await assertRotated(before, true);
		assert.equal((await sent).answer.status, 200);
		assert.ok(Date.now() - started >= 145);
		assert.equal(running().counters.answersLost, 0);
	});

	it("answers slowly, the rotation done last", async () => {
		const before = live()?.refreshToken;
		running().faultNext("token", { kind: "slow", ms: 150, worked: false });
		const sent = refreshed();
		await new Promise((resolve) => setTimeout(resolve, 60));
		await assertRotated(before, false);
		await sent;
		await assertRotated(before, true);
	});

	it("counts a slow answer that nobody waited for as lost", async () => {
		const before = live()?.refreshToken;
		running().faultNext("token", { kind: "slow", ms: 100 });
		await assert.rejects(refreshed(AbortSignal.timeout(40)));
		await new Promise((resolve) => setTimeout(resolve, 120));
		await assertRotated(before, true);
		assert.equal(running().counters.answersLost, 1);
	});

	for (const worked of [false, true]) {
		it(`never answers, work done: ${worked}`, async () => {
			const before = live()?.refreshToken;
			running().faultNext("token", { kind: "never", worked });
			await assert.rejects(refreshed(AbortSignal.timeout(80)), { name: "TimeoutError" });
			await assertRotated(before, worked);
			assert.equal(running().requests.at(-1)?.status, undefined);
			assert.equal(running().counters.answersLost, worked ? 1 : 0);
		});
	}

	for (const [kind, rotated] of [
		["cutBeforeWork", false],
		["answerLost", true],
	] as const) {
		it(`cuts the connection without a byte: ${kind}`, async () => {
			const before = live()?.refreshToken;
			running().faultNext("token", { kind });
			await assert.rejects(refreshed(), TypeError);
			await assertRotated(before, rotated);
			assert.equal(running().counters.answersLost, rotated ? 1 : 0);
			assert.equal(running().requests.at(-1)?.status, undefined);
			assert.equal((await refreshed()).answer.status, 200);
		});
	}

	it("cuts the connection between headers and body, the work done", async () => {
		const before = live()?.refreshToken;
		running().faultNext("token", { kind: "cutBeforeBody" });
		const response = await fetch(running().endpoints.token, {
			method: "POST",
			body: new URLSearchParams({
				grant_type: "refresh_token",
				refresh_token: before ?? "",
				client_id: client.publicClientId,
			}),
		});
		assert.equal(response.status, 200);
		await assert.rejects(response.text(), TypeError);
		await assertRotated(before, true);
		assert.equal(running().counters.answersLost, 1);
	});

	for (const status of [500, 502, 503] as const) {
		for (const worked of [false, true]) {
			it(`answers with Cloudflare's ${status} page, work done: ${worked}`, async () => {
				running().faultNext("token", { kind: "html", status, worked });
				const { before, answer } = await refreshed();
				assert.equal(answer.status, status);
				assert.equal(answer.headers.get("server"), "cloudflare envoy");
				assert.match(answer.headers.get("content-type") ?? "", /^text\/html/);
				assert.match(answer.text, new RegExp(`<h1>${status} `));
				await assertRotated(before.refresh, worked);
				assert.equal(running().counters.answersLost, worked ? 1 : 0);
			});
		}
	}

	it("answers 200 without a body", async () => {
		running().faultNext("token", { kind: "emptyBody" });
		const { before, answer } = await refreshed();
		assert.deepEqual([answer.status, answer.text], [200, ""]);
		await assertRotated(before.refresh, true);
	});

	it("leaves out access_token", async () => {
		running().faultNext("token", { kind: "withoutAccessToken" });
		const { before, answer } = await refreshed();
		assert.deepEqual(Object.keys(answer.json), ["token_type", "expires_in", "scope", "refresh_token"]);
		await assertRotated(before.refresh, true);
		assert.equal(running().counters.answersLost, 1);
	});

	it("leaves out expires_in, writes it as text, adds unknown fields", async () => {
		running().faultNext("token", { kind: "expiresInMissing" });
		running().faultNext("token", { kind: "expiresInText" });
		running().faultNext("token", { kind: "unknownFields" });
		assert.equal("expires_in" in (await refreshed()).answer.json, false);
		assert.equal((await refreshed()).answer.json.expires_in, "7200");
		const { answer } = await refreshed();
		assert.deepEqual(answer.json.errors, []);
		assert.deepEqual(answer.json.new_in_2027, { nested: true });
		assert.equal(answer.json.access_token, live()?.accessToken);
	});

	it("does not touch an error under such a fault", async () => {
		running().faultNext("token", { kind: "unknownFields" });
		client.assertError(await client.refresh(running(), "nonsense"), "E7");
	});

	it("limits the rate with and without headers, nothing done", async () => {
		running().faultNext("token", { kind: "rateLimited", headers: true, resetInSeconds: 60 });
		running().faultNext("token", { kind: "rateLimited", headers: false });
		const { before, answer } = await refreshed();
		assert.deepEqual([answer.status, answer.json.error], [429, "rate_limited"]);
		const wait = Number(answer.headers.get("x-rate-limit-reset")) - Date.now() / 1000;
		assert.ok(wait > 50 && wait <= 61, String(wait));
		assert.equal(answer.headers.get("x-rate-limit-remaining"), "0");
		const second = (await refreshed()).answer;
		assert.equal(second.status, 429);
		assert.equal(second.headers.get("x-rate-limit-reset"), null);
		await assertRotated(before.refresh, false);
	});

	it("is temporarily unavailable as JSON", async () => {
		running().faultNext("token", { kind: "temporarilyUnavailable" });
		const { before, answer } = await refreshed();
		assert.deepEqual([answer.status, answer.json.error], [503, "temporarily_unavailable"]);
		await assertRotated(before.refresh, false);
	});

	it("keeps a queue, a standing fault and their ends apart", async () => {
		running().faultNext("token", { kind: "html", status: 500 }, 2);
		running().faultAlways("token", { kind: "html", status: 502 });
		const statuses = [];
		for (let count = 0; count < 4; count++) {
			statuses.push((await refreshed()).answer.status);
		}
		assert.deepEqual(statuses, [500, 500, 502, 502]);
		running().faultAlways("token", undefined);
		assert.equal((await refreshed()).answer.status, 200);
		running().faultNext("token", { kind: "html", status: 500 });
		running().faultAlways("token", { kind: "html", status: 502 });
		running().clearFaults();
		assert.equal((await refreshed()).answer.status, 200);
	});

	it("revokes although the answer is lost", async () => {
		const { accessToken = "" } = live() ?? {};
		running().faultNext("revoke", { kind: "answerLost" });
		const form = { token: accessToken, client_id: client.publicClientId };
		await assert.rejects(client.post(running().endpoints.revoke, form), TypeError);
		assert.equal(live(), undefined);
	});

	it("spoils the authorization page", async () => {
		running().faultNext("authorize", { kind: "rateLimited", headers: false });
		running().faultNext("authorize", { kind: "html", status: 503 });
		const limited = await client.get(client.linkOf(running()));
		assert.equal(limited.status, 429);
		assert.match(limited.text, /Something went wrong/);
		assert.equal((await client.get(client.linkOf(running()))).status, 503);
		assert.equal((await client.get(client.linkOf(running()))).status, 200);
	});

	it("answers /2/users/me with the bodies of missing credit and enrolment, 429 and 5xx", async () => {
		const call = () => client.me(running(), live()?.accessToken ?? "");
		running().faultNext("usersMe", { kind: "creditsDepleted" });
		running().faultNext("usersMe", { kind: "creditsDepleted", variant: true });
		running().faultNext("usersMe", { kind: "notEnrolled" });
		running().faultNext("usersMe", { kind: "rateLimited", headers: false });
		running().faultNext("usersMe", { kind: "html", status: 503 });
		const depleted = await call();
		assert.equal(depleted.status, 402);
		assert.deepEqual(Object.keys(depleted.json), ["account_id", "title", "detail", "type"]);
		assert.equal(depleted.json.title, "CreditsDepleted");
		assert.equal(depleted.json.type, "https://api.twitter.com/2/problems/credits");
		const variant = await call();
		assert.deepEqual(
			[variant.status, variant.json.title, variant.json.type],
			[402, "Payment Required", "https://api.x.com/2/problems/credits-depleted"],
		);
		const enrolment = await call();
		assert.equal(enrolment.status, 403);
		assert.equal(
			enrolment.text,
			'{"client_id":"12345678","detail":"When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a Twitter developer App that is attached to a Project. You can create a project via the developer portal.","registration_url":"https://developer.twitter.com/en/docs/projects/overview","title":"Client Forbidden","required_enrollment":"Appropriate Level of API Access","reason":"client-not-enrolled","type":"https://api.twitter.com/2/problems/client-forbidden"}',
		);
		const limited = await call();
		assert.deepEqual([limited.status, limited.json.title], [429, "Too Many Requests"]);
		assert.equal((await call()).status, 503);
		assert.equal((await call()).status, 200);
	});
});
