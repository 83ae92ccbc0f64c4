/** Between the parent (VS Code's main process, X, and the judge) and a worker (a window). */

export interface Start {
	readonly kind: "start";
	readonly folder: string;
	readonly tokenEndpoint: string;
	readonly secrets: Readonly<Record<string, string>>;
	/** A browser-hosted window: it has read all secrets once, hears of no other, and writes all of them back. */
	readonly stale: boolean;
	readonly seed: number;
	/** Dies the `count`-th time it comes to the step. */
	readonly stop: { readonly step: string; readonly count: number } | undefined;
}
export interface Changed {
	readonly kind: "changed";
	readonly key: string;
	readonly value: string;
}
export type ToWorker = Start | Changed;

/** What a window's secret cache writes out, a while after `store()` has resolved. */
export interface Flush {
	readonly kind: "flush";
	readonly values: Readonly<Record<string, string>>;
}
/** X refused the refresh token with this hash: the account needs a sign-in. */
export interface Lost {
	readonly kind: "lost";
	readonly id: string;
	readonly token: string;
}
export type FromWorker = Flush | Lost;

/**
 * What a worker writes to the file behind its fourth descriptor, synchronously and one per line, so that it outlives a SIGKILL:
 * `sent <token>`, `received <token> <newToken>` (hashes), `noted <µs since received>`, `kept <newToken>`, `stop <step>`, `wait <ms>`,
 * `error <code>`.
 */
export const reportDescriptor = 4;

/** Every step of the protocol at which a worker can be made to die. */
export const steps = [
	"locked",
	"readAgain",
	"journalCommitted",
	"secretStored",
	"intentNoted",
	"sending",
	"sent",
	"answerNoted",
	"answerKept",
	"refused",
	"failureKept",
	"unlocked",
] as const;
