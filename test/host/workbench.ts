import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserContext, Locator, Page } from "playwright-core";
import { type CodeServer, writeSettings } from "./codeServer.ts";
import {
	type Dialog,
	type Notification,
	type QuickInput,
	readDialog,
	readNotifications,
	readQuickInput,
	readSize,
	readStatusBarItem,
	type StatusBarText,
} from "./screen.ts";
import { patience, until } from "./until.ts";

export const extensionId = "twitter-tokens.twitter-tokens";
/** The id VS Code gives an item in the page: the extension's, then the item's own. */
export const statusBarId = `${extensionId}.twitterTokens.status`;

export interface OpenOptions {
	/** The folder to open; without it an empty window. */
	readonly folder?: string;
	/** Wait until VS Code has begun to activate the extension (the default), or only until the window can be used. */
	readonly activated?: boolean;
	/** A page to use instead of a new one. */
	readonly page?: Page;
}

/** The windows of this process that are open, for a report on what they show. */
export const openWindows = new Set<Workbench>();

type Server = Pick<CodeServer, "origin" | "userDataDir" | "logs">;

/** Opens a window (a browser page) on the server and waits until it can be used. */
export async function openWorkbench(
	context: BrowserContext,
	server: Server,
	options: OpenOptions = {},
): Promise<Workbench> {
	// The page a browser starts with is as good as a new one, and a blank tab in a screenshot helps nobody.
	const blank = context.pages().find((page) => page.url() === "about:blank");
	const page = options.page ?? blank ?? (await context.newPage());
	const workbench = new Workbench(page, server);
	openWindows.add(workbench);
	page.once("close", () => openWindows.delete(workbench));
	const query = options.folder === undefined ? "?ew=true" : `?folder=${encodeURIComponent(options.folder)}`;
	await workbench.load(() => page.goto(`${server.origin}/${query}`), options.activated ?? true);
	return workbench;
}

export interface StatusBarItem extends StatusBarText {
	/** What hovering over the item shows. */
	tooltip(): Promise<string>;
	click(): Promise<void>;
}

/** One VS Code window, used as a person uses it: by keyboard and by what is on the screen. */
export class Workbench {
	readonly page: Page;
	readonly #server: Server;
	#activated = true;

	constructor(page: Page, server: Server) {
		this.page = page;
		this.#server = server;
	}

	/** Does what leads to a (re)loaded window and waits for it. */
	async load(go: () => Promise<unknown>, activated: boolean): Promise<void> {
		this.#activated = activated;
		const before = await activations(this.#server.userDataDir);
		try {
			await go();
			await this.page.locator(".monaco-workbench .part.statusbar .statusbar-item").first().waitFor({ timeout: 90_000 });
		} catch (error) {
			throw new Error(`The window did not come up. The server says:\n${this.#server.logs().slice(-4_000)}`, {
				cause: error,
			});
		}
		if (!activated) return;
		await until(`the activation of ${extensionId}`, async () => {
			const after = await activations(this.#server.userDataDir);
			return [...after].some((each) => !before.has(each)) || undefined;
		});
	}

	/** Reloads the window: a new extension host, as with *Developer: Reload Window*. */
	async reload(): Promise<void> {
		await this.load(() => this.page.reload(), this.#activated);
	}

	async close(): Promise<void> {
		await this.page.close();
	}

	async screenshot(path: string): Promise<void> {
		await this.page.screenshot({ path });
	}

	/** Makes the window as large as told and waits until all in it is in its new place: what moves loses clicks. */
	async resize(width: number, height: number): Promise<void> {
		await this.page.setViewportSize({ width, height });
		await until(`a window of ${width} × ${height}`, async () => {
			const now = await readSize(this.page);
			return (now.width === width && now.height === height) || undefined;
		});
	}

	/** All that asks or tells something on the screen now, for who has to find out why a test failed. */
	async describe(): Promise<string> {
		const panel = this.page.locator(".part.panel");
		const shown = {
			title: await this.page.title(),
			dialog: await this.dialog(),
			quickInput: await this.quickInput(),
			notifications: await this.notifications(),
			statusBar: await this.statusBarItem(),
			panel: (await panel.isVisible()) ? (await panel.innerText()).slice(-2_000) : undefined,
		};
		return JSON.stringify(shown, undefined, "\t");
	}

	// --- palette

	/** Runs a command by its title in the palette, `Twitter Tokens: Get Token`, and returns when the palette is gone. */
	async runCommand(title: string): Promise<void> {
		await until(`the palette's row "${title}"`, async () => {
			if (!(await this.#openPalette())) return undefined;
			// Commands of an extension arrive after the window; an open palette does not show them: open it again.
			// What was still closing when F1 was pressed can take the palette with it: then open it again, too.
			const filled = this.#input.fill(`>${title}`, { timeout: 1_500 });
			if ((await filled.catch(() => "not")) === "not") return undefined;
			const found = await until("", async () => (await this.#focusRow(title)) || undefined, 1_500).catch(() => false);
			if (!found) await this.page.keyboard.press("Escape");
			return found || undefined;
		});
		await this.page.keyboard.press("Enter");
		await until("the palette to close", async () => !(await this.#inPalette()) || undefined);
	}

	/** Titles the palette lists for what is typed; for "is this command offered now". */
	async paletteRows(typed: string): Promise<string[]> {
		await until("the palette", async () => (await this.#openPalette()) || undefined);
		await this.#input.fill(`>${typed}`);
		let rows: string[] = [];
		// The list is rebuilt a moment after the typing: it has settled when it is twice the same.
		await until("the palette's rows", async () => {
			const now = (await this.quickInput())?.items.map((item) => item.label) ?? [];
			const settled = now.length > 0 && now.join("\n") === rows.join("\n");
			rows = now;
			if (!settled) await sleep(200);
			return settled || undefined;
		});
		await this.page.keyboard.press("Escape");
		return rows;
	}

	async #openPalette(): Promise<boolean> {
		if (await this.#inPalette()) return true;
		await this.page.keyboard.press("F1");
		return await until("", async () => (await this.#inPalette()) || undefined, 1_000).catch(() => false);
	}

	async #inPalette(): Promise<boolean> {
		return (await this.quickInput())?.placeholder === "Type the name of a command to run.";
	}

	/** Moves to the row of that name by the arrow keys; false if it is not in the list (yet). */
	async #focusRow(title: string): Promise<boolean> {
		const items = (await this.quickInput())?.items ?? [];
		const wanted = items.findIndex((item) => item.label === title);
		const focused = items.findIndex((item) => item.focused);
		if (wanted < 0 || focused < 0) return false;
		if (wanted === focused) return true;
		await this.page.keyboard.press(wanted > focused ? "ArrowDown" : "ArrowUp");
		return false;
	}

	// --- quick input

	get #widget(): Locator {
		return this.page.locator(".quick-input-widget");
	}

	get #input(): Locator {
		return this.#widget.locator(".quick-input-box input");
	}

	/** What the quick input shows now, or `undefined` if there is none. */
	async quickInput(): Promise<QuickInput | undefined> {
		return await readQuickInput(this.page);
	}

	/**
	 * Waits for a quick input that `fits` (any, by default; a string is sought in title, placeholder and message) and
	 * returns what it shows.
	 */
	async waitForQuickInput(fits: string | RegExp | ((input: QuickInput) => boolean) = ""): Promise<QuickInput> {
		return await until(`a quick input ${fits}`, async () => {
			const input = await this.quickInput();
			if (input === undefined) return undefined;
			if (typeof fits === "function") return fits(input) ? input : undefined;
			return matches(`${input.title}\n${input.placeholder}\n${input.message}`, fits) ? input : undefined;
		});
	}

	/** Replaces what is in the input. Accepting it is another step. */
	async type(text: string): Promise<void> {
		await this.#input.fill(text);
	}

	async accept(): Promise<void> {
		await this.#input.press("Enter");
	}

	async escape(): Promise<void> {
		await this.page.keyboard.press("Escape");
	}

	/** Clicks beside the quick input, into the window: the focus is elsewhere then. */
	async leaveQuickInput(): Promise<void> {
		const { width, height } = this.page.viewportSize() ?? { width: 1280, height: 800 };
		await this.page.mouse.click(width / 2, height * 0.7);
		await until("the focus to leave the quick input", async () =>
			(await this.page.evaluate("!document.activeElement?.closest('.quick-input-widget')")) ? true : undefined,
		);
	}

	/** Waits until no quick input is open. */
	async quickInputClosed(): Promise<void> {
		await until("the quick input to close", async () => ((await this.quickInput()) === undefined ? true : undefined));
	}

	/** Clicks a button in the title of the quick input, or beside its input, by its tooltip (or its beginning). */
	async clickQuickInputButton(tooltip: string): Promise<void> {
		await this.#widget
			.locator(`.quick-input-titlebar [role=button], .quick-input-header [role=button]`)
			.and(this.page.locator(`[aria-label^=${JSON.stringify(tooltip)}]`))
			.first()
			.click();
	}

	/** Takes an item by its label (without icons, or as in `QuickItem`), waiting until it is there. */
	async pickItem(label: string | RegExp): Promise<void> {
		await (await this.#row(label)).click();
	}

	/** Takes an item by keyboard alone. */
	async choose(label: RegExp): Promise<void> {
		await until(`the item ${label} under the focus`, async () => {
			const items = (await this.quickInput())?.items ?? [];
			const wanted = items.findIndex((each) => label.test(each.label));
			const focused = items.findIndex((each) => each.focused);
			if (wanted < 0 || focused < 0) return undefined;
			if (wanted === focused) return true;
			await this.page.keyboard.press(wanted > focused ? "ArrowDown" : "ArrowUp");
			return undefined;
		});
		await this.page.keyboard.press("Enter");
	}

	/** Clicks a button at the end of an item's row. */
	async clickItemButton(label: string | RegExp, tooltip: string): Promise<void> {
		const row = await this.#row(label);
		await row.hover();
		await row.locator(`.quick-input-list-entry-action-bar [aria-label=${JSON.stringify(tooltip)}]`).click();
	}

	async #row(label: string | RegExp): Promise<Locator> {
		const index = await until(`the item ${label}`, async () => {
			const items = (await this.quickInput())?.items ?? [];
			const found = items.findIndex((item) => isLabel(item.label, label));
			return found < 0 ? undefined : found;
		});
		return this.#widget.locator(".monaco-list-row:not(.quick-input-list-separator-as-item)").nth(index);
	}

	// --- notifications

	/** The notifications on the screen, newest first: VS Code shows three at most and hides those without buttons. */
	async notifications(): Promise<Notification[]> {
		return await readNotifications(this.page);
	}

	async waitForNotification(text: string | RegExp): Promise<Notification> {
		return await until(`a notification ${text}`, async () =>
			(await this.notifications()).find((each) => matches(each.text, text)),
		);
	}

	/**
	 * Waits for the notification, clicks one of its buttons, and waits until it is gone. Whenever another one comes or
	 * goes the rest move, and may do so under the mouse button: then it takes a second click, as a person would give.
	 */
	async clickNotification(text: string | RegExp, button: string): Promise<void> {
		const found = await this.#notification(text);
		// The same words may come back at once in another notification: it is this one that has to go.
		const toast = await found.elementHandle();
		const place = found.locator(".notification-list-item-buttons-container").getByText(button, { exact: true });
		await until(`an effect of ${button} on the notification ${text}`, async () => {
			await place.click({ timeout: 3_000 }).catch(() => {});
			return await toast?.waitForElementState("hidden", { timeout: 3_000 }).then(
				() => true,
				() => undefined,
			);
		});
	}

	/** Waits for the notification and closes it. */
	async dismissNotification(text: string | RegExp): Promise<void> {
		const found = await this.#notification(text);
		await found.hover();
		await found.locator("[aria-label^='Clear Notification']").click();
		await until("the notification to close", async () =>
			(await this.notifications()).some((each) => matches(each.text, text)) ? undefined : true,
		);
	}

	async clearNotifications(): Promise<void> {
		await this.runCommand("Notifications: Clear All Notifications");
	}

	async #notification(text: string | RegExp): Promise<Locator> {
		await this.waitForNotification(text);
		return this.page.locator(".notification-list-item").filter({
			has: this.page.locator(".notification-list-item-message").filter({ hasText: text }),
		});
	}

	// --- status bar

	/** The item as it is now, or `undefined` if it is not shown. */
	async statusBarItem(id = statusBarId): Promise<StatusBarItem | undefined> {
		const item = this.page.locator(`[id=${JSON.stringify(id)}]`);
		const read = await readStatusBarItem(this.page, id);
		if (read === undefined) return undefined;
		return {
			...read,
			tooltip: async () => {
				// Where the mouse was before, another hover may be on its way, and stay for a moment.
				const hovers = this.page.locator(".monaco-hover.workbench-hover");
				const { y: top } = (await item.boundingBox()) ?? { y: 0 };
				return await until("the tooltip above the item", async () => {
					await this.page.mouse.move(640, 400);
					await item.hover();
					return await until(
						"",
						async () => {
							for (const hover of await hovers.all()) {
								const box = await hover.boundingBox({ timeout: 1_000 }).catch(() => null);
								if (!box || box.y + box.height < top - 40) continue;
								const text = await hover.locator(".monaco-hover-content").innerText({ timeout: 1_000 });
								return text.replaceAll("\u00a0", " ").trim() || undefined;
							}
							return undefined;
						},
						3_000,
					).catch(() => undefined);
				});
			},
			click: async () => {
				await item.click();
			},
		};
	}

	/** Waits until the item is shown with such a text. */
	async waitForStatusBarItem(text: string | RegExp, id = statusBarId): Promise<StatusBarItem> {
		return await until(`the status bar text ${text}`, async () => {
			const item = await this.statusBarItem(id);
			return item !== undefined && matches(item.text, text) ? item : undefined;
		});
	}

	// --- dialogs

	/** The modal dialog on the screen, or `undefined`. */
	async dialog(): Promise<Dialog | undefined> {
		return await readDialog(this.page);
	}

	async waitForDialog(text: string | RegExp = ""): Promise<Dialog> {
		return await until(`a dialog ${text}`, async () => {
			const dialog = await this.dialog();
			return dialog !== undefined && matches(`${dialog.message}\n${dialog.detail}`, text) ? dialog : undefined;
		});
	}

	/** Waits for the dialog, clicks one of its buttons, and waits until it is gone. */
	async answerDialog(button: string, text: string | RegExp = ""): Promise<void> {
		const { message, detail } = await this.waitForDialog(text);
		await this.page.locator(".monaco-dialog-box .dialog-buttons").getByText(button, { exact: true }).click();
		// The next dialog may follow at once: it is this one that has to go.
		await until("the dialog to close", async () => {
			const now = await this.dialog();
			return now?.message === message && now.detail === detail ? undefined : true;
		});
	}

	// --- addresses

	/**
	 * Delivers an address to its extension through *Developer: Open URL*. VS Code asks whether the extension may
	 * open it; `answer` is that dialog's button, or `none` where it is known not to ask (the setting
	 * `extensions.confirmedUriHandlerExtensionIds` names the extension).
	 */
	async openUri(uri: string, answer: "Open" | "Cancel" | "none" = "Open"): Promise<void> {
		await this.runCommand("Developer: Open URL");
		await this.waitForQuickInput((input) => !input.placeholder.startsWith("Type the name of a command"));
		await this.type(uri);
		await this.accept();
		if (answer !== "none") await this.answerDialog(answer, "extension to open this URI");
	}

	/**
	 * Does something that opens a website and returns its page. For hosts that are not among the trusted domains VS
	 * Code asks first: then pass `confirm`.
	 */
	async externalPage(action: () => Promise<unknown>, options: { readonly confirm?: boolean } = {}): Promise<Page> {
		const [page] = await Promise.all([
			this.page.context().waitForEvent("page", { timeout: patience }),
			(async () => {
				await action();
				if (options.confirm === true) await this.answerDialog("Open", "external website");
			})(),
		]);
		return page;
	}

	async readClipboard(): Promise<string> {
		await this.page.bringToFront();
		return (await this.page.evaluate("navigator.clipboard.readText()")) as string;
	}

	async writeClipboard(text: string): Promise<void> {
		await this.page.bringToFront();
		await this.page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
	}

	/** The window loses the focus, as when somebody turns to the browser. Playwright lets every page have it otherwise. */
	async away(): Promise<void> {
		await this.page.evaluate("document.hasFocus = () => false; window.dispatchEvent(new Event('blur'))");
	}

	/** The window has the focus again. */
	async back(): Promise<void> {
		await this.page.bringToFront();
		await this.page.evaluate("delete document.hasFocus; window.dispatchEvent(new Event('focus'))");
	}

	// --- walkthroughs

	async openWalkthrough(title: string): Promise<void> {
		await this.runCommand("Welcome: Open Walkthrough...");
		await this.pickItem(title);
		await this.page.locator(".gettingStartedContainer h2.category-title").getByText(title).waitFor();
	}

	/** Opens a step of the walkthrough and waits for the page that is shown beside it. */
	async openStep(title: string, beside: string): Promise<void> {
		await this.page.locator("h3.step-title").getByText(title, { exact: true }).click();
		await until(`the page "${beside}"`, async () => {
			for (const frame of this.page.frames()) {
				// A page that is being replaced goes away while it is asked.
				if (
					await frame
						.getByText(beside)
						.isVisible()
						.catch(() => false)
				)
					return true;
			}
			return undefined;
		});
	}

	/** The steps of the open walkthrough that are ticked, from above. */
	async stepsDone(): Promise<readonly string[]> {
		return await this.page
			.locator(".getting-started-step:has(.codicon-getting-started-step-checked) .step-title")
			.allInnerTexts();
	}

	// --- settings

	/**
	 * Changes user settings (those not named stay; `undefined` removes one) and reloads the window: code-server does
	 * not notice that the file was changed by somebody else.
	 */
	async changeUserSettings(changes: Readonly<Record<string, unknown>>): Promise<void> {
		const file = join(this.#server.userDataDir, "User/settings.json");
		const settings = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
		await writeSettings(this.#server.userDataDir, "User", { ...settings, ...changes });
		await this.reload();
	}

	/** Changes the colours by the palette, which leaves everything else in the window as it is. */
	async setTheme(theme: keyof typeof themes): Promise<void> {
		const { label, style } = themes[theme];
		await this.runCommand("Preferences: Color Theme");
		await this.waitForQuickInput("Color Theme");
		await this.type(label);
		await this.pickItem(label);
		await this.quickInputClosed();
		await this.page.locator(`.monaco-workbench.${style}`).waitFor();
	}
}

const themes = {
	light: { label: "Light Modern", style: "vs" },
	dark: { label: "Dark Modern", style: "vs-dark" },
	highContrast: { label: "Dark High Contrast", style: "hc-black" },
	highContrastLight: { label: "Light High Contrast", style: "hc-light" },
} as const;

function matches(text: string, wanted: string | RegExp): boolean {
	return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
}

function isLabel(label: string, wanted: string | RegExp): boolean {
	if (typeof wanted !== "string") return wanted.test(label);
	return label === wanted || label.replace(/\$\([^)]*\)/g, "").trim() === wanted;
}

/** One entry per extension host that began to activate the extension: each has a log of its own. */
async function activations(userDataDir: string): Promise<Set<string>> {
	const found = new Set<string>();
	const logs = join(userDataDir, "logs");
	for (const name of await readdir(logs, { recursive: true }).catch(() => [])) {
		if (!name.endsWith("remoteexthost.log")) continue;
		const text = await readFile(join(logs, name), "utf8");
		if (text.includes(`_doActivateExtension ${extensionId},`)) found.add(name);
	}
	return found;
}
