import { setTimeout as sleep } from "node:timers/promises";

/** ms. Generous: it is only ever waited out where something is wrong, and a busy machine is not wrong. */
export const patience = 45_000;

/** Asks again and again until there is an answer; `what` names it if there is none. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, limit = patience): Promise<T> {
	const deadline = Date.now() + limit;
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		if (Date.now() > deadline) throw new Error(`Waited ${limit / 1_000} s in vain for ${what}`);
		await sleep(50);
	}
}
