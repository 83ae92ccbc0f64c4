import * as vscode from "vscode";
import type { Endpoints } from "../oauth/endpoints.ts";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import { remaining } from "../vault/expiry.ts";
import { signInMessage } from "../vault/obstacles.ts";
import { type Account, labelOf } from "../vault/records.ts";
import type { Renewer } from "../vault/renewer.ts";
import type { Vault } from "../vault/vault.ts";
import { asTwitterTokensError } from "./commandRunner.ts";

/** As in package.json. */
const providerId = "twitterTokens.mcp";
/** Of the one server. VS Code makes the server's id from it, under which it remembers the user's choices of tools. */
const label = "X API (Twitter Tokens)";

export interface McpServerParts {
	readonly vault: Vault;
	readonly renewer: Renewer;
	readonly endpoints: () => Endpoints;
	/** The setting `twitterTokens.mcp.enabled`: the user's word that agents may use the default account. */
	readonly enabled: () => boolean;
	/** Before a person's eyes, with the way on. */
	readonly tell: (error: TwitterTokensError) => void;
	readonly log: { info(message: string): void; warn(message: string): void };
}

type Provider = vscode.McpServerDefinitionProvider<vscode.McpHttpServerDefinition>;

/** Offers X's own MCP server to VS Code's agent mode. In editors that know no such servers: nothing. */
export function registerMcpServer(
	parts: McpServerParts,
	lm: Partial<Pick<typeof vscode.lm, "registerMcpServerDefinitionProvider">> | undefined = vscode.lm,
): vscode.Disposable {
	if (typeof lm?.registerMcpServerDefinitionProvider !== "function") {
		return new vscode.Disposable(() => {});
	}
	const provider = createMcpServerProvider(parts);
	return vscode.Disposable.from(provider, lm.registerMcpServerDefinitionProvider(providerId, provider));
}

/** What VS Code is told of the server before it starts it. */
interface Offer {
	readonly uri: string;
	/** VS Code stops a running server when it changes: the token that the server was started with is an old one. */
	readonly version: string;
}

/**
 * VS Code asks for definitions eagerly and keeps them on disk, so they hold no token; it is put in when a server starts. Whoever
 * starts it may be VS Code itself, before a message to an agent: nothing here begins a sign-in.
 */
export function createMcpServerProvider(parts: McpServerParts): Provider & vscode.Disposable {
	const { vault, renewer, endpoints, enabled, tell, log } = parts;
	const changes = new vscode.EventEmitter<void>();
	/** What VS Code was told last, or is being told; `null` before it asked: it will learn everything then. */
	let known: Offer | undefined | null = null;
	/** The newest tokens that a server was started with, and the version that VS Code knows that server by. */
	let started: { readonly generation: string; readonly version: string } | undefined;
	/** VS Code tries again before each message to an agent; a person reads why it fails once. */
	let told: string | undefined;
	let turns: Promise<unknown> = Promise.resolve();

	/** One after the other: a look in the midst of a start would take that start's own renewal for news and end the server. */
	const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
		const turn = turns.then(act);
		turns = turn.catch(() => {});
		return turn;
	};

	const versionNow = async (): Promise<string> => {
		let account: Account | undefined;
		try {
			account = await vault.defaultAccount();
		} catch (error) {
			log.warn(`MCP server: ${messageOf(error)}`);
		}
		// Listed all the same: who starts it is told what is missing.
		if (!account) return "none";
		const generation = generationOf(account);
		return generation === started?.generation ? started.version : generation;
	};

	const offer = async (): Promise<Offer | undefined> => {
		if (!enabled()) return undefined;
		try {
			return { uri: `${endpoints().api}/mcp`, version: await versionNow() };
		} catch (error) {
			log.warn(`MCP server: ${messageOf(error)}`);
			return undefined;
		}
	};

	const look = async () => {
		if (known === null) return;
		const now = await offer();
		if (now?.uri !== known?.uri || now?.version !== known?.version) {
			known = now;
			told = undefined;
			changes.fire();
		}
	};
	const lookSoon = () => void inTurn(look);

	const resolve = async ({ version }: vscode.McpHttpServerDefinition): Promise<vscode.McpHttpServerDefinition> => {
		if (!enabled()) {
			throw new TwitterTokensError(
				"AccessDenied",
				vscode.l10n.t("X's MCP server is switched off. Switch on the setting twitterTokens.mcp.enabled first."),
			);
		}
		const { api, token } = endpoints();
		const account = await freshDefault();
		if (account.tokenEndpoint !== token) {
			throw new TwitterTokensError(
				"InvalidAuthSettings",
				vscode.l10n.t(
					"The tokens of the default account come from {0} and are not sent to {1}. Set twitterTokens.endpoints back, or sign in again.",
					account.tokenEndpoint,
					api,
				),
			);
		}
		const generation = generationOf(account);
		started = { generation, version: version ?? generation };
		// A new one, or the token would stay in the definition that VS Code goes on to use. Of the names of headers VS Code's own log
		// blackens exactly this one.
		const headers = { Authorization: `Bearer ${account.tokens.accessToken}` };
		return new vscode.McpHttpServerDefinition(label, vscode.Uri.parse(`${api}/mcp`, true), headers, started.version);
	};

	/** @throws NoAccount, GrantLost with the name of the command that helps */
	const freshDefault = async (): Promise<Account> => {
		const account = await vault.defaultAccount();
		if (!account) {
			throw new TwitterTokensError(
				"NoAccount",
				vscode.l10n.t("X's MCP server cannot be started: no X account is signed in. {0}", howToSignIn()),
			);
		}
		if (account.signInNeeded) throw signInFirst(signInMessage(account));
		try {
			await renewer.fresh(account.id);
		} catch (error) {
			throw error instanceof TwitterTokensError && error.code === "GrantLost" ? signInFirst(error.message) : error;
		}
		// Read again: X may have refused the grant just now, and another window may have brought newer tokens.
		const newest = await vault.account(account.id);
		if (newest.signInNeeded) throw signInFirst(signInMessage(newest));
		if (remaining(newest.tokens, Date.now()) === 0) {
			throw signInFirst(vscode.l10n.t("The access token of {0} has expired.", labelOf(newest)));
		}
		return newest;
	};

	const subscriptions = [
		changes,
		vault.onDidChange(lookSoon),
		vscode.workspace.onDidChangeConfiguration((change) => {
			if (change.affectsConfiguration("twitterTokens.mcp") || change.affectsConfiguration("twitterTokens.endpoints")) {
				lookSoon();
			}
		}),
	];

	return {
		onDidChangeMcpServerDefinitions: changes.event,
		provideMcpServerDefinitions: () =>
			inTurn(async () => {
				known = await offer();
				return known
					? [new vscode.McpHttpServerDefinition(label, vscode.Uri.parse(known.uri, true), {}, known.version)]
					: [];
			}),
		async resolveMcpServerDefinition(server) {
			try {
				const resolved = await inTurn(() => resolve(server));
				told = undefined;
				return resolved;
			} catch (thrown) {
				const error = asTwitterTokensError(thrown);
				log.info(`MCP server not started: ${error.code}: ${error.message}`);
				if (told !== error.message) {
					told = error.message;
					tell(error);
				}
				throw error;
			}
		},
		dispose() {
			for (const subscription of subscriptions) {
				subscription.dispose();
			}
		},
	};
}

/** Tells one access token from another without being one. */
function generationOf({ id, tokens }: Account): string {
	return `${id}.${tokens.issuedAt}`;
}

function signInFirst(why: string): TwitterTokensError {
	return new TwitterTokensError(
		"GrantLost",
		vscode.l10n.t("X's MCP server cannot be started: {0} {1}", why, howToSignIn()),
	);
}

function howToSignIn(): string {
	return vscode.l10n.t(
		'Run the command "Twitter Tokens: Sign In with Browser" (twitterTokens.signIn), then start the server again.',
	);
}
