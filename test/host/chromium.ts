import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { cleanEnvironment, node24, run } from "./processes.ts";

/** The path of a Chromium (or Chrome) to test with: one that is installed, else one that can be installed here. */
export async function findChromium(): Promise<string> {
	const named = process.env.CHROMIUM_PATH;
	if (named) {
		if (!existsSync(named)) throw new Error(`CHROMIUM_PATH names ${named}, which does not exist`);
		return named;
	}
	const present = installedChromium();
	if (present !== undefined) return present;

	const tried: string[] = [];
	if (process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
		console.log("Installing Chromium with apt-get …");
		const environment = { ...cleanEnvironment(), DEBIAN_FRONTEND: "noninteractive" };
		const wait = ["-o", "DPkg::Lock::Timeout=300", "-q"];
		try {
			await run("apt-get", [...wait, "update"], { environment });
			await run("apt-get", [...wait, "install", "-y", "--no-install-recommends", "chromium"], { environment });
		} catch (error) {
			tried.push(`apt-get: ${error instanceof Error ? error.message : error}`);
		}
		const installed = installedChromium();
		if (installed !== undefined) return installed;
	}
	console.log("Downloading Chromium with Playwright …");
	const cli = join(dirname(createRequire(import.meta.url).resolve("playwright-core/package.json")), "cli.js");
	try {
		await run(node24(), [cli, "install", "chromium"], { environment: cleanEnvironment() });
	} catch (error) {
		tried.push(`Playwright: ${error instanceof Error ? error.message : error}`);
	}
	const downloaded = installedChromium();
	if (downloaded !== undefined) return downloaded;
	throw new Error(
		"No Chromium found, and none could be installed. Install Chromium or Chrome, or set CHROMIUM_PATH to one.\n" +
			tried.join("\n"),
	);
}

function installedChromium(): string | undefined {
	const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"];
	const ending = process.platform === "win32" ? ".exe" : "";
	const onPath = (process.env.PATH ?? "")
		.split(delimiter)
		.filter((folder) => folder !== "")
		.flatMap((folder) => names.map((name) => join(folder, name + ending)));
	return [
		chromium.executablePath(),
		...onPath,
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
		"/Applications/Chromium.app/Contents/MacOS/Chromium",
		`${process.env.PROGRAMFILES ?? "C:/Program Files"}/Google/Chrome/Application/chrome.exe`,
	].find((path) => path !== "" && existsSync(path));
}

export interface ChromiumOptions {
	/**
	 * Folder of the browser profile. code-server keeps all secrets in the browser's `localStorage`: the same folder
	 * again (and the same port of the server) is the same SecretStorage again, another folder an empty one.
	 */
	readonly profile: string;
	/** True unless told otherwise. */
	readonly headless?: boolean;
	readonly arguments?: readonly string[];
	readonly viewport?: { readonly width: number; readonly height: number };
}

/**
 * Starts Chromium. Names under `.test` lead to this machine: VS Code treats `localhost` and `127.0.0.1` specially
 * (links to them are rewritten, proxies are bypassed), so test servers are addressed by a name.
 */
export async function launchChromium(options: ChromiumOptions): Promise<BrowserContext> {
	await mkdir(options.profile, { recursive: true });
	const context = await chromium.launchPersistentContext(options.profile, {
		executablePath: await findChromium(),
		headless: options.headless ?? true,
		viewport: options.viewport ?? { width: 1280, height: 800 },
		locale: "en-US",
		permissions: ["clipboard-read", "clipboard-write"],
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-quic",
			"--no-first-run",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
			"--host-resolver-rules=MAP *.test 127.0.0.1",
			...(options.arguments ?? []),
		],
	});
	context.setDefaultTimeout(45_000);
	context.setDefaultNavigationTimeout(90_000);
	return context;
}
