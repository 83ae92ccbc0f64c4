/** What the workers reported, kept beside what X's emulator saw: who had which answer, and what became of it. */
export interface Ledger {
	note(worker: Worker, line: string): void;
	/** Called once a killed worker's last line is read. */
	died(worker: Worker): void;
	/** An account is lost because X refused this token. */
	lost(token: string): void;
	verdict(refreshTokensInOrder: readonly { readonly token: string; readonly worked: boolean }[]): Verdict;
}

export interface Worker {
	/** The token whose answer it has received and not yet written down. */
	holds?: string | undefined;
}

export interface Verdict {
	readonly sends: number;
	/** Refresh tokens that X took, as its requests show. */
	readonly rotations: number;
	/** Answers that were written down, and those of them that their owners lived to report as in the journal. */
	readonly noted: number;
	readonly kept: number;
	/** Must be 0. */
	readonly sentAgainAlthoughNoted: number;
	/** Must be 0. */
	readonly lostAlthoughNoted: number;
	/** The owner was killed between the answer's last byte and its first write: no program can do anything about it. */
	readonly killedBeforeNoting: number;
	/** From the answer's last byte until a kill can do it no harm any more, µs. */
	readonly medianUntilNoted: number;
	readonly longestUntilNoted: number;
	/** Answers that their owners noted and did not live to say that they are in the journal. */
	readonly leftInReceipts: number;
	readonly lostInFlight: number;
	/** Sends of a token whose answer never arrived. */
	readonly retriesAfterSilence: number;
	readonly mostSendsOfOneToken: number;
	readonly stops: Readonly<Record<string, number>>;
	readonly errors: Readonly<Record<string, number>>;
	readonly longestWaitMs: number;
	readonly calls: number;
}

interface Answer {
	/** On disk: from here on it must survive everything. */
	noted: boolean;
	/** In the journal, as far as its owner could still report it. */
	kept: boolean;
}

export function createLedger(): Ledger {
	const answers = new Map<string, Answer>();
	const byNext = new Map<string, Answer>();
	const stops: Record<string, number> = {};
	const errors: Record<string, number> = {};
	const lostTokens = new Set<string>();
	let killedBeforeNoting = 0;
	const untilNoted: number[] = [];
	let longestWaitMs = 0;
	let calls = 0;
	const count = (counts: Record<string, number>, name: string) => {
		counts[name] = (counts[name] ?? 0) + 1;
	};
	return {
		note(worker, line) {
			const [what = "", first = "", second = ""] = line.split(" ");
			if (what === "received") {
				const answer = { noted: false, kept: false };
				answers.set(first, answer);
				byNext.set(second, answer);
				worker.holds = first;
			} else if (what === "noted") {
				const answer = worker.holds === undefined ? undefined : answers.get(worker.holds);
				if (answer) answer.noted = true;
				untilNoted.push(Number(first));
				worker.holds = undefined;
			} else if (what === "kept") {
				const answer = byNext.get(first);
				if (answer) answer.kept = true;
			} else if (what === "stop") count(stops, first);
			else if (what === "error") count(errors, first);
			else if (what === "wait") {
				calls++;
				longestWaitMs = Math.max(longestWaitMs, Number(first));
			}
		},
		died(worker) {
			if (worker.holds !== undefined) killedBeforeNoting++;
		},
		lost: (token) => void lostTokens.add(token),
		verdict(requests) {
			const sends = new Map<string, number>();
			const consumed = new Set<string>();
			let sentAgainAlthoughNoted = 0;
			let retriesAfterSilence = 0;
			for (const { token, worked } of requests) {
				sends.set(token, (sends.get(token) ?? 0) + 1);
				if (consumed.has(token)) {
					if (answers.get(token)?.noted) sentAgainAlthoughNoted++;
					else retriesAfterSilence++;
				}
				if (worked) consumed.add(token);
			}
			const lost = [...lostTokens].map((token) => answers.get(token)?.noted === true);
			const inOrder = untilNoted.toSorted((a, b) => a - b);
			return {
				sends: requests.length,
				rotations: consumed.size,
				noted: [...answers.values()].filter(({ noted }) => noted).length,
				kept: [...answers.values()].filter(({ kept }) => kept).length,
				sentAgainAlthoughNoted,
				lostAlthoughNoted: lost.filter((noted) => noted).length,
				killedBeforeNoting,
				medianUntilNoted: inOrder[inOrder.length >> 1] ?? 0,
				longestUntilNoted: inOrder.at(-1) ?? 0,
				leftInReceipts: [...answers.values()].filter(({ noted, kept }) => noted && !kept).length,
				lostInFlight: lost.filter((noted) => !noted).length,
				retriesAfterSilence,
				mostSendsOfOneToken: Math.max(0, ...sends.values()),
				stops,
				errors,
				longestWaitMs,
				calls,
			};
		},
	};
}
