import { scopesOf } from "../oauth/tokens.ts";
import { type Account, labelOf } from "../vault/records.ts";

/** What other extensions know of an account, without its tokens: what changes are told apart by. */
export interface SessionView {
	/** The account's id. */
	readonly id: string;
	readonly label: string;
	readonly scopes: readonly string[];
	/** Tells one generation of tokens from the next; ms since 1970. */
	readonly issuedAt: number;
}

export interface SessionChanges {
	readonly added: readonly SessionView[];
	readonly removed: readonly SessionView[];
	readonly changed: readonly SessionView[];
}

/** One session for each account that X still accepts. */
export function sessionsOf(accounts: readonly Account[]): SessionView[] {
	return accounts
		.filter((account) => !account.signInNeeded)
		.map((account) => ({
			id: account.id,
			label: labelOf(account),
			scopes: account.tokens.scopes,
			issuedAt: account.tokens.issuedAt,
		}));
}

/** The scopes an extension asks for as a sorted set, also where it wrote several into one text as X's documentation does. */
export function askedScopes(scopes: readonly string[] | undefined): string[] {
	return scopesOf((scopes ?? []).join(" "));
}

/** The account has all these scopes, or more. */
export function hasScopes({ scopes }: Pick<SessionView, "scopes">, asked: readonly string[]): boolean {
	return asked.every((scope) => scopes.includes(scope));
}

/**
 * What became of the sessions. A new label is a session that went and one that came: VS Code's Accounts menu goes by labels
 * and would show the account twice.
 */
export function changesBetween(before: readonly SessionView[], after: readonly SessionView[]): SessionChanges {
	const same = (one: SessionView) => (other: SessionView) => other.id === one.id && other.label === one.label;
	return {
		added: after.filter((session) => !before.some(same(session))),
		removed: before.filter((session) => !after.some(same(session))),
		changed: after.filter((session) => {
			const old = before.find(same(session));
			return old !== undefined && old.issuedAt !== session.issuedAt;
		}),
	};
}

/**
 * VS Code crosses a "sign in to use …" off its list only when a session is added whose scopes are those asked for, no more (its
 * older versions: in the same order), so an account with more of them never would. For each list that could not be met before and
 * that a session now meets: that session under just these scopes.
 */
export function answersTo(
	unmet: readonly (readonly string[])[],
	{ added, changed }: SessionChanges,
): { readonly asked: readonly string[]; readonly session: SessionView }[] {
	return unmet.flatMap((asked) => {
		const session = [...added, ...changed].find((each) => hasScopes(each, askedScopes(asked)));
		return session ? [{ asked, session: { ...session, scopes: asked } }] : [];
	});
}
