import * as vscode from "vscode";
import type { AuthSettings } from "../oauth/authSettings.ts";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import { type FoundApp, importedTokens } from "../oauth/importable.ts";
import { refreshGrant } from "../oauth/tokenEndpoint.ts";
import { exchangeOAuth1 } from "../oauth/tokenExchange.ts";
import { scopesOf, type TokenSet } from "../oauth/tokens.ts";
import { readAuth } from "../signIn/authSource.ts";
import type { RedeemParts } from "../signIn/redeem.ts";
import { authSetting } from "../signIn/settings.ts";
import { editorCallbackUrl } from "../signIn/uriHandler.ts";
import { remaining } from "../vault/expiry.ts";
import { type Account, type App, labelOf } from "../vault/records.ts";
import type { Vault } from "../vault/vault.ts";
import { chooseApp } from "./chooseApp.ts";
import { asTwitterTokensError, runForPerson } from "./commandRunner.ts";
import { askForSource, askWhat, nothingIn, type Wanted } from "./importQuestions.ts";
import { type Found, readSource } from "./importSource.ts";
import { nameAccount } from "./whoAmI.ts";

export interface ImportParts extends RedeemParts {
	/** Offers to write renewed tokens back into the file they came from. */
	readonly offerWriteBack: (account: Account, file: string) => Promise<void>;
}

/**
 * Imports what another tool holds. A person is told first what sharing a grant means and chooses; a program that names
 * the source gets the tokens at once.
 *
 * @returns the accounts, none where only an app was taken
 */
export async function importTokens(parts: ImportParts, from: unknown, byPerson: boolean): Promise<readonly Account[]> {
	const found = from === undefined ? await askForSource() : await readSource(from);
	const asks = byPerson || from === undefined;
	const wanted = asks ? await askWhat(found) : everything(found);
	const accounts: Account[] = [];
	let failure: unknown;
	for (const each of wanted) {
		try {
			const account = await importOne(parts, found, each, asks);
			if (account && !accounts.some(({ id }) => id === account.id)) {
				accounts.push(account);
			}
		} catch (error) {
			// One dead grant must not keep the others out.
			failure ??= error;
			parts.log.warn(`not imported from ${found.place}: ${asTwitterTokensError(error).message}`);
		}
	}
	if (failure !== undefined && accounts.length === 0) {
		throw failure;
	}
	if (asks && accounts.length > 0) {
		void tellImported(parts, found, accounts, failure);
	}
	return accounts;
}

function everything({ apps, place }: Found): Wanted[] {
	const all = apps.flatMap((found): Wanted[] => {
		if (found.grants.length > 0) {
			return found.grants.map((grant) => ({ kind: "grant", found, grant }));
		}
		return found.oauth1 ? [{ kind: "oauth1", found, oauth1: found.oauth1 }] : [{ kind: "app", found }];
	});
	if (all.length === 0) {
		throw nothingIn(place);
	}
	return all;
}

async function importOne(
	parts: ImportParts,
	{ place }: Found,
	wanted: Wanted,
	byPerson: boolean,
): Promise<Account | undefined> {
	const { vault, transport, log } = parts;
	const app = await appFor(vault, wanted.found, byPerson);
	if (wanted.kind === "app") {
		await vault.saveApp(app);
		log.info(`imported the app ${app.clientId} from ${place}`);
		if (byPerson) {
			await runForPerson("twitterTokens.signIn", { auth: authJsonOf(app) });
		}
		return undefined;
	}
	const tokenEndpoint = parts.endpoints().token;
	let tokens: TokenSet;
	if (wanted.kind === "oauth1") {
		tokens = await exchangeOAuth1(transport, tokenEndpoint, app, wanted.oauth1, withOfflineAccess(app.scope));
	} else {
		const { accessToken, refreshToken, scopes } = wanted.grant;
		const known = (await vault.accounts()).find(
			(account) =>
				account.clientId === app.clientId &&
				account.tokenEndpoint === tokenEndpoint &&
				(account.tokens.accessToken === accessToken ||
					(refreshToken !== undefined && account.tokens.refreshToken === refreshToken)),
		);
		if (known) {
			// A second account with the same refresh token would kill the first with its first renewal.
			await vault.saveApp(app);
			return known;
		}
		if (accessToken !== undefined) {
			tokens = importedTokens({ ...wanted.grant, accessToken }, Date.now());
		} else if (refreshToken !== undefined) {
			tokens = await refreshGrant(transport, tokenEndpoint, app, refreshToken, {
				scopes: [...scopes],
			});
		} else {
			throw nothingIn(place);
		}
	}
	const account = await vault.saveSignIn({ app, tokens, tokenEndpoint });
	log.info(
		`imported from ${place}: ${account.id}${tokens.scopes.length > 0 ? `, scopes ${tokens.scopes.join(" ")}` : ""}`,
	);
	if (remaining(tokens, Date.now()) <= 0) {
		return account;
	}
	try {
		return await nameAccount(parts, account);
	} catch (error) {
		log.warn(`${account.id}: ${messageOf(error)}`);
		return account;
	}
}

/** The app that the tokens belong to: the place's own, else the setting's, else the only one that is known. */
async function appFor(vault: Vault, found: FoundApp, byPerson: boolean): Promise<App> {
	if (found.auth) {
		const kept = await vault.app(found.auth.clientId);
		return appOf(found.auth, kept);
	}
	if (byPerson) {
		return { ...(await chooseApp(vault, {})).app, kept: true };
	}
	const set = await readAuth(authSetting(), "the setting twitterTokens.auth");
	if (set) {
		return appOf(set.auth, await vault.app(set.auth.clientId));
	}
	const [only, ...others] = await vault.apps();
	if (only && others.length === 0) {
		return only;
	}
	throw new TwitterTokensError(
		"InvalidAuthSettings",
		vscode.l10n.t(
			"{0} does not say which X app the tokens belong to, and without it they cannot be renewed. Add client_id, or name the app in the setting twitterTokens.auth. Nothing was imported.",
			found.name,
		),
	);
}

/** A secret that was moved into the vault is put back in its place. */
function appOf({ clientId, clientSecret, redirectUri, scope }: AuthSettings, before: App | undefined): App {
	const secret = clientSecret ?? before?.clientSecret;
	return {
		clientId,
		...(secret ? { clientSecret: secret } : {}),
		redirectUri: redirectUri ?? before?.redirectUri ?? editorCallbackUrl(),
		scope,
		kept: true,
	};
}

function authJsonOf({ clientId, clientSecret, redirectUri, scope }: App): Record<string, string> {
	return {
		client_id: clientId,
		...(clientSecret ? { client_secret: clientSecret } : {}),
		redirect_uri: redirectUri,
		scope,
	};
}

function withOfflineAccess(scope: string): string {
	return scopesOf(`${scope} offline.access`).join(" ");
}

async function tellImported(
	parts: ImportParts,
	{ place, file }: Found,
	accounts: readonly Account[],
	failure: unknown,
): Promise<void> {
	const labels = accounts.map(labelOf).join(", ");
	const [first] = accounts;
	const offer = vscode.l10n.t("Write Renewed Tokens Back…");
	const sentences = [vscode.l10n.t("Imported {0}. Do not use the copy in {1} any more.", labels, place)];
	if (failure !== undefined) {
		sentences.push(messageOf(failure));
	}
	const chosen = await vscode.window.showInformationMessage(sentences.join(" "), ...(file && first ? [offer] : []));
	if (chosen === offer && file && first) {
		await parts.offerWriteBack(first, file);
	}
}
