import { Session } from "../endToEnd/session.ts";
import { until } from "../host/until.ts";
import type { Workbench } from "../host/workbench.ts";
import type { Times } from "./bench.ts";

const runs = 5;

/** The packaged extension in a real window, with an account signed in: VS Code's own word on the activation, and what a person sees. */
export async function startsOfWindow(): Promise<Map<string, Times>> {
	const session = await Session.start({ "twitterTokens.auth": "auth.json", "twitterTokens.statusBar": "always" });
	try {
		const { window } = session;
		const { page } = window;
		await window.runCommand("Twitter Tokens: Get Token");
		await window.waitForQuickInput("Get Token");
		await window.type(session.foreignCode(session.app("public"), session.loopbackRedirect));
		await window.accept();
		await window.waitForStatusBarItem("@ada_dev");

		const ours: number[] = [];
		const github: number[] = [];
		const paints: number[] = [];
		for (let n = 0; n < runs; n++) {
			await page.reload();
			await page.locator(".monaco-workbench .part.statusbar .statusbar-item").first().waitFor();
			const workbench = performance.now();
			await window.waitForStatusBarItem("@ada_dev");
			paints.push(performance.now() - workbench);
			const stats = await activationStats(window);
			ours.push(stats("twitter-tokens.twitter-tokens"));
			github.push(stats("vscode.github-authentication"));
		}
		return new Map([
			["activation, by VS Code's own count: load, call, finish", ours],
			["the same of VS Code's GitHub sign-in, beside it", github],
			["VS Code's status bar until our item is in it", paints],
		]);
	} finally {
		await session.remove();
	}
}

/** Reads the table that VS Code itself keeps (host facts, section 7). @returns the sum for an extension, ms */
async function activationStats(window: Workbench): Promise<(extension: string) => number> {
	const { page } = window;
	const title = "Extension Activation Stats";
	await window.runCommand("Developer: Startup Performance");
	const lines = await until("the table of activations", async () => {
		await page.locator(".monaco-editor .view-lines").first().click();
		await page.keyboard.press("Control+F");
		await page.keyboard.type(title);
		await page.keyboard.press("Enter");
		await page.keyboard.press("Escape");
		const text = (await page.locator(".monaco-editor .view-lines").first().innerText()).replaceAll("\u00a0", " ");
		return text.includes(title) && text.includes("twitter-tokens.twitter-tokens") ? text.split("\n") : undefined;
	});
	await window.runCommand("View: Close All Editors");
	return (extension) => {
		const [, , , load, call, finish] = lines.find((line) => line.startsWith(`| ${extension} `))?.split("|") ?? [];
		return Number(load) + Number(call) + Number(finish);
	};
}
