import { randomBytes as systemRandomBytes } from "node:crypto";
import type { TokenSet } from "../oauth/tokens.ts";
import { createAccounts } from "./accounts.ts";
import { vaultFolder } from "./folder.ts";
import { createKeyring } from "./keyring.ts";
import type { Lock } from "./lock.ts";
import { createPendingAuthorizations, isOverPending } from "./pending.ts";
import { createReceipts, type Receipts } from "./receipts.ts";
import { type Account, type App, keys, type PendingAuthorization, type User } from "./records.ts";
import { accountsIn, afreshSessionIn, readDraft } from "./recordsIn.ts";
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
	/** The newest of everything, what dead windows have left included. */
	const read = async () => {
		const draft = readDraft(await store.read());
		const moved = await renewalLocks.takeUpAnswers(accountsIn(draft));
		return moved ? readDraft(await store.read()) : draft;
	};
	return {
		store,
		receipts,
		lockRenewal: renewalLocks.acquire,
		...createPendingAuthorizations(store, now),
		...createAccounts({ store, read, lockRenewal: renewalLocks.acquire, now, randomBytes }),
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

function journalBusy(): Error {
	return new StorageError(
		"busy",
		"Other windows keep the stored tokens locked. Try again; if it stays, close a window.",
	);
}
