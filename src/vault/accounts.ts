import { TwitterTokensError } from "../oauth/errors.ts";
import type { Draft } from "./draft.ts";
import { type Account, keys, labelOf } from "./records.ts";
import { accountIn, accountsIn, appIn, appsIn, defaultIn, find, putAccount, putApp, sameUser } from "./recordsIn.ts";
import type { RenewalLocks } from "./renewalLock.ts";
import type { Store } from "./store.ts";
import type { Vault } from "./vault.ts";

type Accounts = Pick<
	Vault,
	| "accounts"
	| "defaultAccount"
	| "account"
	| "app"
	| "apps"
	| "saveApp"
	| "saveSignIn"
	| "identify"
	| "setDefault"
	| "noteUse"
	| "remove"
>;

export interface AccountsParts {
	readonly store: Store;
	/** The newest of everything. */
	readonly read: () => Promise<Draft>;
	readonly lockRenewal: RenewalLocks["acquire"];
	/** ms since 1970 */
	readonly now: () => number;
	readonly randomBytes: (size: number) => Buffer;
}

/** Accounts and the apps they were signed in to. */
export function createAccounts({ store, read, lockRenewal, now, randomBytes }: AccountsParts): Accounts {
	return {
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
			const known = accountIn(await read(), id);
			if (!known) throw noAccount(id, []);
			if (isNoted(known)) return;
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
