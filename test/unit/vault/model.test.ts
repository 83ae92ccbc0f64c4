import assert from "node:assert/strict";
import { explore, mutations, walks } from "../../torture/model.ts";

describe("a model of the renewal protocol, every interleaving of two windows with deaths and lost answers", () => {
	for (const bounds of walks) {
		it(`sends no consumed token whose answer had arrived, and loses no such answer: ${JSON.stringify(bounds)}`, () => {
			const { states, ends, violations } = explore(bounds);
			assert.deepEqual(violations, []);
			assert.ok(states > 1_000, `${states} states`);
			assert.ok(ends > 0);
		}).timeout(300_000);
	}

	for (const mutation of mutations) {
		it(`would notice ${mutation}`, () => {
			assert.ok(walks.some((bounds) => explore(bounds, mutation).violations.length > 0));
		}).timeout(300_000);
	}
});
