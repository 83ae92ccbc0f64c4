import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import { keepAnswer } from "./answer.ts";
import type { VaultFolder } from "./folder.ts";
import { acquireLock, type Lock } from "./lock.ts";
import type { Receipts } from "./receipts.ts";
import { type Account, labelOf } from "./records.ts";
import { accountIn } from "./recordsIn.ts";
import type { VaultLog } from "./secretStore.ts";
import type { Store } from "./store.ts";

/**
 * One renewal of an account at a time over all processes. Whoever gets the lock finds in the store what X answered to an
 * owner that died before it could put it there.
 */
export interface RenewalLocks {
	/** @throws TimedOut after 90 s, Cancelled, StorageError */
	acquire(id: string, signal?: AbortSignal): Promise<Lock>;
	/** Takes up the answers that dead owners left of these accounts. @returns whether there were any */
	takeUpAnswers(accounts: readonly Account[]): Promise<boolean>;
}

export interface RenewalLockParts {
	readonly folder: VaultFolder;
	readonly store: Store;
	readonly receipts: Receipts;
	readonly log: VaultLog;
	/** ms since 1970 */
	readonly now: () => number;
	/** [0, 1) */
	readonly random: () => number;
}

/** Longer than an HTTP request may take, ms: whoever waits for a renewal in another window wants its answer. */
const longestWait = 90_000;

export function createRenewalLocks({ folder, store, receipts, log, now, random }: RenewalLockParts): RenewalLocks {
	const takeUp = async (id: string) => {
		if (!receipts.exist(id)) return;
		const receipt = receipts.read(id);
		const outcome = await store.update((draft) =>
			receipt && accountIn(draft, id) ? keepAnswer(draft, id, receipt.sent, receipt.tokens, now()) : undefined,
		);
		receipts.remove(id);
		if (outcome?.held) log.info(`Stored an answer of X that an earlier renewal of ${labelOf(outcome.account)} left.`);
	};

	const acquireWithin = async (limitMs: number, id: string, signal?: AbortSignal) => {
		folder.make();
		const lock = await acquireLock(folder.renewalLock(id), { limitMs, random, signal, tooLong });
		try {
			await takeUp(id);
			return lock;
		} catch (error) {
			lock.release();
			throw error;
		}
	};

	return {
		acquire: (id, signal) => acquireWithin(longestWait, id, signal),
		async takeUpAnswers(accounts) {
			// An intent is noted before anything is sent: without one there is no answer.
			const left = accounts.filter(({ id, renewal }) => renewal && receipts.exist(id));
			for (const { id } of left) {
				try {
					// Not waited for: an owner that lives is just storing it.
					(await acquireWithin(0, id)).release();
				} catch (error) {
					log.info(`An answer of X waits for its owner: ${messageOf(error)}`);
				}
			}
			return left.length > 0;
		},
	};
}

function tooLong(): Error {
	return new TwitterTokensError("TimedOut", "Another window has been renewing this account for too long. Try again.");
}
