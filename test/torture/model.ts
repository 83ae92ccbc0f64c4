/**
 * The protocol of `src/vault/renewal.ts` as a model: small enough to walk through every interleaving of two windows with
 * a death at every step. X is one grant whose refresh token works once; tokens are numbers, each answer is the next one.
 */

/** Each is the protocol with one mistake in it; the invariants must catch every one of them. */
export const mutations = [
	"noLock",
	"noReadingAgain",
	"noIntent",
	"secretBeforeJournal",
	"secretOnly",
	"readsSecretOnly",
	"noFencing",
	"lockEndsBeforeAnswer",
	"retriesForEver",
	"deadWithoutReadingAgain",
	"noReceipt",
	"receiptNotTakenUp",
	"receiptTakenUpUnfenced",
	"receiptClearedFirst",
] as const;
export type Mutation = (typeof mutations)[number];

/** The account, as one side of the store holds it. */
interface Kept {
	readonly generation: number;
	readonly token: number;
	/** Sends of this token that have no answer yet. */
	readonly attempts: number;
	readonly dead: boolean;
}

type Place =
	| "idle"
	| "waiting"
	| "takingUp"
	| "dropping"
	| "reading"
	| "noting"
	| "sending"
	| "inFlight"
	| "committing"
	| "clearing"
	| "keeping"
	| "storing"
	| "failing"
	| "unlocking"
	| "done"
	| "killed";

interface Window {
	readonly place: Place;
	/** The token it wants to renew, as it knew it when it was asked. */
	readonly seen: number;
	/** The token it sent. */
	readonly sent: number;
	/** X's answer: a token, 0 for a refusal, -1 for none. */
	readonly answer: number;
	/** What it knew under the lock; SecretStorage as this window sees it may lag behind. */
	readonly base: Kept;
	readonly cache: Kept;
	readonly renewals: number;
}

export interface State {
	readonly journal: Kept;
	/** The file beside the journal: the answer `token` to the token `sent`. */
	readonly receipt: { readonly sent: number; readonly token: number } | null;
	readonly lock: number;
	readonly windows: readonly [Window, Window];
	/** X: the token that works now. */
	readonly live: number;
	/** The newest token that was written down on this computer. */
	readonly arrived: number;
	/** Consumed tokens whose answer has arrived like that. */
	readonly answered: readonly number[];
	/** How often each token was sent. */
	readonly sends: Readonly<Record<number, number>>;
	readonly signIns: number;
	readonly kills: number;
	readonly losses: number;
}

export interface Violation {
	readonly what: string;
	readonly trace: readonly string[];
}

export interface Outcome {
	readonly states: number;
	readonly ends: number;
	readonly violations: readonly Violation[];
}

const first: Kept = { generation: 1, token: 1, attempts: 0, dead: false };
const window = (): Window => ({
	place: "idle",
	seen: 1,
	sent: 0,
	answer: 0,
	base: first,
	cache: first,
	renewals: 0,
});

export interface Bounds {
	/** Renewals that each window tries. */
	readonly renewals: number;
	/** Deaths altogether; a window that died starts again with what SecretStorage shows it. */
	readonly kills: number;
	/** Answers that get lost on the network altogether. */
	readonly losses: number;
	/** New sign-ins of the same account, at any moment. They kill the grant so far, and take no lock. */
	readonly signIns: number;
}

/** Two walks that a test can make in seconds; one with everything in it takes minutes and shows nothing new. */
export const walks: readonly Bounds[] = [
	{ renewals: 1, kills: 2, losses: 1, signIns: 1 },
	{ renewals: 2, kills: 1, losses: 1, signIns: 0 },
];

const newer = (a: Kept, b: Kept): Kept => (b.generation > a.generation ? b : a);

interface Visit {
	readonly state: State;
	readonly label?: string;
	readonly from?: Visit;
}

function traceOf(visit: Visit | undefined): string[] {
	return visit?.label === undefined ? [] : [...traceOf(visit.from), visit.label];
}

/** Walks through everything that can happen. Stops at the first violation. */
export function explore(bounds: Bounds, mutation?: Mutation): Outcome {
	const start: State = {
		journal: first,
		receipt: null,
		lock: -1,
		windows: [window(), window()],
		live: 1,
		arrived: 1,
		answered: [],
		sends: {},
		signIns: 0,
		kills: 0,
		losses: 0,
	};
	const seen = new Set<string>();
	const violations: Violation[] = [];
	let ends = 0;
	const stack: Visit[] = [{ state: start }];
	seen.add(JSON.stringify(start));
	for (let visit = stack.pop(); visit && violations.length === 0; visit = stack.pop()) {
		const next = successors(visit.state, mutation, bounds);
		if (next.length === 0) {
			ends++;
			const { journal, receipt, arrived } = visit.state;
			const found = receipt?.sent === journal.token ? receipt.token : journal.token;
			if (found < arrived) violations.push({ what: "an answer that had arrived is lost", trace: traceOf(visit) });
		}
		for (const { label, state, violation } of next) {
			const reached = { state, label, from: visit };
			if (violation) violations.push({ what: violation, trace: traceOf(reached) });
			const key = JSON.stringify(state);
			if (seen.has(key)) continue;
			seen.add(key);
			stack.push(reached);
		}
	}
	return { states: seen.size, ends, violations };
}

interface Step {
	readonly label: string;
	readonly state: State;
	readonly violation?: string | undefined;
}

function successors(state: State, mutation: Mutation | undefined, bounds: Bounds): Step[] {
	const steps: Step[] = [];
	const anyoneLeft = state.windows.some(({ place }) => place !== "done");
	if (state.signIns < bounds.signIns && anyoneLeft) {
		const token = state.live + 1;
		const journal = answered(state.journal, token);
		const [one, two] = state.windows;
		const windows = [{ ...one, cache: journal }, two] as const;
		const next = { ...state, windows, journal, live: token, arrived: token, signIns: state.signIns + 1 };
		steps.push({ label: "somebody signs in again", state: next });
	}
	for (const me of [0, 1] as const) {
		const own = state.windows[me];
		const other = state.windows[me === 0 ? 1 : 0];
		const put = (change: Partial<Window>, rest: Partial<State> = {}): State => {
			const changed = { ...own, ...change };
			return { ...state, ...rest, windows: me === 0 ? [changed, other] : [other, changed] };
		};
		const add = (label: string, next: State, violation?: string) =>
			steps.push({ label: `${me}: ${label}`, state: next, violation });

		// Death, at every place where a window may be. Between the answer and its receipt there is no place: that is the one
		// thing the program cannot be asked for, and the code has no await there.
		if (!["killed", "done"].includes(own.place) && state.kills < bounds.kills) {
			add(
				`dies (${own.place})`,
				put({ place: "killed" }, { kills: state.kills + 1, lock: state.lock === me ? -1 : state.lock }),
			);
		}
		if (own.place === "killed") {
			// A new window: all it has is the journal, and what SecretStorage had when the old one died.
			add(
				"starts again",
				put({ ...window(), cache: own.cache, seen: view(state, own, mutation).token, renewals: own.renewals }),
			);
		}
		// SecretStorage catches up at any time, or never.
		const peer = newer(own.cache, other.cache);
		if (peer !== own.cache && own.place !== "killed") add("hears of the other's secret", put({ cache: peer }));

		switch (own.place) {
			case "idle": {
				if (own.renewals >= bounds.renewals) {
					add("rests", put({ place: "done" }));
					break;
				}
				const now = view(state, own, mutation);
				if (now.dead) add("finds a dead grant", put({ place: "done" }));
				else add("wants to renew", put({ place: "waiting", seen: now.token, renewals: own.renewals + 1, base: now }));
				break;
			}
			case "waiting":
				if (mutation === "noLock") add("goes on without a lock", put({ place: "takingUp" }));
				else if (state.lock === -1) add("locks", put({ place: "takingUp" }, { lock: me }));
				break;
			case "takingUp": {
				const { receipt } = state;
				if (!receipt || mutation === "receiptNotTakenUp") {
					add("finds no answer waiting", put({ place: "reading" }));
					break;
				}
				const stored = view(state, own, mutation);
				const accepted = stored.token === receipt.sent || mutation === "receiptTakenUpUnfenced";
				const kept = accepted ? answered(stored, receipt.token) : stored;
				add(
					"takes up the answer of a dead window",
					put({ place: "dropping" }, { journal: newer(state.journal, kept) }),
				);
				break;
			}
			case "dropping":
				add("drops its file", put({ place: "reading" }, { receipt: null }));
				break;
			case "reading": {
				const now = mutation === "noReadingAgain" ? own.base : view(state, own, mutation);
				const goesOn = !now.dead && now.token === own.seen && (now.attempts < 2 || mutation === "retriesForEver");
				add("reads again", put({ place: goesOn ? "noting" : "unlocking", base: now }));
				break;
			}
			case "noting": {
				const noted = { ...own.base, generation: own.base.generation + 1, attempts: own.base.attempts + 1 };
				const fenced = mutation !== "noReadingAgain" && view(state, own, mutation).token !== own.base.token;
				if (fenced) add("finds newer tokens", put({ place: "unlocking" }));
				else if (mutation === "noIntent") add("notes nothing", put({ place: "sending" }));
				else if (mutation === "secretOnly")
					add("notes the intent", put({ place: "sending", base: noted, cache: noted }));
				else
					add(
						"notes the intent",
						put({ place: "sending", base: noted, cache: noted }, { journal: newer(state.journal, noted) }),
					);
				break;
			}
			case "sending": {
				const works = own.base.token === state.live;
				const { token } = own.base;
				const before = state.sends[token] ?? 0;
				const sends = { ...state.sends, [token]: before + 1 };
				const violation = state.answered.includes(token)
					? "a consumed token was sent again although its answer had arrived"
					: before >= 2
						? "a token was sent more than twice"
						: undefined;
				const lock = mutation === "lockEndsBeforeAnswer" && state.lock === me ? -1 : state.lock;
				const live = works ? state.live + 1 : state.live;
				const sent = { place: "inFlight", sent: own.base.token, answer: works ? state.live + 1 : 0 } as const;
				add("sends", put(sent, { live, sends, lock }), violation);
				break;
			}
			case "inFlight":
				if (state.losses < bounds.losses) {
					add("gets no answer", put({ place: "failing", answer: -1 }, { losses: state.losses + 1 }));
				}
				if (own.answer === 0) add("is refused", put({ place: "failing" }));
				else if (mutation === "secretBeforeJournal" || mutation === "secretOnly") {
					const kept = answered(own.base, own.answer);
					add(
						"gets the answer",
						put(
							{ place: "keeping", cache: kept },
							{ arrived: Math.max(state.arrived, own.answer), answered: [...state.answered, own.sent] },
						),
					);
				} else {
					const arrived = Math.max(state.arrived, own.answer);
					const receipt = mutation === "noReceipt" ? null : { sent: own.sent, token: own.answer };
					const known = { arrived, answered: [...state.answered, own.sent], receipt };
					add("writes the answer down", put({ place: "committing" }, known));
				}
				break;
			case "committing": {
				const stored = newer(state.journal, own.cache);
				const accepted = stored.token === own.sent || mutation === "noFencing";
				const kept = accepted ? answered(stored, own.answer) : stored;
				const commit = put({ place: "clearing", base: kept }, { journal: kept });
				if (mutation !== "receiptClearedFirst") add("keeps the answer", commit);
				else if (state.receipt) add("drops the file", put({}, { receipt: null }));
				else add("keeps the answer", commit);
				break;
			}
			case "clearing":
				add("drops the file", put({ place: "storing" }, { receipt: null }));
				break;
			case "keeping":
				if (mutation === "secretOnly") add("is done", put({ place: "unlocking" }));
				else add("writes the journal", put({ place: "unlocking" }, { journal: newer(state.journal, own.cache) }));
				break;
			case "storing":
				add("stores the secret", put({ place: "unlocking", cache: newer(own.cache, own.base) }));
				break;
			case "failing": {
				const stored = view(state, own, mutation);
				const changed = stored.token !== own.sent && mutation !== "deadWithoutReadingAgain";
				// The intent stays after a silence, and with a refusal the grant is dead.
				const kept =
					changed || own.answer === -1
						? stored
						: { ...stored, generation: stored.generation + 1, dead: true, attempts: 0 };
				const violation =
					kept.dead && !stored.dead && stored.token === state.live ? "a living grant was declared dead" : undefined;
				const journal = mutation === "secretOnly" ? state.journal : newer(state.journal, kept);
				add("keeps the failure", put({ place: "unlocking", cache: newer(own.cache, kept) }, { journal }), violation);
				break;
			}
			case "unlocking": {
				const now = view(state, own, mutation);
				const violation =
					now.token < state.arrived ? "an answer that had arrived is not found by who looks for it" : undefined;
				add("unlocks", put({ place: "idle" }, { lock: state.lock === me ? -1 : state.lock }), violation);
				break;
			}
			default:
		}
	}
	return steps;
}

const answered = (kept: Kept, token: number): Kept => ({
	generation: kept.generation + 1,
	token,
	attempts: 0,
	dead: false,
});

/** What a window reads: the higher generation of both sides. */
function view(state: State, own: Window, mutation: Mutation | undefined): Kept {
	if (mutation === "readsSecretOnly" || mutation === "secretOnly") return own.cache;
	return newer(state.journal, own.cache);
}
