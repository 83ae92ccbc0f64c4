import { join } from "node:path";
import { createRenewer } from "../../src/vault/renewer.ts";
import { openVault } from "../../src/vault/vault.ts";
import { app, fakeSecrets, tokenEndpoint, tokens } from "../unit/vault/fixtures.ts";
import type { Times } from "./bench.ts";

/** What the vault costs, on this disk, with an X that answers at once. Three accounts. */
export async function vaultTimes(root: string): Promise<Map<string, Times>> {
	const secrets = fakeSecrets();
	const folder = join(root, "vault");
	const steps: { name: string; at: number }[] = [];
	const step = (name: string) => steps.push({ name, at: performance.now() });
	const open = () => openVault({ secrets: secrets.window(), folder, session: "one" });
	const vault = openVault({ secrets: secrets.window(), folder, session: "one", step });
	for (const name of ["one", "two", "three"]) {
		await vault.saveSignIn({ app, tokens: tokens(name, Date.now()), tokenEndpoint });
	}
	const { id } = await vault.account();
	let round = 0;
	let answeredAt = 0;
	const renewer = createRenewer({
		vault,
		async refresh() {
			answeredAt = performance.now();
			return tokens(String(round++), Date.now());
		},
		rules: () => ({ automatic: false, leadTimeMs: 600_000, tokenEndpoint }),
		isShown: () => true,
		step,
	});

	const first = await timed(20, async () => {
		const other = open();
		await other.accounts();
		return () => other.dispose();
	});
	const fresh = await timed(500, async () => void (await renewer.fresh(id)));
	const kept: number[] = [];
	const committed: number[] = [];
	const renewal = await timed(50, async () => {
		steps.length = 0;
		await renewer.renew(id);
		const at = (name: string) => steps.find((each) => each.name === name && each.at > answeredAt)?.at ?? Number.NaN;
		kept.push(at("answerNoted") - answeredAt);
		committed.push(at("journalCommitted") - answeredAt);
	});
	const other = open();
	let heard = () => {};
	other.onDidChange(() => heard());
	await other.accounts();
	const seen = await timed(20, async () => {
		const change = new Promise<void>((resolve) => {
			heard = resolve;
		});
		await Promise.all([renewer.renew(id), change]);
	});
	renewer.dispose();
	vault.dispose();
	other.dispose();
	return new Map([
		["first look of a window at three accounts", first],
		["a fresh access token at hand", fresh],
		["X's answer until no kill can lose it", kept],
		["X's answer until it is in the journal, durable", committed],
		["a renewal, without X's own time", renewal],
		["a renewal until another window knows", seen],
	]);
}

/** @param work may return what is done afterwards, off the clock */
async function timed(runs: number, work: () => Promise<undefined | (() => void)>): Promise<number[]> {
	const times: number[] = [];
	for (let n = 0; n < runs; n++) {
		const start = performance.now();
		const afterwards = await work();
		times.push(performance.now() - start);
		afterwards?.();
	}
	return times;
}
