import assert from "node:assert/strict";
import { torture } from "../../torture/run.ts";

describe("many windows over one vault, killed all the time (a few seconds of `npm run torture`)", () => {
	it("never send a consumed token again whose answer had arrived, and lose no such answer", async () => {
		const seed = Date.now() % 1_000_000;
		const result = await torture({
			processes: 4,
			rotations: 80,
			seed,
			seconds: 20,
			accounts: 3,
			killEvery: 700,
			restartEvery: 4_000,
		});
		const told = `seed ${seed}: ${JSON.stringify(result)}`;
		assert.equal(result.sentAgainAlthoughNoted, 0, told);
		assert.equal(result.lostAlthoughNoted, 0, told);
		assert.equal(result.accountsAtTheEnd, 3, told);
		assert.ok(result.kept > 0, told);
		assert.equal(result.successes, result.rotations, told);
	}).timeout(120_000);
});
