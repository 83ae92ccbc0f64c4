import { TwitterTokensError } from "../../../src/oauth/errors.ts";
import type { TokenSet } from "../../../src/oauth/tokens.ts";
import { createRenewer, type Renewer, type RenewerParts } from "../../../src/vault/renewer.ts";
import type { OpenVault } from "../../../src/vault/vault.ts";
import { app, type Bench, tokenEndpoint, tokens } from "./fixtures.ts";

/** X's token endpoint reduced to its one rule: a refresh token works once. */
export function fakeX(now: () => number, lifetimeMs = 7_200_000) {
	let count = 0;
	let live = "refresh-0";
	const sent: string[] = [];
	/** Runs instead of the next answers; what it throws is the answer. `work` rotates. */
	const next: ((work: () => TokenSet) => Promise<TokenSet> | TokenSet)[] = [];
	const work = (refreshToken: string): TokenSet => {
		if (refreshToken !== live) throw new TwitterTokensError("GrantLost", "X no longer accepts these tokens.");
		count++;
		live = `refresh-${count}`;
		return tokens(String(count), now(), lifetimeMs);
	};
	return {
		sent,
		next,
		get rotations() {
			return count;
		},
		killGrant() {
			live = "none";
		},
		async refresh(_: unknown, __: unknown, refreshToken: string): Promise<TokenSet> {
			sent.push(refreshToken);
			const special = next.shift();
			return special ? await special(() => work(refreshToken)) : work(refreshToken);
		},
	};
}

export const lost = () => new TwitterTokensError("Network", "The connection was cut.", { mayHaveArrived: true });
export const unreachable = () => new TwitterTokensError("Network", "No connection.");

/** A renewer over a vault with one account, whose clock is the bench's. */
export function renewerOver(
	at: Bench,
	x: ReturnType<typeof fakeX>,
	more: Partial<RenewerParts> & { vault: OpenVault },
) {
	const rules = { automatic: true, leadTimeMs: 600_000, tokenEndpoint };
	const timers: { run: () => void; ms: number }[] = [];
	const renewer: Renewer = createRenewer({
		refresh: x.refresh,
		rules: () => rules,
		isShown: () => true,
		now: at.now,
		steadyNow: at.now,
		random: () => 0.5,
		log: { info: (line) => at.log.push(line), warn: (line) => at.log.push(line) },
		setTimer(run, ms) {
			const timer = { run, ms };
			timers.push(timer);
			return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
		},
		...more,
	});
	return { renewer, rules, timers };
}

export async function signedIn(at: Bench, vault: OpenVault) {
	return await vault.saveSignIn({ app, tokens: tokens("0", at.now()), tokenEndpoint });
}
