import * as v from "valibot";
import { createDraft, type Draft } from "./draft.ts";
import type { Entries } from "./entries.ts";
import { Account, App, DefaultAccount, isAccountKey, keys, StartedAfresh, type User } from "./records.ts";

/** Entries to read from; writes go nowhere. */
export const readDraft = (entries: Entries): Draft => createDraft(entries);

/** `undefined` for what a newer version stores in a way this one does not understand: it is left alone. */
function read<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T | undefined {
	const result = v.safeParse(schema, value);
	return result.success ? result.output : undefined;
}

export const accountIn = (draft: Draft, id: string): Account | undefined => read(Account, draft.get(keys.account(id)));

export const appIn = (draft: Draft, clientId: string): App | undefined => read(App, draft.get(keys.app(clientId)));

export function appsIn(draft: Draft): App[] {
	return draft.keys().flatMap((key) => (key.startsWith(keys.app("")) ? (read(App, draft.get(key)) ?? []) : []));
}

export function accountsIn(draft: Draft): Account[] {
	return draft.keys().flatMap((key) => (isAccountKey(key) ? (read(Account, draft.get(key)) ?? []) : []));
}

/** The session of the editor in which a lost key was replaced; `undefined` where none was lost. */
export const afreshSessionIn = (draft: Draft): string | undefined =>
	read(StartedAfresh, draft.get(keys.startedAfresh))?.session;

/** The chosen account if it is still there, else the oldest. */
export function defaultIn(draft: Draft): Account | undefined {
	const chosen = read(DefaultAccount, draft.get(keys.default));
	return (chosen && accountIn(draft, chosen.id)) ?? accountsIn(draft).sort(olderFirst)[0];
}

/** By id, or by handle; of several with that handle (one per app) the default, else the oldest. */
export function find(draft: Draft, idOrHandle: string): Account | undefined {
	const handle = idOrHandle.replace(/^@/, "").toLowerCase();
	const matching = accountsIn(draft).filter((account) => account.user?.handle.toLowerCase() === handle);
	const preferred = defaultIn(draft);
	return (
		accountIn(draft, idOrHandle) ??
		matching.find((account) => account.id === preferred?.id) ??
		matching.sort(olderFirst)[0]
	);
}

const olderFirst = (a: Account, b: Account): number => (a.addedAt ?? 0) - (b.addedAt ?? 0) || (a.id < b.id ? -1 : 1);

/** The last moment a `Date` can be. X's `expires_in` may lead beyond what JSON can hold. */
const endOfTime = 8.64e15;

/** @throws v.ValiError for an account that nobody could read again; that would look like a sign-out */
export function putAccount(draft: Draft, account: Account): Account {
	const { tokens } = account;
	const readable = v.parse(Account, {
		...account,
		tokens: { ...tokens, expiresAt: Math.min(tokens.expiresAt, endOfTime) },
	});
	draft.set(keys.account(account.id), readable);
	return readable;
}

/** Does nothing where the app is the same: a change would be written by every window that reads its settings. */
export function putApp(draft: Draft, put: App): void {
	const before = appIn(draft, put.clientId);
	const kept = put.kept ?? before?.kept;
	const app = kept === undefined ? put : { ...put, kept };
	if (before && JSON.stringify(canonical(before)) === JSON.stringify(canonical(app))) return;
	draft.set(keys.app(app.clientId), app);
	for (const { backOff, ...account } of accountsIn(draft)) {
		const refused = backOff?.code === "ClientAuthenticationFailed" || backOff?.code === "ClientUnknown";
		if (refused && account.clientId === app.clientId) putAccount(draft, account);
	}
}

const canonical = ({ clientId, clientSecret, redirectUri, scope, kept }: App) => [
	clientId,
	clientSecret || undefined,
	redirectUri,
	scope,
	kept,
];

/** The same user of the same app at the same server: one grant as far as X is concerned. */
export function sameUser(other: Account, account: Account, user: User): boolean {
	return (
		other.user?.id === user.id && other.clientId === account.clientId && other.tokenEndpoint === account.tokenEndpoint
	);
}
