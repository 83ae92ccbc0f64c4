import assert from "node:assert/strict";
import { countdown, untilNextText } from "../../../src/surfaces/countdown.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

describe("countdown", () => {
	for (const [left, text] of [
		[25 * hour, "25h 0m"],
		[2 * hour, "2h 0m"],
		[2 * hour - 1, "1h 59m"],
		[hour + 59 * minute, "1h 59m"],
		[hour + 59 * minute - 1, "1h 58m"],
		[hour + minute, "1h 1m"],
		[hour + minute - 1, "1h 0m"],
		[hour, "1h 0m"],
		[hour - 1, "59m"],
		[59 * minute, "59m"],
		[59 * minute - 1, "58m"],
		[42 * minute + 30 * second, "42m"],
		[10 * minute, "10m"],
		[2 * minute - 1, "1m"],
		[minute, "1m"],
		[minute - 1, "<1m"],
		[1, "<1m"],
		[0, "<1m"],
		[-hour, "<1m"],
	] as const) {
		it(`says ${text} with ${left} ms left`, () => assert.equal(countdown(left), text));
	}

	it("says the same until the moment of the next text, and then something else", () => {
		const edges = [1, 2, 59, 60, 61, 119, 120].flatMap((minutes) =>
			[-1, 0, 1, 499, 30_000].map((ms) => minutes * minute + ms),
		);
		for (const left of edges.filter((each) => each >= minute)) {
			const wait = untilNextText(left);
			assert.ok(wait > 0 && wait <= minute, `a wait of ${wait} ms with ${left} ms left`);
			assert.equal(countdown(left - wait + 1), countdown(left));
			assert.notEqual(countdown(left - wait), countdown(left));
		}
	});

	it("waits for the end below a minute, and for nothing after it", () => {
		for (const left of [minute - 1, 30 * second, 1]) {
			const wait = untilNextText(left);
			assert.ok(wait >= left && wait <= left + 1, `a wait of ${wait} ms with ${left} ms left`);
		}
		for (const left of [0, -1, -hour]) {
			assert.equal(untilNextText(left), Number.POSITIVE_INFINITY);
		}
	});
});
