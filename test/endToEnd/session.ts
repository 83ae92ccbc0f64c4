import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { type App, confidentialClientId, publicClientId } from "../emulator/apps.ts";
import { type Emulator, startEmulator } from "../emulator/emulator.ts";
import { launchChromium } from "../host/chromium.ts";
import { type CodeServer, readLogFiles, startCodeServer } from "../host/codeServer.ts";
import { projectFolder } from "../host/processes.ts";
import { until } from "../host/until.ts";
import { openWorkbench, type Workbench } from "../host/workbench.ts";
import { Ledger } from "./secretScan.ts";

export const packagedExtension = join(projectFolder, "twitter-tokens.vsix");
export const pictures = join(projectFolder, "out/pictures");
export const editorRedirect = "code-oss://twitter-tokens.twitter-tokens/callback";
/** What the status bar says within the first minutes after a sign-in. */
export const fresh = (handle: string): RegExp => new RegExp(`^\\$\\(key\\) @${handle} (2h 0m|1h 59m)$`);

export interface SessionOptions {
	/** Paths of `.vsix` files to install beside ours. */
	readonly extensions?: readonly string[];
	/** VS Code asks whether the workspace is trusted. */
	readonly workspaceTrust?: boolean;
}

/** A real VS Code with the packaged extension, a browser that shows it, and an X of its own. */
export class Session {
	readonly emulator: Emulator;
	/** Every secret that was in use, for the search at the end. */
	readonly ledger: Ledger;
	readonly loopbackRedirect: string;
	readonly #folder: string;
	readonly #options: SessionOptions;
	#server: CodeServer | undefined;
	#browser: BrowserContext | undefined;
	#window: Workbench | undefined;

	private constructor(
		folder: string,
		emulator: Emulator,
		ledger: Ledger,
		loopbackRedirect: string,
		options: SessionOptions,
	) {
		this.#folder = folder;
		this.#options = options;
		this.emulator = emulator;
		this.ledger = ledger;
		this.loopbackRedirect = loopbackRedirect;
	}

	/** @param settings user settings beside the endpoints */
	static async start(settings: Readonly<Record<string, unknown>>, options: SessionOptions = {}): Promise<Session> {
		const folder = await mkdtemp(join(tmpdir(), "tt-"));
		for (const name of ["workspace", "home"]) await mkdir(join(folder, name));
		await mkdir(pictures, { recursive: true });
		const loopbackRedirect = `http://127.0.0.1:${await freePort()}/callback`;
		const ledger = new Ledger();
		// After each request: tokens that a later request replaces are seen, too.
		const emulator = await startEmulator({ redirectUris: [loopbackRedirect], log: () => ledger.takeTokens() });
		ledger.watch(emulator);
		const session = new Session(folder, emulator, ledger, loopbackRedirect, options);
		await session.useAuth({ client_id: publicClientId, redirect_uri: loopbackRedirect });
		await session.#start({ ...settings, "twitterTokens.endpoints": emulator.endpoints });
		return session;
	}

	async #start(settings: Readonly<Record<string, unknown>> | undefined, port?: number): Promise<void> {
		this.#server = await startCodeServer({
			workspace: this.workspace,
			userDataDir: this.userData,
			extensionsDir: this.extensions,
			// Without it the workbench would send loopback addresses through its own proxy and damage their query.
			environment: { VSCODE_PROXY_URI: this.emulator.origin, HOME: this.home },
			...(settings === undefined
				? {}
				: { userSettings: settings, extensions: [packagedExtension, ...(this.#options.extensions ?? [])] }),
			workspaceTrust: this.#options.workspaceTrust ?? false,
			...(port === undefined ? {} : { port }),
		});
		this.#browser = await launchChromium({ profile: this.profile });
		this.#window = await this.openWindow();
	}

	get workspace(): string {
		return join(this.#folder, "workspace");
	}

	/** Where tools like xurl keep their things. */
	get home(): string {
		return join(this.#folder, "home");
	}

	get userData(): string {
		return join(this.#folder, "user");
	}

	get extensions(): string {
		return join(this.#folder, "extensions");
	}

	/** The browser's profile, where code-server's workbench keeps its storage and its secrets. */
	get profile(): string {
		return join(this.#folder, "browser");
	}

	get authFile(): string {
		return join(this.workspace, "auth.json");
	}

	get settingsFile(): string {
		return join(this.userData, "User/settings.json");
	}

	/** The first window. */
	get window(): Workbench {
		return present(this.#window);
	}

	get browser(): BrowserContext {
		return present(this.#browser);
	}

	/** Opens one more window beside those that are open. */
	async openWindow(): Promise<Workbench> {
		return await openWorkbench(this.browser, present(this.#server), { folder: this.workspace });
	}

	/** Writes the auth JSON that the setting may name; it is read anew at each sign-in. */
	async useAuth(auth: Readonly<Record<string, unknown>>): Promise<void> {
		await writeFile(this.authFile, JSON.stringify(auth));
	}

	/** The app by its kind, and auth settings for it. */
	async useApp(kind: "public" | "confidential", redirectUri: string): Promise<App> {
		const app = this.app(kind);
		await this.useAuth({
			client_id: app.clientId,
			redirect_uri: redirectUri,
			...(app.clientSecret ? { client_secret: app.clientSecret } : {}),
		});
		return app;
	}

	app(kind: "public" | "confidential"): App {
		const wanted = kind === "public" ? publicClientId : confidentialClientId;
		return present(this.emulator.apps.find(({ clientId }) => clientId === wanted));
	}

	/** Approves without a click. @returns where X would send the browser */
	approve(link: string, user = 0): string {
		const address = this.emulator.approve(link, present(this.emulator.users[user]).id);
		this.ledger.takeAddress(link);
		this.ledger.takeAddress(address);
		return address;
	}

	/** A code without a link, as from an OpenIntegrations link: its verifier is `challenge`. */
	foreignCode(app: App, redirectUri: string, user = 0): string {
		const code = this.emulator.issueCode({
			clientId: app.clientId,
			redirectUri,
			challenge: "challenge",
			method: "plain",
			userId: present(this.emulator.users[user]).id,
		});
		this.ledger.take(code, "code");
		return code;
	}

	/** Does what opens X's page. @returns the page, which is still open */
	async consentPage(action: () => Promise<unknown>, window = this.window): Promise<Page> {
		const page = await window.externalPage(action);
		await page.locator("#authorize").waitFor();
		this.ledger.takeAddress(page.url());
		return page;
	}

	/** Does what opens X's page, and closes that page. @returns the authorization link */
	async authorizationLink(action: () => Promise<unknown>, window = this.window): Promise<string> {
		const page = await this.consentPage(action, window);
		const link = page.url();
		await page.close();
		await window.page.bringToFront();
		return link;
	}

	/** Signs in as a person who pastes the address that X sends the browser to. */
	async signInByPaste(window = this.window): Promise<void> {
		await window.runCommand("Twitter Tokens: Get Token");
		await window.waitForQuickInput("Get Token");
		const link = await this.authorizationLink(
			() => window.clickQuickInputButton("Open the Authorization Page"),
			window,
		);
		await window.type(this.approve(link));
		await window.accept();
		await window.waitForNotification("Signed in to X as @ada_dev");
		await window.clearNotifications();
	}

	/** The digest of Ada's access token that X accepts, to be compared with what somebody was handed. */
	liveDigest(): string {
		const { clientId } = this.app("public");
		const live = this.emulator.liveGrant(clientId, present(this.emulator.users[0]).id);
		return createHash("sha256").update(present(live?.accessToken)).digest("hex");
	}

	/** The window as it is, for a person to look at. */
	async look(name: string): Promise<void> {
		await this.window.screenshot(join(pictures, `${name}.png`));
	}

	/** Delivers an address to the extension through *Developer: Open URL*, in whose own storage it stays. */
	async openUrl(address: string, window = this.window): Promise<void> {
		this.ledger.takeTyped(address);
		await window.openUri(address);
	}

	/** What the extension wrote into its log channel, of all windows so far. */
	async log(): Promise<string> {
		const files = await readLogFiles(this.userData);
		return [...files].flatMap(([name, text]) => (/Twitter Tokens\.log$/.test(name) ? [text] : [])).join("\n");
	}

	/** Waits until the extension has logged it once more than it had before the action. */
	async logged(line: RegExp, action: () => Promise<unknown>): Promise<void> {
		const count = async () => [...(await this.log()).matchAll(new RegExp(line, "g"))].length;
		const before = await count();
		await action();
		await until(`the log line ${line}`, async () => ((await count()) > before ? true : undefined));
	}

	/** Ends VS Code and the browser and starts both again, as after a restart of the computer. */
	async restart(meanwhile = async () => {}): Promise<void> {
		const { port } = present(this.#server);
		await this.stop();
		await meanwhile();
		await this.#start(undefined, port);
	}

	/** Ends VS Code and the browser; the emulator and all files stay. */
	async stop(): Promise<void> {
		await this.#browser?.close();
		this.#browser = undefined;
		await this.#server?.stop();
		this.#server = undefined;
	}

	async remove(): Promise<void> {
		await this.stop();
		await this.emulator.close();
		await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
	}

	/** The window in both colours: as wide as on a desk when dark, as narrow as beside a browser when light. */
	async picture(name: string, window = this.window): Promise<void> {
		const { page } = window;
		await page.bringToFront();
		const style = (theme: string) => page.locator(`.monaco-workbench.${theme}`).waitFor();
		await page.emulateMedia({ colorScheme: "dark" });
		await style("vs-dark");
		await page.screenshot({ path: join(pictures, `${name}-dark.png`), animations: "disabled" });
		await page.emulateMedia({ colorScheme: "light" });
		await window.resize(500, 700);
		await style("vs");
		await page.screenshot({ path: join(pictures, `${name}-light.png`), animations: "disabled" });
		await window.resize(1280, 800);
	}
}

/** Colours that follow the browser, so that a picture of an open menu can be taken in both. */
export const coloursOfTheBrowser = {
	"window.autoDetectColorScheme": true,
	"workbench.preferredDarkColorTheme": "Default Dark Modern",
	"workbench.preferredLightColorTheme": "Default Light Modern",
};

export function present<T>(value: T | undefined): T {
	if (value === undefined) throw new Error("It is not there (yet)");
	return value;
}

/** The value of a parameter in an address. */
export function parameter(address: string, name: string): string {
	const value = new URL(address).searchParams.get(name);
	if (value === null) throw new Error(`The address has no ${name}`);
	return value;
}

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const { port } = server.address() as AddressInfo;
	await new Promise((done) => server.close(done));
	return port;
}
