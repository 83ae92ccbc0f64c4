import { messageOf } from "../oauth/errors.ts";
import { isBackingOff } from "./backOff.ts";
import { needsRenewal, remaining, renewalDueAt, willRenewItself } from "./expiry.ts";
import type { Asking } from "./obstacles.ts";
import { createPace } from "./pace.ts";
import type { Account } from "./records.ts";
import { type RefreshGrant, renewOnce } from "./renewal.ts";
import type { VaultLog } from "./secretStore.ts";
import type { OpenVault } from "./vault.ts";

export type { RefreshGrant } from "./renewal.ts";

/** Keeps tokens fresh: for whoever asks, and by itself while it makes sense. */
export interface Renewer {
	/**
	 * An account whose access token has at least the lead time left, renewed if it has not; notes the use. When it cannot be
	 * renewed, the account as it is for as long as its access token lives.
	 * @throws NoAccount; why it could not be renewed
	 */
	fresh(idOrHandle?: string): Promise<Account>;
	/** Renews now because a person said so, also while backing off; only X's rate limit is obeyed. @throws as `fresh` */
	renew(idOrHandle?: string): Promise<Account>;
	/** This window is renewing this account. */
	isRenewing(id: string): boolean;
	onDidChange(listener: () => void): { dispose(): void };
	/** Begins to renew by itself. */
	start(): void;
	/** Ends all waiting. A request on its way goes on, or its answer would be lost. */
	dispose(): void;
}

export interface RenewalRules {
	/** Setting `refresh.automatic`. */
	readonly automatic: boolean;
	/** Setting `refresh.leadTime`, in ms. */
	readonly leadTimeMs: number;
	readonly tokenEndpoint: string;
}

/** Runs once after so many ms; @returns what cancels it */
export type SetTimer = (run: () => void, ms: number) => () => void;

export interface RenewerParts {
	readonly vault: OpenVault;
	readonly refresh: RefreshGrant;
	readonly rules: () => RenewalRules;
	/** Some surface of this window shows the account. */
	readonly isShown: (id: string) => boolean;
	/** ms since 1970 */
	readonly now?: () => number;
	/** ms from some moment on, never set back. */
	readonly steadyNow?: () => number;
	readonly setTimer?: SetTimer;
	/** [0, 1) */
	readonly random?: () => number;
	readonly log?: VaultLog;
	/** For tests: called at each named step. */
	readonly step?: (name: string) => void;
}

/** ms. Timers stand still while the computer sleeps, and a wall clock may jump: look at least this often. */
const lookEvery = 60_000;
/** ms. Windows that are due in the same moment do not all start in it. */
const spread = 2_000;

export function createRenewer(parts: RenewerParts): Renewer {
	const { vault, refresh, rules, isShown, step } = parts;
	const { now = Date.now, random = Math.random, log = { info() {}, warn() {} } } = parts;
	const { setTimer = systemTimer, steadyNow = () => performance.now() } = parts;
	const listeners = new Set<() => void>();
	/** The renewals of this window on their way; all who ask meanwhile share one. */
	const running = new Map<string, Promise<Account>>();
	const pace = createPace(now, steadyNow);
	const ending = new AbortController();
	let cancelTimer: (() => void) | undefined;
	let watching: { dispose(): void } | undefined;
	let looking = false;
	let lookAgain = false;

	const changed = () => {
		for (const listener of [...listeners]) listener();
	};

	const renewed = (account: Account, asking: Asking): Promise<Account> => {
		const { id } = account;
		const shared = running.get(id);
		if (shared) return shared;
		const { tokenEndpoint } = rules();
		const renewal = { vault, refresh, tokenEndpoint, now, random, log, signal: ending.signal, step };
		const promise = renewOnce(renewal, account, asking)
			.then((newest) => {
				pace.observe(newest);
				return newest;
			})
			.finally(() => {
				running.delete(id);
				changed();
			});
		running.set(id, promise);
		changed();
		return promise;
	};

	const noteUse = async ({ id }: Account) => {
		try {
			await vault.noteUse(id);
		} catch (error) {
			log.warn(`Could not note that the tokens are in use: ${messageOf(error)}`);
		}
	};

	const lives = (account: Account) => remaining(account.tokens, now()) > 0;
	const isDue = (account: Account) => needsRenewal(account.tokens, now(), rules().leadTimeMs);
	const renewsItself = (account: Account) => willRenewItself(account, rules().automatic, isShown(account.id));

	const look = async () => {
		if (ending.signal.aborted) return;
		lookAgain = looking;
		if (looking) return;
		looking = true;
		cancelTimer?.();
		let next = lookEvery;
		try {
			const accounts = await vault.accounts();
			for (const account of accounts) {
				pace.observe(account);
				if (!renewsItself(account) || running.has(account.id)) continue;
				if (!isDue(account)) {
					next = Math.min(next, renewalDueAt(account.tokens, now(), rules().leadTimeMs) - now());
				} else if (isBackingOff(account.backOff, now())) {
					next = Math.min(next, account.backOff.until - now());
				} else if (pace.mayRenew(account)) {
					pace.renews(account);
					void renewed(account, "automatic").catch((error) => log.info(`Not renewed: ${messageOf(error)}`));
				}
			}
		} catch (error) {
			log.warn(`Could not look after the tokens: ${messageOf(error)}`);
		} finally {
			looking = false;
		}
		if (ending.signal.aborted) return;
		cancelTimer = setTimer(() => void look(), lookAgain ? 0 : Math.max(next, 1_000) + random() * spread);
	};

	return {
		async fresh(idOrHandle) {
			let account = await vault.account(idOrHandle);
			// A second time where another window has brought tokens that are already old.
			for (let round = 0; round < 2 && isDue(account); round++) {
				// X's odd lifetimes or a jumping clock must not make every call a request.
				if (lives(account) && !pace.mayRenew(account)) break;
				try {
					pace.observe(account);
					account = await renewed(account, "demand");
				} catch (error) {
					if (!lives(account)) throw error;
					break;
				}
			}
			await noteUse(account);
			return account;
		},
		async renew(idOrHandle) {
			return await renewed(await vault.account(idOrHandle), "person");
		},
		isRenewing: (id) => running.has(id),
		onDidChange(listener) {
			const own = () => listener();
			listeners.add(own);
			return { dispose: () => void listeners.delete(own) };
		},
		start() {
			if (watching || ending.signal.aborted) return;
			watching = vault.onDidChange(() => void look());
			void look();
		},
		dispose() {
			ending.abort();
			cancelTimer?.();
			watching?.dispose();
			listeners.clear();
		},
	};
}

const systemTimer: SetTimer = (run, ms) => {
	const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1));
	timer.unref();
	return () => clearTimeout(timer);
};
