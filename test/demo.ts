import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmulator } from "./emulator/emulator.ts";
import { launchChromium } from "./host/chromium.ts";
import { startCodeServer } from "./host/codeServer.ts";
import { projectFolder, run } from "./host/processes.ts";
import { openWorkbench } from "./host/workbench.ts";

// `npm start`: a real VS Code with the packaged extension and a local emulator of X, ready to sign in.
// With --headless it plays the sign-in itself and leaves pictures in out/demo/.

const headless = process.argv.includes("--headless");
const pictures = join(projectFolder, "out", "demo");
const redirectUri = "http://127.0.0.1:8737/callback";

function step(text: string): void {
	console.log(`• ${text}`);
}

step("packaging the extension");
await run("npm", ["run", "--silent", "package"], { workingFolder: projectFolder });

const folder = await mkdtemp(join(tmpdir(), "twitter-tokens-"));
const workspace = join(folder, "workspace");
await mkdir(workspace);
const emulator = await startEmulator();
step(`an emulator of X listens at ${emulator.origin}`);
const app = emulator.apps.find(({ clientSecret }) => !clientSecret);
if (!app) {
	throw new Error("the emulator has no public app");
}

step("starting VS Code (the first time it is fetched from npm)");
const server = await startCodeServer({
	workspace,
	userDataDir: join(folder, "user"),
	extensionsDir: join(folder, "extensions"),
	extensions: [join(projectFolder, "twitter-tokens.vsix")],
	// Without it the workbench would send loopback addresses through its own proxy and damage their query.
	environment: { VSCODE_PROXY_URI: emulator.origin },
	userSettings: {
		"twitterTokens.auth": { client_id: app.clientId, redirect_uri: redirectUri },
		"twitterTokens.endpoints": emulator.endpoints,
		"twitterTokens.statusBar": "always",
		"workbench.reduceMotion": "on",
	},
});

const canShowWindow = headless || process.platform !== "linux" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
if (!canShowWindow) {
	console.log(
		`\nNo display here. Open ${server.origin}/?folder=${encodeURIComponent(workspace)} in a browser on this machine.`,
	);
	console.log("Then: F1, Twitter Tokens: Sign In with Browser. Ctrl+C ends it all.");
} else {
	const browser = await launchChromium({
		profile: join(folder, "browser"),
		headless,
		viewport: { width: 1280, height: 800 },
	});
	const workbench = await openWorkbench(browser, server, { folder: workspace });
	step("VS Code is open, the extension is installed");
	if (headless) {
		await play();
		await browser.close();
		await server.stop();
		await emulator.close();
		await rm(folder, { recursive: true, force: true });
		process.exit(0);
	}
	console.log("\nIn its window: F1, Twitter Tokens: Sign In with Browser. Close the window to end.");
	await new Promise<void>((resolve) => browser.once("close", () => resolve()));
	await server.stop();
	await emulator.close();
	process.exit(0);

	async function play(): Promise<void> {
		await mkdir(pictures, { recursive: true });
		let number = 0;
		const picture = async (name: string, page = workbench.page) => {
			const file = join(pictures, `${++number}-${name}.png`);
			await page.screenshot({ path: file });
			step(`picture ${file}`);
		};
		await workbench.waitForStatusBarItem(/Twitter: sign in/);
		await picture("ready");
		const opened = browser.waitForEvent("page");
		await workbench.runCommand("Twitter Tokens: Sign In with Browser");
		await workbench.waitForQuickInput(/Finish the Sign-In/);
		step("signing in with the browser");
		const consent = await opened;
		await consent.locator("#authorize").waitFor();
		await picture("prompt");
		await picture("consent", consent);
		await consent.locator("#authorize").click();
		await consent.getByText("You are signed in").waitFor();
		await picture("redirected", consent);
		await consent.close();
		const signedIn = await workbench.waitForStatusBarItem(/@ada_dev (1h 59m|2h 0m)/);
		step(`the status bar says: ${signedIn.text}`);
		await workbench.waitForNotification(/Signed in to X/);
		await picture("signed-in");
		// The one that README shows.
		await workbench.page.screenshot({
			path: join(pictures, "readme.png"),
			clip: { x: 640, y: 600, width: 640, height: 200 },
		});
		await workbench.clearNotifications();
		await signedIn.tooltip();
		await picture("tooltip");
		await signedIn.click();
		await workbench.waitForQuickInput(/Accounts/);
		await picture("accounts");
		await workbench.escape();
		await workbench.reload();
		const reloaded = await workbench.waitForStatusBarItem(/@ada_dev 1h 5\dm/);
		step(`after a reload, from SecretStorage: ${reloaded.text}`);
		const requests = emulator.requests.filter(({ path }) => path.endsWith("/token")).length;
		step(`token requests sent: ${requests}`);
		await picture("after-reload");
	}
}
