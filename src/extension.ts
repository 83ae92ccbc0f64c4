import { readFileSync } from "node:fs";
import * as vscode from "vscode";
import type { TwitterTokensError } from "./oauth/errors.ts";
import { refreshGrant } from "./oauth/tokenEndpoint.ts";
import type { Transport } from "./oauth/transport.ts";
import type { Page } from "./signIn/loopback.ts";
import { endpoints, mcpEnabled, networkRules, renewalRules } from "./signIn/settings.ts";
import { createSignIn } from "./signIn/signIn.ts";
import { registerUriHandler } from "./signIn/uriHandler.ts";
import { registerAuthenticationProvider } from "./surfaces/authenticationProvider.ts";
import { tellAboutBrowserHosting } from "./surfaces/browserHosted.ts";
import { asTwitterTokensError, showError } from "./surfaces/commandRunner.ts";
import { announce, registerCommands } from "./surfaces/commands.ts";
import { createConsent } from "./surfaces/consent.ts";
import { registerMcpServer } from "./surfaces/mcpServer.ts";
import { createStatusBar, type StatusBar } from "./surfaces/statusBar.ts";
import { isKeyMissing, offerToStartAfresh } from "./surfaces/storageWarning.ts";
import { createTerminals } from "./surfaces/terminals.ts";
import { followWalkthrough } from "./surfaces/walkthrough.ts";
import { startWriteBack } from "./surfaces/writeBackMenu.ts";
import { createRenewer, type Renewer } from "./vault/renewer.ts";
import { openVault } from "./vault/vault.ts";

/** Builds the parts and joins them; nothing is read but what the status bar paints first. */
export function activate(context: vscode.ExtensionContext): void {
	const log = vscode.window.createOutputChannel("Twitter Tokens", { log: true });
	const transport = lazyTransport(log);
	const folder = sharedFolder(context.globalStorageUri).fsPath;
	// Not `vscode.env.sessionId`, which is a constant where telemetry is not built in: who started this process ends with the editor.
	const vault = openVault({ secrets: context.secrets, folder, session: String(process.ppid), log });

	let statusBar: StatusBar | undefined;
	const renewer: Renewer = createRenewer({
		vault,
		refresh: (account, app, refreshToken) =>
			refreshGrant(transport, account.tokenEndpoint, app, refreshToken, account.tokens),
		rules: () => ({ ...renewalRules(), tokenEndpoint: endpoints().token }),
		isShown: (id) => statusBar?.isShown(id) ?? false,
		log,
	});
	const note = (what: string, error: TwitterTokensError) =>
		error.code === "Cancelled"
			? log.info(`${what}: cancelled`)
			: log.warn(`${what}: ${error.code}: ${error.message}${error.serverText ? ` [X: ${error.serverText}]` : ""}`);
	const tell = (error: TwitterTokensError) => void (isKeyMissing(error) ? offerToStartAfresh(vault) : showError(error));
	const complain = (what: string, thrown: unknown) => {
		const error = asTwitterTokensError(thrown);
		note(what, error);
		return error;
	};
	const signIn = createSignIn({
		vault,
		transport,
		endpoints,
		log,
		announce: (signedIn) => {
			announce(signedIn);
			void tellAboutBrowserHosting(context.globalState);
		},
		complain: (error) => tell(complain("redirect", error)),
		renderPage: pageRenderer(context.asAbsolutePath("media/callback.html")),
	});
	const warnOnce = once(tell);
	statusBar = createStatusBar(vault, renewer, (thrown) => {
		const error = complain("status bar", thrown);
		if (isKeyMissing(error)) {
			warnOnce(error);
		}
	});
	const { workspaceState: state, environmentVariableCollection: collection } = context;
	const terminals = createTerminals({ vault, renewer, state, collection, log });
	const consent = createConsent(state);
	const writeBack = startWriteBack({ vault, folder, log });
	const parts = { vault, transport, endpoints, log, signIn, renewer };
	context.subscriptions.push(
		log,
		vault,
		renewer,
		statusBar,
		registerUriHandler((query) => void signIn.arrive(query)),
		terminals,
		writeBack,
		registerCommands({ ...parts, memory: context.globalState, note, tell, terminals, consent, writeBack }),
		registerAuthenticationProvider(parts),
		registerMcpServer({ ...parts, enabled: mcpEnabled, tell }),
		followWalkthrough(vault, log),
	);
	renewer.start();
	if (vscode.env.uiKind === vscode.UIKind.Web) {
		vault.makeReady().catch((thrown) => complain("storage", thrown));
	}
}

function once<T>(act: (value: T) => void): (value: T) => void {
	let done = false;
	return (value) => {
		if (!done) {
			done = true;
			act(value);
		}
	};
}

/** undici is loaded with the first request, not at start. What is logged of a request holds no query and no body. */
function lazyTransport(log: vscode.LogOutputChannel): Transport {
	let loaded: Promise<Transport> | undefined;
	return async (request) => {
		loaded ??= import("./oauth/http.ts").then(({ createTransport }) =>
			createTransport(networkRules, { editorFetch: globalThis.fetch }),
		);
		const { origin, pathname } = new URL(request.url);
		const answer = await (await loaded)(request);
		log.info(`${request.method} ${origin}${pathname}: ${answer.status} in ${answer.durationMs} ms`);
		return answer;
	};
}

/** `globalStorageUri` is per profile, secrets are not (host facts, section 3): all profiles share the default one's folder. */
function sharedFolder(globalStorage: vscode.Uri): vscode.Uri {
	return globalStorage.with({ path: globalStorage.path.replace(/\/profiles\/[^/]+(?=\/globalStorage\/)/, "") });
}

function pageRenderer(file: string): (page: Page) => string {
	const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
	return ({ title, text }) =>
		readFileSync(file, "utf8")
			.replaceAll("{title}", () => escaped(title))
			.replaceAll("{text}", () => escaped(text));
}
