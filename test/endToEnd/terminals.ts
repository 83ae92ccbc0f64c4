import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { until } from "../host/until.ts";
import type { Workbench } from "../host/workbench.ts";
import type { Session } from "./session.ts";

/** Writes the digest of a variable into the workspace, whole or not at all: the file is being waited for. */
export const digestCommand = (variable: string): string =>
	`printf %s "$${variable}" | sha256sum > digest~ && mv digest~ digest`;

/** What a program in the window wrote by `digestCommand`. */
export class Digests {
	readonly #file: string;

	constructor({ workspace }: Session) {
		this.#file = join(workspace, "digest");
	}

	async now(): Promise<string | undefined> {
		const text = await readFile(this.#file, "utf8").catch(() => undefined);
		return text?.split(" ")[0];
	}

	/** Waits for one and takes it away. */
	async next(): Promise<string> {
		const digest = await until("the digest that a program writes", () => this.now());
		await rm(this.#file);
		return digest;
	}
}

/** The terminals in the panel, used by the keyboard as a person does. */
export class Terminals {
	readonly #window: Workbench;
	readonly #digests: Digests;

	constructor({ window }: Session, digests: Digests) {
		this.#window = window;
		this.#digests = digests;
	}

	get #all(): Locator {
		return this.#window.page.locator(".terminal-wrapper");
	}

	/** @param beginning what leads to the terminal beside the command, such as a question */
	async open(beginning: () => Promise<unknown> = async () => {}): Promise<void> {
		const before = await this.#all.count();
		await this.#window.runCommand("Terminal: Create New Terminal");
		await beginning();
		await until("a new terminal", async () => ((await this.#all.count()) > before ? true : undefined));
	}

	/** The digest of the variable that a program in the last terminal finds; of the empty text if there is none. */
	async digestOf(variable: string): Promise<string> {
		await this.#window.page.locator(".terminal-wrapper.active .xterm-helper-textarea").focus();
		await this.#window.page.keyboard.type(`${digestCommand(variable)}\n`);
		return await this.#digests.next();
	}

	/** Which of them VS Code marks as having an environment of before, in their order. */
	async stale(): Promise<boolean[]> {
		const labels = this.#window.page.locator(".terminal-tabs-entry.has-text .monaco-icon-label");
		return await labels.evaluateAll((all) => all.map((each) => each.matches(".monaco-decoration-badge")));
	}
}
