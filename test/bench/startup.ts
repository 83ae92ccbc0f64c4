import { Session } from "../endToEnd/session.ts";
import { until } from "../host/workbench.ts";
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

		const activations: number[] = [];
		const paints: number[] = [];
		for (let n = 0; n < runs; n++) {
			await page.reload();
			await page.locator(".monaco-workbench .part.statusbar .statusbar-item").first().waitFor();
			const workbench = performance.now();
			await window.waitForStatusBarItem("@ada_dev");
			paints.push(performance.now() - workbench);
			await window.runCommand("Developer: Show Running Extensions");
			activations.push(
				await until("VS Code's figure for the activation", async () => {
					const row = page.locator(".runtime-extensions-editor .extension", { hasText: "Twitter Tokens" });
					const text = await row
						.locator(".activation-time")
						.first()
						.textContent({ timeout: 1_000 })
						.catch(() => "");
					const [, ms] = /(\d+)\s*ms/.exec(text ?? "") ?? [];
					return ms === undefined ? undefined : Number(ms);
				}),
			);
		}
		return new Map([
			["activation, by VS Code's own count", activations],
			["VS Code's status bar until our item is in it", paints],
		]);
	} finally {
		await session.remove();
	}
}
