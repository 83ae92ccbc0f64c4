import assert from "node:assert/strict";
import {
	accountState,
	clockWentBack,
	effectiveLeadTime,
	needsRenewal,
	remaining,
	renewalDueAt,
	willRenewItself,
} from "../../../src/vault/expiry.ts";
import type { Account } from "../../../src/vault/records.ts";
import { tokens as tokenSet } from "./fixtures.ts";

const minute = 60_000;
const day = 24 * 60 * minute;
const issued = 1_800_000_000_000;
const tokens = tokenSet("one", issued);
const account: Account = { id: "00000001", clientId: "c", tokenEndpoint: "e", tokens };

describe("vault: expiry", () => {
	it("counts down from X's two hours and stops at nothing", () => {
		assert.equal(remaining(tokens, issued), 120 * minute);
		assert.equal(remaining(tokens, issued + 119 * minute), minute);
		assert.equal(remaining(tokens, issued + 121 * minute), 0);
	});

	it("never shows more than X granted, whatever the clock", () => {
		assert.equal(remaining(tokens, issued - day), 120 * minute);
	});

	it("renews with the lead time left, at half of a short life at the latest", () => {
		assert.equal(needsRenewal(tokens, issued + 109 * minute, 10 * minute), false);
		assert.equal(needsRenewal(tokens, issued + 110 * minute + 1, 10 * minute), true);
		assert.equal(renewalDueAt(tokens, issued, 10 * minute), issued + 110 * minute);
		const short = tokenSet("short", issued, 10_000);
		assert.equal(effectiveLeadTime(short, 10 * minute), 5000);
		assert.equal(needsRenewal(short, issued, 10 * minute), false);
		assert.equal(effectiveLeadTime(tokens, 110 * minute), 60 * minute);
	});

	it("a clock set back by a day makes the moments worthless, one of a few seconds does not", () => {
		assert.equal(clockWentBack(tokens, issued - day), true);
		assert.equal(needsRenewal(tokens, issued - day, 10 * minute), true);
		assert.equal(renewalDueAt(tokens, issued - day, 10 * minute), issued - day);
		assert.equal(needsRenewal(tokens, issued - 30_000, 10 * minute), false);
	});

	it("a dead grant is said before anything else", () => {
		const since = issued + 1;
		assert.equal(accountState(account, issued), "valid");
		assert.equal(accountState(account, issued + day), "expired");
		assert.equal(accountState(account, issued - day), "valid");
		assert.equal(accountState({ ...account, signInNeeded: { since, reason: "answerLost" } }, issued), "signInNeeded");
	});

	it("renews by itself only what somebody sees or uses, and what a renewal can help", () => {
		const used = { ...account, lastUsedAt: issued };
		assert.equal(willRenewItself(account, true, false), false);
		assert.equal(willRenewItself(account, true, true), true);
		assert.equal(willRenewItself(used, true, false), true);
		assert.equal(willRenewItself({ ...account, lastUsedAt: issued - 1 }, true, false), false);
		assert.equal(willRenewItself(used, false, true), false);
		const backOff = { until: 0, failures: 1, message: "" };
		const never: Partial<Account>[] = [
			{ signInNeeded: { since: 0, reason: "replacedElsewhere" } },
			{ tokens: { ...tokens, refreshToken: undefined } },
			{ backOff: { ...backOff, code: "ClientUnknown" } },
			{ backOff: { ...backOff, code: "ClientAuthenticationFailed" } },
			{ renewal: { startedAt: 0, attempts: 2 } },
		];
		for (const more of never) assert.equal(willRenewItself({ ...used, ...more }, true, true), false);
		assert.equal(willRenewItself({ ...used, backOff: { ...backOff, code: "Network" } }, true, true), true);
	});
});
