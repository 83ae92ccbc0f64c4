import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { node24, projectFolder, run } from "../host/processes.ts";
import { until } from "../host/until.ts";
import type { Workbench } from "../host/workbench.ts";
import type { Session } from "./session.ts";

/** What the stranger learned from one question; of a token only the digest. */
export interface Answer {
	readonly session: "given" | "none" | "refused";
	readonly digest?: string;
	readonly scopes?: readonly string[];
	readonly account?: string;
	/** Whom X takes the bearer of the token for, or the status of its refusal. */
	readonly user?: string | number;
	readonly error?: string;
	readonly code?: string;
}

type Line = (Answer & { readonly asked: string }) | { readonly changed: string };

/** Packages the second extension in `stranger/`. @returns the path of the `.vsix` */
export async function packageStranger(): Promise<string> {
	const vsix = join(projectFolder, "out/stranger.vsix");
	const vsce = join(dirname(createRequire(import.meta.url).resolve("@vscode/vsce/package.json")), "vsce");
	const flags = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", vsix];
	await run(node24(), [vsce, "package", ...flags], { workingFolder: join(projectFolder, "test/endToEnd/stranger") });
	return vsix;
}

/** The second extension in a window: asked by the palette, read by what it wrote. */
export class Stranger {
	readonly #window: Workbench;
	readonly #file: string;

	constructor({ window, workspace }: Session) {
		this.#window = window;
		this.#file = join(workspace, "stranger.jsonl");
	}

	async #lines(): Promise<Line[]> {
		const text = await readFile(this.#file, "utf8").catch(() => "");
		return text
			.split("\n")
			.filter(Boolean)
			.map((line) => JSON.parse(line) as Line);
	}

	/** VS Code's events that the sessions of our provider changed, so far. */
	async changes(): Promise<number> {
		return (await this.#lines()).filter((line) => "changed" in line && line.changed === "twitter").length;
	}

	async #answers(): Promise<Answer[]> {
		return (await this.#lines()).filter((line) => "asked" in line);
	}

	/** Runs a command of the stranger. @returns a way to wait for the answer, which may need a person before */
	async ask(title: string): Promise<() => Promise<Answer>> {
		const before = (await this.#answers()).length;
		await this.#window.runCommand(`Stranger: ${title}`);
		return () => until(`the stranger's answer to "${title}"`, async () => (await this.#answers())[before]);
	}

	/** The session that VS Code gives it without asking anybody. */
	async silently(): Promise<Answer> {
		return await (await this.ask("Get Session Silently"))();
	}
}
