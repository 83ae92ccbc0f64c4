import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ErrorCode, TwitterTokensError } from "../../../src/oauth/errors.ts";
import type { Account } from "../../../src/vault/records.ts";
import { keys } from "../../../src/vault/records.ts";
import type { OpenVault } from "../../../src/vault/vault.ts";
import { fakeX, lost, renewerOver, signedIn, unreachable } from "./fakeX.ts";
import { app, type Bench, bench, eventually, required, tokenEndpoint, tokens } from "./fixtures.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

describe("renewer", () => {
	let at: Bench;
	let x: ReturnType<typeof fakeX>;
	let vault: OpenVault;
	let id: string;
	beforeEach(async () => {
		at = bench();
		x = fakeX(at.now);
		vault = at.window();
		({ id } = await signedIn(at, vault));
	});
	afterEach(() => at.close());
	const over = (more = {}) => renewerOver(at, x, { vault, ...more });
	const account = () => vault.account(id);
	const fails = (promise: Promise<unknown>, code: ErrorCode, message = /./) =>
		assert.rejects(
			promise,
			(error) => error instanceof TwitterTokensError && error.code === code && message.test(error.message),
		);
	const change = (more: Partial<Account>) =>
		vault.store.update((draft) =>
			draft.set(keys.account(id), { ...(draft.get(keys.account(id)) as Account), ...more }),
		);

	describe("on demand", () => {
		it("gives a token with enough left without a request, and notes the use", async () => {
			const { renewer } = over();
			const fresh = await renewer.fresh();
			assert.equal(fresh.tokens.accessToken, "access-0");
			assert.equal((await account()).lastUsedAt, at.now());
			assert.deepEqual(x.sent, []);
		});

		it("renews first when less than the lead time is left", async () => {
			const { renewer } = over();
			at.pass(110 * minute + 1);
			const fresh = await renewer.fresh();
			assert.equal(fresh.tokens.accessToken, "access-1");
			assert.deepEqual(await account(), { ...fresh, lastUsedAt: at.now() });
			assert.equal(fresh.lastRenewedAt, at.now());
			assert.equal(fresh.renewal, undefined);
		});

		it("shares one request among all who ask in one window, and says so meanwhile", async () => {
			const { renewer } = over();
			at.pass(2 * 60 * minute);
			const states: boolean[] = [];
			renewer.onDidChange(() => states.push(renewer.isRenewing(id)));
			const all = await Promise.all([renewer.fresh(), renewer.fresh(), renewer.renew(), renewer.fresh()]);
			assert.deepEqual(
				all.map(({ tokens: { accessToken } }) => accessToken),
				Array(4).fill("access-1"),
			);
			assert.deepEqual(x.sent, ["refresh-0"]);
			assert.deepEqual(states, [true, false]);
		});

		it("sends one request over all windows", async () => {
			at.pass(2 * 60 * minute);
			const windows = Array.from({ length: 6 }, () => over({ vault: at.window() }).renewer);
			const all = await Promise.all(windows.map((renewer, n) => (n % 2 ? renewer.fresh() : renewer.renew())));
			assert.deepEqual(new Set(all.map(({ tokens: { accessToken } }) => accessToken)), new Set(["access-1"]));
			assert.deepEqual(x.sent, ["refresh-0"]);
		});

		it("hands out the token that still lives when renewing fails, and the failure once it is dead", async () => {
			const { renewer } = over();
			at.pass(115 * minute);
			x.next.push(() => Promise.reject(unreachable()));
			assert.equal((await renewer.fresh()).tokens.accessToken, "access-0");
			at.pass(5 * minute);
			x.next.push(() => Promise.reject(unreachable()));
			await fails(renewer.fresh(), "Network");
		});

		it("does not turn X's odd lifetimes into a request per call", async () => {
			x = fakeX(at.now, 1_000);
			const { renewer } = over();
			at.pass(2 * 60 * minute);
			await renewer.fresh();
			at.pass(900);
			assert.equal((await renewer.fresh()).tokens.accessToken, "access-1");
			assert.equal(x.sent.length, 1);
		});
	});

	describe("a refusal that keeps the tokens", () => {
		const refused = (code: ErrorCode, details = {}) => new TwitterTokensError(code, `X said ${code}`, details);

		it("backs off, twice as long each time up to a quarter of an hour, and says when", async () => {
			const { renewer } = over();
			const delays: number[] = [];
			for (let n = 0; n < 8; n++) {
				x.next.push(() => Promise.reject(refused("Unavailable")));
				await fails(renewer.renew(), "Unavailable");
				delays.push(required((await account()).backOff).until - at.now());
			}
			assert.deepEqual(
				delays.map((ms) => ms / 1000),
				[30, 60, 120, 240, 480, 900, 900, 900],
			);
			assert.equal((await account()).backOff?.failures, 8);
			assert.equal((await account()).tokens.refreshToken, "refresh-0");
		});

		it("is not followed by a request of anybody but a person before its time", async () => {
			const { renewer } = over();
			at.pass(2 * 60 * minute);
			x.next.push(() => Promise.reject(refused("Unavailable")));
			await fails(renewer.fresh(), "Unavailable");
			await fails(over({ vault: at.window() }).renewer.fresh(), "Unavailable", /X said Unavailable/);
			assert.equal(x.sent.length, 1);
			assert.equal((await renewer.renew()).tokens.accessToken, "access-1");
			assert.equal((await account()).backOff, undefined);
		});

		it("obeys X's moment, also when a person asks, but not an absurd one", async () => {
			const { renewer } = over();
			x.next.push(() => Promise.reject(refused("RateLimited", { retryAt: at.now() + 7 * minute })));
			await fails(renewer.renew(), "RateLimited");
			at.pass(7 * minute - 1);
			await fails(renewer.renew(), "RateLimited");
			assert.equal(x.sent.length, 1);
			at.pass(5_000);
			x.next.push(() => Promise.reject(refused("RateLimited", { retryAt: at.now() + 400 * day })));
			await fails(renewer.renew(), "RateLimited");
			assert.equal(required((await account()).backOff).until - at.now(), 60 * minute);
		});

		it("does not hold for ever when the clock is set back", async () => {
			const { renewer } = over();
			at.pass(2 * 60 * minute);
			x.next.push(() => Promise.reject(refused("Unavailable")));
			await fails(renewer.fresh(), "Unavailable");
			at.pass(-3 * day);
			assert.equal((await renewer.fresh()).tokens.accessToken, "access-1");
		});

		for (const code of ["ClientAuthenticationFailed", "ClientUnknown"] as const) {
			it(`${code}: waits for another app, whatever the time`, async () => {
				const { renewer } = over();
				at.pass(2 * 60 * minute);
				x.next.push(() => Promise.reject(refused(code)));
				await fails(renewer.fresh(), code);
				at.pass(day);
				await fails(renewer.fresh(), code);
				assert.equal(x.sent.length, 1);
				await vault.saveApp(app);
				await fails(renewer.fresh(), code);
				await vault.saveApp({ ...app, clientSecret: "another" });
				assert.equal((await renewer.fresh()).tokens.accessToken, "access-1");
			});
		}

		it("leaves no intent when nothing was sent", async () => {
			const { renewer } = over();
			x.next.push(() => Promise.reject(unreachable()));
			await fails(renewer.renew(), "Network");
			assert.equal((await account()).renewal, undefined);
		});
	});

	describe("an answer that does not come", () => {
		it("is waited for with the intent noted, and tried once more", async () => {
			const { renewer } = over();
			x.next.push(async () => {
				assert.equal((await account()).renewal?.attempts, 1);
				throw lost();
			});
			await fails(renewer.renew(), "Network", /may have reached X.*tried once more/);
			assert.equal((await account()).renewal?.attempts, 1);
			assert.equal((await renewer.renew()).tokens.accessToken, "access-1");
			assert.equal((await account()).renewal, undefined);
		});

		it("means a new sign-in only when X refuses the second time, and says why", async () => {
			const { renewer } = over();
			x.next.push((work) => {
				work();
				throw lost();
			});
			await fails(renewer.renew(), "Network");
			assert.equal((await account()).signInNeeded, undefined);
			await fails(renewer.renew(), "GrantLost", /got lost on its way/);
			assert.deepEqual((await account()).signInNeeded, { since: at.now(), reason: "answerLost" });
			assert.equal((await account()).tokens.accessToken, "access-0");
			await fails(renewer.renew(), "GrantLost");
			assert.equal(x.sent.length, 2);
		});

		it("keeps the second try when that one never left this computer", async () => {
			const { renewer } = over();
			x.next.push(() => Promise.reject(lost()));
			await fails(renewer.renew(), "Network");
			at.pass(2 * 60 * minute);
			x.next.push(() => Promise.reject(unreachable()));
			await fails(renewer.fresh(), "Network", /may have reached X/);
			assert.equal((await account()).renewal?.attempts, 1);
			at.pass(60 * minute);
			assert.equal((await renewer.fresh()).tokens.accessToken, "access-1");
		});

		it("twice is not tried by itself a third time, only by a person", async () => {
			const { renewer } = over();
			at.pass(2 * 60 * minute);
			x.next.push(
				() => Promise.reject(lost()),
				() => Promise.reject(lost()),
			);
			await fails(renewer.fresh(), "Network");
			at.pass(minute);
			await fails(renewer.fresh(), "Network", /happened twice/);
			at.pass(day);
			await fails(renewer.fresh(), "Network", /happened twice/);
			assert.equal(x.sent.length, 2);
			assert.equal((await renewer.renew()).tokens.accessToken, "access-1");
		});

		it("is found by the next window when its owner died", async () => {
			await change({ renewal: { startedAt: at.now(), attempts: 1 } });
			x.killGrant();
			await fails(over().renewer.renew(), "GrantLost", /got lost on its way/);
		});
	});

	describe("a dead grant", () => {
		it("long before its time was replaced elsewhere", async () => {
			x.killGrant();
			await fails(over().renewer.renew(), "GrantLost", /another computer/);
			assert.equal((await account()).signInNeeded?.reason, "replacedElsewhere");
			assert.equal((await account()).tokens.refreshToken, "refresh-0");
		});

		it("after six months was unused for too long", async () => {
			at.pass(183 * day);
			x.killGrant();
			await fails(over().renewer.renew(), "GrantLost", /six months/);
			assert.equal((await account()).signInNeeded?.reason, "unusedTooLong");
		});

		it("is not believed of tokens that were replaced meanwhile", async () => {
			const { renewer } = over();
			x.next.push(async () => {
				await vault.saveSignIn({ app, tokens: tokens("new", at.now()), tokenEndpoint, replaces: id });
				throw new TwitterTokensError("GrantLost", "X no longer accepts these tokens.");
			});
			assert.equal((await renewer.renew()).tokens.accessToken, "access-new");
			assert.equal((await account()).signInNeeded, undefined);
		});

		it("that was declared dead too early is healed by the late answer", async () => {
			x.next.push(async (work) => {
				const answer = work();
				await change({ signInNeeded: { since: at.now(), reason: "answerLost" } });
				return answer;
			});
			const renewed = await over().renewer.renew();
			assert.equal(renewed.tokens.accessToken, "access-1");
			assert.equal((await account()).signInNeeded, undefined);
		});

		it("is not asked about again by itself", async () => {
			x.killGrant();
			at.pass(2 * 60 * minute);
			const { renewer } = over();
			await fails(renewer.fresh(), "GrantLost");
			await fails(renewer.fresh(), "GrantLost");
			assert.equal(x.sent.length, 1);
		});
	});

	describe("an answer that comes late", () => {
		it("does not overwrite a newer sign-in", async () => {
			x.next.push(async (work) => {
				const answer = work();
				await vault.saveSignIn({ app, tokens: tokens("new", at.now()), tokenEndpoint, replaces: id });
				return answer;
			});
			assert.equal((await over().renewer.renew()).tokens.accessToken, "access-new");
		});

		it("is kept even if this window's renewer and vault were disposed meanwhile", async () => {
			const { renewer } = over();
			let answer = () => {};
			x.next.push(async (work) => {
				await new Promise<void>((resolve) => {
					answer = resolve;
				});
				return work();
			});
			const renewal = renewer.renew();
			await eventually(() => x.sent.length === 1);
			renewer.dispose();
			vault.dispose();
			answer();
			await renewal;
			assert.equal((await at.window().account(id)).tokens.accessToken, "access-1");
			vault.dispose();
		});

		it("is on disk at once, in the journal before SecretStorage is touched, and then not beside it any more", async () => {
			const steps: string[] = [];
			const secrets = at.secrets.window();
			const store = secrets.store.bind(secrets);
			secrets.store = async (key, value) => {
				if (value.includes("access-1")) steps.push("secret");
				await store(key, value);
			};
			const stepping = at.window({ secrets, step: (name) => steps.push(name) });
			await over({ vault: stepping, step: (name: string) => steps.push(name) }).renewer.renew();
			assert.deepEqual(steps.slice(steps.indexOf("intentNoted")), [
				"intentNoted",
				"answerNoted",
				"journalCommitted",
				"secret",
				"secretStored",
				"answerKept",
				"unlocked",
			]);
			assert.equal(existsSync(join(at.folder, `receipt-${id}`)), false);
		});
	});

	describe("what is never sent", () => {
		it("a token to another endpoint than issued it", async () => {
			const { renewer, rules } = over();
			rules.tokenEndpoint = "https://elsewhere.example/token";
			await fails(renewer.renew(), "InvalidAuthSettings", /api\.x\.com.*elsewhere/);
			assert.deepEqual(x.sent, []);
			assert.equal((await account()).backOff, undefined);
		});

		it("anything for an account without refresh token", async () => {
			const { refreshToken: _, ...rest } = tokens("0", at.now());
			const without = await vault.saveSignIn({ app, tokens: rest, tokenEndpoint });
			const { renewer } = over();
			await fails(renewer.renew(without.id), "GrantLost", /offline\.access/);
			assert.equal((await renewer.fresh(without.id)).id, without.id);
			at.pass(day);
			await fails(renewer.fresh(without.id), "GrantLost", /offline\.access/);
			assert.deepEqual(x.sent, []);
			assert.equal((await vault.account(without.id)).signInNeeded, undefined);
		});
	});

	describe("by itself", () => {
		/** Lets the clock go on and runs the timer that is due then. */
		const pass = async (timers: ReturnType<typeof over>["timers"], ms: number) => {
			at.pass(ms);
			const [timer] = timers.splice(0, 1);
			timer?.run();
			await eventually(() => timers.length > 0);
		};

		it("renews when the lead time begins, looks each minute, and goes on", async () => {
			const { renewer, timers } = over();
			renewer.start();
			await eventually(() => timers.length === 1);
			for (let minutes = 0; minutes < 109; minutes++) {
				assert.ok(required(timers[0]).ms <= minute + 2_000);
				await pass(timers, minute);
			}
			assert.equal(x.sent.length, 0);
			await pass(timers, minute + 1);
			await eventually(async () => (await account()).tokens.accessToken === "access-1");
			await pass(timers, 111 * minute);
			await eventually(async () => (await account()).tokens.accessToken === "access-2");
			renewer.dispose();
		}).timeout(20_000);

		it("leaves alone what nobody sees or uses, and what the setting switches off", async () => {
			for (const more of [
				{ isShown: () => false },
				{ rules: () => ({ automatic: false, leadTimeMs: 600_000, tokenEndpoint }) },
			]) {
				const { renewer, timers } = over(more);
				renewer.start();
				await eventually(() => timers.length === 1);
				await pass(timers, 3 * 60 * minute);
				await pass(timers, minute);
				renewer.dispose();
			}
			assert.deepEqual(x.sent, []);
		});

		it("renews what was used since it was issued although no window shows it", async () => {
			const { renewer, timers } = over({ isShown: () => false });
			renewer.start();
			await renewer.fresh();
			await eventually(() => timers.length === 1);
			await pass(timers, 111 * minute);
			await eventually(async () => (await account()).tokens.accessToken === "access-1");
			await eventually(() => timers.length > 0);
			await pass(timers, 111 * minute);
			await pass(timers, minute);
			assert.equal(x.sent.length, 1);
			renewer.dispose();
		});

		it("comes back after a failure when the back-off is over", async () => {
			const { renewer, timers } = over();
			renewer.start();
			await eventually(() => timers.length === 1);
			x.next.push(() => Promise.reject(unreachable()));
			await pass(timers, 111 * minute);
			await eventually(async () => (await account()).backOff !== undefined);
			await eventually(() => timers.length > 0);
			await pass(timers, 10_000);
			assert.equal(x.sent.length, 1);
			await pass(timers, 60_000);
			await eventually(async () => (await account()).tokens.accessToken === "access-1");
			renewer.dispose();
		});

		for (const [what, jump] of [
			["ahead", day],
			["back", -day],
		] as const) {
			it(`a clock that jumps a day ${what} and back again costs one request each way, a minute apart`, async () => {
				const steady = { now: 0 };
				const { renewer, timers } = over({ steadyNow: () => steady.now });
				renewer.start();
				await eventually(() => timers.length === 1);
				await pass(timers, jump);
				await eventually(async () => (await account()).tokens.accessToken === "access-1");
				for (let n = 0; n < 5; n++) {
					await eventually(() => timers.length > 0);
					await pass(timers, n % 2 ? jump : -jump);
				}
				assert.equal(x.sent.length, 1);
				steady.now += minute;
				await eventually(() => timers.length > 0);
				await pass(timers, jump);
				await pass(timers, -jump);
				await eventually(() => x.sent.length === 2);
				renewer.dispose();
			});
		}

		it("a lifetime of a second does not make more than a request per minute", async () => {
			x = fakeX(at.now, 1_000);
			const { renewer, timers } = over();
			renewer.start();
			await eventually(() => timers.length === 1);
			await pass(timers, 2 * 60 * minute);
			await eventually(async () => (await account()).tokens.accessToken === "access-1");
			for (let n = 0; n < 29; n++) {
				await eventually(() => timers.length > 0);
				await pass(timers, 2_000);
			}
			assert.equal(x.sent.length, 1);
			await pass(timers, 4_000);
			await eventually(() => x.sent.length === 2);
			renewer.dispose();
		});
	});
});
