import assert from "node:assert/strict";
import { type StatusView, statusOf } from "../../../src/surfaces/status.ts";
import type { Account } from "../../../src/vault/records.ts";

const issuedAt = 1_800_000_000_000;
const minute = 60_000;
const hour = 60 * minute;
const expiresAt = issuedAt + 2 * hour;
const never = Number.POSITIVE_INFINITY;

function account(changes: Partial<Account> = {}): Account {
	return {
		id: "1a2b3c4d",
		clientId: "client",
		tokenEndpoint: "https://api.x.com/2/oauth2/token",
		user: { id: "1", handle: "ada_dev", name: "Ada" },
		tokens: {
			accessToken: "access",
			refreshToken: "refresh",
			scopes: ["tweet.read"],
			issuedAt,
			expiresAt,
			response: { access_token: "access" },
		},
		...changes,
	};
}

/** An account that renews itself, just signed in. */
const statusFor = (changes: Partial<StatusView> = {}) =>
	statusOf({
		account: account(),
		now: issuedAt,
		leadTimeMs: 10 * minute,
		renewing: false,
		renewsItself: true,
		visibility: "whenSignedIn",
		...changes,
	});

const withLeft = (left: number, changes: Partial<StatusView> = {}) => statusFor({ now: expiresAt - left, ...changes });

const dead = account({ signInNeeded: { since: issuedAt + 1, reason: "replacedElsewhere" } });

describe("status bar", () => {
	it("offers to sign in without an account, but only with `always`", () => {
		const offer = { kind: "none", text: "$(key) Twitter: sign in", validFor: never };
		assert.deepEqual(statusFor({ account: undefined, visibility: "always" }), offer);
		assert.equal(statusFor({ account: undefined, visibility: "whenSignedIn" }), undefined);
		assert.equal(statusFor({ account: undefined, visibility: "never" }), undefined);
	});

	it("shows nothing with `never`, whatever the state", () => {
		for (const each of [account(), dead, undefined]) {
			for (const now of [issuedAt, expiresAt]) {
				for (const renewing of [true, false]) {
					assert.equal(statusFor({ account: each, now, renewing, visibility: "never" }), undefined);
				}
			}
		}
	});

	for (const visibility of ["always", "whenSignedIn"] as const) {
		describe(`with \`${visibility}\``, () => {
			for (const [left, text] of [
				[2 * hour, "$(key) @ada_dev 2h 0m"],
				[2 * hour - 1, "$(key) @ada_dev 1h 59m"],
				[hour, "$(key) @ada_dev 1h 0m"],
				[hour - 1, "$(key) @ada_dev 59m"],
				[42 * minute, "$(key) @ada_dev 42m"],
				[minute, "$(key) @ada_dev 1m"],
				[minute - 1, "$(key) @ada_dev <1m"],
				[1, "$(key) @ada_dev <1m"],
			] as const) {
				it(`counts a valid token down: ${text}`, () => {
					const status = withLeft(left, { visibility });
					assert.deepEqual([status?.kind, status?.text, status?.background], ["valid", text, undefined]);
				});
			}

			it("warns with less than the lead time left, where nothing renews it", () => {
				const backgrounds = [10 * minute + 1, 10 * minute, 10 * minute - 1, minute, 1].map(
					(left) => withLeft(left, { visibility, renewsItself: false })?.background,
				);
				assert.deepEqual(backgrounds, [undefined, undefined, "warning", "warning", "warning"]);
				const texts = [true, false].map((renewsItself) => withLeft(5 * minute, { visibility, renewsItself })?.text);
				assert.equal(texts[0], texts[1], "the same text");
			});

			it("does not warn where it is renewed by itself", () => {
				assert.equal(withLeft(minute, { visibility, renewsItself: true })?.background, undefined);
			});

			it("spins while it is being renewed, whatever the state", () => {
				for (const [each, now] of [
					[account(), issuedAt],
					[account(), expiresAt],
					[dead, issuedAt],
				] as const) {
					assert.deepEqual(statusFor({ account: each, now, renewing: true, visibility }), {
						kind: "renewing",
						text: "$(sync~spin) @ada_dev …",
						validFor: never,
					});
				}
			});

			it("says that it has expired from that moment on", () => {
				for (const left of [0, -1, -1000 * hour]) {
					for (const renewsItself of [true, false]) {
						assert.deepEqual(withLeft(left, { visibility, renewsItself }), {
							kind: "expired",
							text: "$(warning) @ada_dev expired",
							background: "error",
							validFor: never,
						});
					}
				}
			});

			it("asks to sign in again where the grant is dead, even while the access token would live", () => {
				for (const now of [issuedAt, expiresAt]) {
					assert.deepEqual(statusFor({ account: dead, now, visibility }), {
						kind: "signInNeeded",
						text: "$(warning) @ada_dev sign in again",
						background: "error",
						validFor: never,
					});
				}
			});
		});
	}

	it("shows the label where the handle is not known", () => {
		const { user, ...nameless } = account();
		const { user: _, ...namelessDead } = dead;
		for (const [changes, text] of [
			[{ account: nameless }, "$(key) account 1a2b3c4d 2h 0m"],
			[{ account: nameless, renewing: true }, "$(sync~spin) account 1a2b3c4d …"],
			[{ account: nameless, now: expiresAt }, "$(warning) account 1a2b3c4d expired"],
			[{ account: namelessDead }, "$(warning) account 1a2b3c4d sign in again"],
		] as const) {
			assert.equal(statusFor(changes)?.text, text);
		}
	});

	it("is painted again at the change of a minute", () => {
		for (const left of [2 * hour, hour, hour - 1, 90_000, minute, minute - 1, 1]) {
			const status = withLeft(left);
			const validFor = status?.validFor ?? 0;
			assert.ok(validFor > 0 && validFor <= minute);
			assert.notEqual(withLeft(left - validFor)?.text, status?.text);
			if (validFor > 1) assert.equal(withLeft(left - validFor + 2)?.text, status?.text);
		}
	});

	it("is right after the computer has slept: only the wall clock counts", () => {
		assert.equal(withLeft(90 * minute)?.text, "$(key) @ada_dev 1h 30m");
		assert.equal(withLeft(-5 * hour)?.kind, "expired");
	});

	it("never shows more than X granted, after a clock that was set back; and warns then", () => {
		const status = statusFor({ now: issuedAt - 24 * hour, renewsItself: false });
		assert.deepEqual([status?.text, status?.background], ["$(key) @ada_dev 2h 0m", "warning"]);
	});
});
