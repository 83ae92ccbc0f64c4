import type { Page } from "playwright-core";

/*
 * What a window shows, read as a person would. What runs in the page is text: with functions the compiler would need the
 * browser's types, which would then be known, and wrongly usable, in the whole project. Each reads its part of the screen
 * at one instant.
 */

export interface QuickInput {
	/** With the steps, as shown: `Get Token (1/2)`. */
	readonly title: string;
	readonly placeholder: string;
	readonly value: string;
	/** True where the input shows dots instead of what is typed. */
	readonly masked: boolean;
	/** The line below the input: the prompt, or in its place the validation message. */
	readonly message: string;
	/** How `message` is marked; `none` for a prompt. */
	readonly severity: "error" | "warning" | "info" | "none";
	/** Tooltips of the buttons, left to right. */
	readonly buttons: readonly string[];
	readonly items: readonly QuickItem[];
}

export interface QuickItem {
	/** Icons as in the source: `$(key) One`. */
	readonly label: string;
	readonly description: string;
	readonly detail: string;
	/** The heading this item begins a group under, or "". */
	readonly separator: string;
	readonly focused: boolean;
	readonly checked: boolean;
	/** Tooltips of the buttons of this row. */
	readonly buttons: readonly string[];
}

export interface Notification {
	readonly severity: "error" | "warning" | "info" | "none";
	readonly text: string;
	readonly buttons: readonly string[];
}

export interface StatusBarText {
	/** Icons as in the source: `$(sync~spin) @handle …`. */
	readonly text: string;
	readonly background: "warning" | "error" | "none";
	readonly ariaLabel: string;
}

export interface Dialog {
	readonly message: string;
	readonly detail: string;
	readonly buttons: readonly string[];
}

/** Width and height of all that VS Code has laid out. */
export async function readSize(page: Page): Promise<{ readonly width: number; readonly height: number }> {
	return await page.evaluate(size);
}

export async function readQuickInput(page: Page): Promise<QuickInput | undefined> {
	return (await page.evaluate<QuickInput | null>(quickInput)) ?? undefined;
}

/** Newest first: VS Code shows three at most and hides those without buttons. */
export async function readNotifications(page: Page): Promise<Notification[]> {
	return await page.evaluate(notifications);
}

export async function readDialog(page: Page): Promise<Dialog | undefined> {
	return (await page.evaluate<Dialog | null>(dialog)) ?? undefined;
}

export async function readStatusBarItem(page: Page, id: string): Promise<StatusBarText | undefined> {
	return (await page.evaluate<StatusBarText | null>(statusBarItem(id))) ?? undefined;
}

const text = `
	const text = (element) => {
		if (!element) return "";
		let result = "";
		for (const node of element.childNodes) {
			if (node.nodeType === 3) result += node.data;
			else if (node.nodeType === 1 && node.classList.contains("codicon")) {
				const names = [...node.classList].filter((name) => name.startsWith("codicon-") && name !== "codicon-colored");
				const icon = names.find((name) => !name.startsWith("codicon-modifier-"))?.slice(8) ?? "";
				const modifier = names.find((name) => name.startsWith("codicon-modifier-"))?.slice(17);
				result += "$(" + icon + (modifier ? "~" + modifier : "") + ")";
			} else if (node.nodeType === 1) result += text(node);
		}
		return result.replaceAll("\\u00a0", " ").trim() === "" ? result.replaceAll("\\u00a0", " ") : result;
	};
	const line = (element) => text(element).replaceAll("\\u00a0", " ").trim();
	const all = (root, selector) => [...root.querySelectorAll(selector)];
	// What fades away is inert already and takes no more input.
	const shown = (element) => element && element.getClientRects().length > 0 && !element.closest("[inert]");
	const labels = (root, selector) => all(root, selector).filter(shown).map((each) => each.getAttribute("aria-label") ?? "");
	const severity = (element, prefix) =>
		["error", "warning", "info"].find((each) => element?.classList.contains(prefix + each)) ?? "none";
`;

const size = `(() => {
	const { width, height } = document.querySelector(".monaco-workbench").getBoundingClientRect();
	return { width, height };
})()`;

const quickInput = `(() => {
	${text}
	const widget = document.querySelector(".quick-input-widget");
	if (!shown(widget)) return null;
	const input = widget.querySelector(".quick-input-box input");
	return {
		title: line(widget.querySelector(".quick-input-title")),
		placeholder: input.placeholder,
		value: input.value,
		masked: input.type === "password",
		message: line(widget.querySelector(".quick-input-message")),
		severity: severity(widget.querySelector(".monaco-inputbox"), ""),
		buttons: labels(widget, ".quick-input-titlebar [role=button], .quick-input-inline-action-bar [role=button]"),
		items: all(widget, ".quick-input-list .monaco-list-row")
			.filter((row) => shown(row) && !row.querySelector(".quick-input-list-separator-as-item"))
			.map((row) => ({
				label: line(row.querySelector(".quick-input-list-row .label-name")),
				description: line(row.querySelector(".label-description")),
				detail: line(row.querySelector(".quick-input-list-label-meta .label-name")),
				separator: line(row.querySelector(".quick-input-list-separator")),
				focused: row.classList.contains("focused"),
				checked: row.getAttribute("aria-checked") === "true",
				buttons: labels(row, ".quick-input-list-entry-action-bar [role=button]"),
			})),
	};
})()`;

const notifications = `(() => {
	${text}
	return all(document, ".notification-list-item").filter(shown).map((item) => ({
		severity: severity(item.querySelector(".notification-list-item-icon"), "codicon-"),
		text: line(item.querySelector(".notification-list-item-message")),
		buttons: all(item, ".notification-list-item-buttons-container .monaco-text-button").map(line),
	}));
})()`;

const dialog = `(() => {
	${text}
	const box = document.querySelector(".monaco-dialog-box");
	if (!shown(box)) return null;
	return {
		message: line(box.querySelector(".dialog-message-text")),
		detail: line(box.querySelector(".dialog-message-detail")),
		buttons: all(box, ".dialog-buttons .monaco-text-button").map(line),
	};
})()`;

const statusBarItem = (id: string): string => `(() => {
	${text}
	const item = document.getElementById(${JSON.stringify(id)});
	if (!shown(item)) return null;
	const label = item.querySelector(".statusbar-item-label");
	return {
		text: line(label),
		background: ["error", "warning"].find((each) => item.classList.contains(each + "-kind")) ?? "none",
		ariaLabel: label.getAttribute("aria-label") ?? "",
	};
})()`;
