import * as vscode from "vscode";
import { defaultScope } from "../oauth/authSettings.ts";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import { scopesOf } from "../oauth/tokens.ts";
import type { SignIn } from "../signIn/signIn.ts";
import { type Account, type App, labelOf } from "../vault/records.ts";
import type { Renewer } from "../vault/renewer.ts";
import { chooseApp } from "./chooseApp.ts";
import { answersTo, askedScopes, changesBetween, hasScopes, type SessionView, sessionsOf } from "./sessions.ts";
import { type SignOutParts, signOut } from "./signOut.ts";

export interface AuthenticationProviderParts extends SignOutParts {
	readonly signIn: SignIn;
	readonly renewer: Renewer;
}

/** Offers the accounts to VS Code's Accounts menu and, under VS Code's own consent, to every extension. */
export function registerAuthenticationProvider(parts: AuthenticationProviderParts): vscode.Disposable {
	const provider = createAuthenticationProvider(parts);
	return vscode.Disposable.from(
		provider,
		vscode.authentication.registerAuthenticationProvider("twitter", "Twitter (X)", provider, {
			supportsMultipleAccounts: true,
		}),
	);
}

/**
 * Sessions are read from the vault whenever somebody asks and never kept: one for each account, whose id is the account's.
 * VS Code hands on what it gets here and looks at the scopes no more, so who gets which account is decided here.
 */
export function createAuthenticationProvider(
	parts: AuthenticationProviderParts,
): vscode.AuthenticationProvider & vscode.Disposable {
	const { vault, renewer, signIn, log } = parts;
	const changes = new vscode.EventEmitter<vscode.AuthenticationProviderAuthenticationSessionsChangeEvent>();
	/** What was asked for and could not be given, word for word; by its text. */
	const unmet = new Map<string, readonly string[]>();
	/** As of the last look; what came before the first look is no change. */
	let known: readonly SessionView[] | undefined;
	let looking: Promise<void> = Promise.resolve();

	/** Tells what changed since the last look. A use that was noted, a pending sign-in or a new default is no change. */
	const look = async () => {
		try {
			const sessions = sessionsOf(await vault.accounts());
			const before = known;
			known = sessions;
			if (!before) {
				return;
			}
			const { added, removed, changed } = changesBetween(before, sessions);
			const answers = answersTo([...unmet.values()], { added, removed, changed });
			for (const { asked } of answers) {
				unmet.delete(asked.join(" "));
			}
			if (added.length + removed.length + changed.length > 0) {
				changes.fire({
					added: [...added, ...answers.map(({ session }) => session)].map(withoutToken),
					removed: removed.map(withoutToken),
					changed: changed.map(withoutToken),
				});
			}
		} catch (error) {
			log.warn(`Could not look for changed sessions: ${messageOf(error)}`);
		}
	};
	// One after the other, or an older look could end after a newer one and undo it.
	const lookSoon = () => {
		looking = looking.then(look);
	};
	const subscription = vault.onDidChange(lookSoon);
	lookSoon();

	/** The account with a token worth handing out, if there is one: whoever asks never waits for a person. */
	const fresh = async ({ id }: Account): Promise<Account | undefined> => {
		try {
			const account = await renewer.fresh(id);
			// The renewal may just have learned that X accepts the grant no more.
			return (await vault.account(id)).signInNeeded ? undefined : account;
		} catch (error) {
			log.info(`${id}: no session for it: ${messageOf(error)}`);
			return undefined;
		}
	};

	return {
		onDidChangeSessions: changes.event,
		async getSessions(scopes, { account: wanted }) {
			const asked = askedScopes(scopes);
			const accounts = (await vault.accounts()).filter(
				(account) =>
					!account.signInNeeded &&
					(wanted === undefined || account.id === wanted.id) &&
					hasScopes(account.tokens, asked),
			);
			if (scopes === undefined) {
				// VS Code's own question who is there, asked at every start and for every look at the Accounts menu. Nobody uses a token
				// of this answer, so nothing is renewed for it and it is no use that would keep an account alive.
				return accounts.map(sessionOf);
			}
			const usable = (await Promise.all(accounts.map(fresh))).filter((account) => account !== undefined);
			if (usable.length === 0) {
				unmet.set(scopes.join(" "), [...scopes]);
			}
			return usable.map(sessionOf);
		},
		async createSession(scopes, { account: wanted }) {
			try {
				const accounts = await vault.accounts();
				const account = accounts.find(({ id }) => id === wanted?.id);
				const app = await appFor(account);
				// VS Code names no account where none has the scopes yet, and only on X's page it turns out whose it is.
				const perhaps = account ? [account] : accounts.filter(({ clientId }) => clientId === app.clientId);
				// X keeps one grant for an app and a user: what is not asked for again is lost to everybody who uses the account.
				const all = [app.scope, defaultScope, ...scopes, ...perhaps.flatMap(({ tokens }) => tokens.scopes)];
				const signedIn = await signIn.withBrowser({ ...app, scope: scopesOf(all.join(" ")).join(" ") });
				return sessionOf(await renewer.fresh(signedIn.account.id));
			} catch (error) {
				// The one error that VS Code passes over in silence.
				throw error instanceof TwitterTokensError && error.code === "Cancelled"
					? new vscode.CancellationError()
					: error;
			}
		},
		async removeSession(sessionId) {
			await signOut(parts, sessionId, false);
		},
		dispose() {
			subscription.dispose();
			changes.dispose();
		},
	};

	/** As in the palette; the settings must not lead a known account to another app, where it would be a second account. */
	async function appFor(account: Account | undefined): Promise<App> {
		const { app, origin } = await chooseApp(vault, {});
		const elsewhere = account && origin === "setting" && account.clientId !== app.clientId;
		return (elsewhere ? await vault.app(account.clientId) : undefined) ?? app;
	}
}

function sessionOf(account: Account): vscode.AuthenticationSession {
	return {
		id: account.id,
		accessToken: account.tokens.accessToken,
		account: { id: account.id, label: labelOf(account) },
		scopes: account.tokens.scopes,
	};
}

/** For events: who is told of a change asks for the session, under VS Code's consent. */
function withoutToken({ id, label, scopes }: SessionView): vscode.AuthenticationSession {
	return { id, accessToken: "", account: { id, label }, scopes };
}
