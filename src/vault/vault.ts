import { randomBytes as systemRandomBytes } from "node:crypto";
import { TwitterTokensError } from "../oauth/errors.ts";
import type { TokenSet } from "../oauth/tokens.ts";
import type { Draft } from "./draft.ts";
import { vaultFolder } from "./folder.ts";
import { createKeyring } from "./keyring.ts";
import type { Lock } from "./lock.ts";
import { createPendingAuthorizations, isOverPending } from "./pending.ts";
import { createReceipts, type Receipts } from "./receipts.ts";
import { type Account, type App, keys, labelOf, type PendingAuthorization, type User } from "./records.ts";
import {
	accountIn,
	accountsIn,
	afreshSessionIn,
	appIn,
	appsIn,
	defaultIn,
	find,
	putAccount,
	putApp,
	readDraft,
	sameUser,
} from "./recordsIn.ts";
import { createRenewalLocks } from "./renewalLock.ts";
import type { SecretStore, VaultLog } from "./secretStore.ts";
import type { Waiting } from "./sqlite.ts";
import { StorageError } from "./storageError.ts";
import { createStore, type Store } from "./store.ts";

export type { SecretStore, VaultLog } from "./secretStore.ts";

/** Where the accounts of this user live. All methods may throw `StorageUnavailable` (`StorageError`). */
export interface Vault {
	/** Sorted by label. */
	accounts(): Promise<readonly Account[]>;
	/** The chosen one, else the oldest. */
	defaultAccount(): Promise<Account | undefined>;
	/** @param idOrHandle an id or `@handle` in any case; left out, the default account. @throws NoAccount */
	account(idOrHandle?: string): Promise<Account>;
	app(clientId: string): Promise<App | undefined>;
	apps(): Promise<readonly App[]>;
	/** A changed app also lets those renewals go on that X refused because of the app. */
	saveApp(app: App): Promise<void>;
	/** Adds an account, or gives the account `replaces` new tokens. Keeps the app too. The first account becomes the default. */
	saveSignIn(signIn: {
		app: App;
		tokens: TokenSet;
		tokenEndpoint: string;
		replaces?: string | undefined;
	}): Promise<Account>;
	/**
	 * Says whose tokens these are. Where an older account is the same user of the same app, that one gets these tokens and
	 * is returned: X keeps one grant per app and user, so the older tokens are dead. @throws NoAccount
	 */
	identify(id: string, user: User): Promise<Account>;
	/** @throws NoAccount */
	setDefault(id: string): Promise<void>;
	/** Somebody took the access token. Written once per generation of tokens. */
	noteUse(id: string): Promise<void>;
	/** Waits for a renewal that is on its way. @returns the account as it was last; `undefined` where there was none */
	remove(id: string): Promise<Account | undefined>;
	addPending(pending: PendingAuthorization): Promise<void>;
	findPending(state: string): Promise<PendingAuthorization | undefined>;
	/** Single use over all windows: the first caller gets it. */
	takePending(state: string): Promise<PendingAuthorization | undefined>;
	/** It was taken within its ten minutes: a redirect with this state is an echo. */
	wasTaken(state: string): Promise<boolean>;
	newestPending(clientId: string): Promise<PendingAuthorization | undefined>;
	/**
	 * Makes the sealing key if there is none yet. For windows that read SecretStorage once and never again (host facts,
	 * section 3): those that open later see the key only if it was there before them. @throws StorageError
	 */
	makeReady(): Promise<void>;
	/** After `keyNotVisible` and the user's consent: goes on with a new key. What lies under the old one stays on disk, closed. */
	startAfresh(): Promise<void>;
	/** What speaks against relying on it that everything is still there when the editor starts again. */
	doubt(): Promise<Doubt | undefined>;
	/** Something changed, here or (within a second) in another window. */
	onDidChange(listener: () => void): { dispose(): void };
	dispose(): void;
}

/**
 * - `notWritten`: this window holds something that the journal does not take;
 * - `keyLostBefore`: the editor has lost a key, as it does without a keyring (host facts, section 3), and was not restarted
 *   since: nobody knows yet whether it keeps the new one.
 */
export type Doubt = "notWritten" | "keyLostBefore";

/** What the renewer uses besides. */
export interface OpenVault extends Vault {
	readonly store: Store;
	/** For whoever holds the renewal lock. */
	readonly receipts: Receipts;
	/** See `RenewalLocks.acquire`. */
	lockRenewal(id: string, signal?: AbortSignal): Promise<Lock>;
}

export interface VaultParts {
	readonly secrets: SecretStore;
	/** Shared by all windows and profiles of this user. */
	readonly folder: string;
	/** Tells one run of the editor from the next. */
	readonly session: string;
	/** ms since 1970 */
	readonly now?: () => number;
	readonly log?: VaultLog;
	/** [0, 1), for jitter. */
	readonly random?: () => number;
	/** For keys and ids. */
	readonly randomBytes?: (size: number) => Buffer;
	/** For tests: called at each named step of the protocol. */
	readonly step?: (name: string) => void;
	/** For tests: how long a sealing key that must exist may take to be seen, ms. */
	readonly propagationMs?: number;
}

/** How long other windows may keep the journal locked, ms; a change takes a few. */
const journalLimit = 10_000;
const silent: VaultLog = { info() {}, warn() {} };

/** Opens nothing until it is first used. */
export function openVault(parts: VaultParts): OpenVault {
	const {
		secrets,
		session,
		now = Date.now,
		log = silent,
		random = Math.random,
		randomBytes = systemRandomBytes,
		step,
	} = parts;
	const folder = vaultFolder(parts.folder);
	const waiting: Waiting = { limitMs: journalLimit, random, tooLong: journalBusy };
	const keyring = createKeyring({ secrets, folder, log, waiting, randomBytes, propagationMs: parts.propagationMs });
	const isOver = (key: string, value: unknown) => isOverPending(key, value, now());
	const store = createStore({ secrets, folder, keyring, log, waiting, isOver, step });
	const receipts = createReceipts(folder, keyring.known, log);

	const renewalLocks = createRenewalLocks({ folder, store, receipts, log, now, random });
	const lockRenewal = renewalLocks.acquire;
	const read = async () => {
		const draft = readDraft(await store.read());
		const moved = await renewalLocks.takeUpAnswers(accountsIn(draft));
		return moved ? readDraft(await store.read()) : draft;
	};
	const known = async (entries: Promise<Draft>, id: string) => {
		const account = accountIn(await entries, id);
		if (!account) throw noAccount(id, []);
		return account;
	};

	return {
		store,
		receipts,
		lockRenewal,
		...createPendingAuthorizations(store, now),
		async accounts() {
			const byLabel = new Intl.Collator("en").compare;
			return accountsIn(await read()).sort((a, b) => byLabel(labelOf(a), labelOf(b)));
		},
		defaultAccount: async () => defaultIn(await read()),
		async account(idOrHandle) {
			const entries = await read();
			const account = idOrHandle === undefined ? defaultIn(entries) : find(entries, idOrHandle);
			if (!account) throw noAccount(idOrHandle, accountsIn(entries));
			return account;
		},
		app: async (clientId) => appIn(await read(), clientId),
		apps: async () => appsIn(await read()),
		saveApp: (app) => store.update((draft) => putApp(draft, app)),
		async saveSignIn({ app, tokens, tokenEndpoint, replaces }) {
			/** The same one, should the change run again. */
			let id: string | undefined;
			// The code that bought these tokens is spent, and X has ended the grant before.
			const { result } = await store.keep((draft) => {
				putApp(draft, app);
				const before = replaces === undefined ? undefined : accountIn(draft, replaces);
				id ??= before?.id ?? newId(draft, randomBytes);
				const account: Account = {
					id,
					clientId: app.clientId,
					tokenEndpoint,
					...(before?.user ? { user: before.user } : {}),
					tokens,
					addedAt: before?.addedAt ?? now(),
					...(before?.lastUsedAt === undefined ? {} : { lastUsedAt: before.lastUsedAt }),
				};
				if (!defaultIn(draft)) draft.set(keys.default, { id: account.id });
				putAccount(draft, account);
				return account;
			});
			return result;
		},
		async identify(id, user) {
			// Under the lock no renewal of these tokens is on its way, so they can move to the older account.
			const lock = await lockRenewal(id);
			try {
				return await store.update((draft) => {
					const account = accountIn(draft, id);
					if (!account) throw noAccount(id, []);
					const older = accountsIn(draft).find((other) => other.id !== id && sameUser(other, account, user));
					if (!older) return putAccount(draft, { ...account, user });
					draft.set(keys.account(id), null);
					if (defaultIn(draft)?.id === id) draft.set(keys.default, { id: older.id });
					const { signInNeeded: _, backOff: __, renewal: ___, ...kept } = older;
					return putAccount(draft, { ...kept, tokens: account.tokens, user });
				});
			} finally {
				lock.release();
			}
		},
		async setDefault(id) {
			await store.update((draft) => {
				if (!accountIn(draft, id)) throw noAccount(id, []);
				draft.set(keys.default, { id });
			});
		},
		async noteUse(id) {
			const isNoted = (account: Account) => (account.lastUsedAt ?? 0) >= account.tokens.issuedAt;
			if (isNoted(await known(read(), id))) return;
			await store.update((draft) => {
				const account = accountIn(draft, id);
				if (!account || isNoted(account)) return;
				// Not before the issue, or a clock that was set back would make every use a write.
				putAccount(draft, { ...account, lastUsedAt: Math.max(now(), account.tokens.issuedAt) });
			});
		},
		async remove(id) {
			if (!accountIn(await read(), id)) return undefined;
			const lock = await lockRenewal(id);
			let removed: Account | undefined;
			try {
				removed = await store.update((draft) => {
					const account = accountIn(draft, id);
					if (account) draft.set(keys.account(id), null);
					return account;
				});
			} finally {
				// Whoever gets this lock later reads the tombstone and sends nothing.
				if (removed) lock.releaseForGood();
				else lock.release();
			}
			return removed;
		},
		async makeReady() {
			await keyring.findOrMake();
		},
		async startAfresh() {
			if (await keyring.makeAnew()) await store.update((draft) => draft.set(keys.startedAfresh, { session }));
		},
		async doubt() {
			const lostInThisRun = afreshSessionIn(await read()) === session;
			if (store.isBehind()) return "notWritten";
			return lostInThisRun ? "keyLostBefore" : undefined;
		},
		onDidChange: store.onDidChange,
		dispose: store.dispose,
	};
}

function newId(draft: Draft, randomBytes: (size: number) => Buffer): string {
	for (;;) {
		const id = randomBytes(4).toString("hex");
		// Removed accounts keep their place as tombstones.
		if (!draft.keys().includes(keys.account(id))) return id;
	}
}

function noAccount(idOrHandle: string | undefined, accounts: readonly Account[]): TwitterTokensError {
	if (idOrHandle === undefined || accounts.length === 0) {
		return new TwitterTokensError("NoAccount", "No X account is signed in here. Sign in first.");
	}
	const labels = accounts.map(labelOf).join(", ");
	return new TwitterTokensError("NoAccount", `No account "${idOrHandle}" is signed in here. There is ${labels}.`);
}

function journalBusy(): Error {
	return new StorageError(
		"busy",
		"Other windows keep the stored tokens locked. Try again; if it stays, close a window.",
	);
}
