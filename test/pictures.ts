// node test/pictures.ts: takes the pictures of menus and questions that README.md shows, in a real window with the packaged
// extension. That of the status bar is the demo's.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { coloursOfTheBrowser, present, Session } from "./endToEnd/session.ts";
import { projectFolder, run } from "./host/processes.ts";

const media = join(projectFolder, "media/readme");

await run("npm", ["run", "--silent", "package"], { workingFolder: projectFolder });
await mkdir(media, { recursive: true });
const session = await Session.start({
	...coloursOfTheBrowser,
	"twitterTokens.auth": "auth.json",
	"chat.disableAIFeatures": false,
	"twitterTokens.mcp.enabled": true,
	"twitterTokens.refresh.automatic": false,
});
try {
	const { window } = session;
	const { page } = window;
	await page.emulateMedia({ colorScheme: "dark" });
	await page.locator(".monaco-workbench.vs-dark").waitFor();

	/** What is on the screen within these elements, and a little around it. */
	const take = async (name: string, selector: string) => {
		const { x, y, width, height } = present((await page.locator(selector).last().boundingBox()) ?? undefined);
		const clip = { x: x - 8, y: Math.max(0, y - 8), width: width + 16, height: height + 16 };
		await page.screenshot({ path: join(media, `${name}.png`), animations: "disabled", clip });
		console.log(`media/readme/${name}.png`);
	};
	const menu = ".quick-input-widget";
	const dialog = ".monaco-dialog-box";

	await session.signInByPaste();
	await window.runCommand("Twitter Tokens: Manage Accounts");
	await window.waitForQuickInput("Choose an account");
	await window.pickItem(/@ada_dev/);
	await window.waitForQuickInput("Twitter Tokens: @ada_dev");
	await take("account", menu);
	await window.pickItem(/Export…/);
	await window.waitForQuickInput("As what?");
	await take("export", menu);
	await window.escape();

	await mkdir(join(session.workspace, ".vscode"));
	// biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code's variable
	const token = "${command:twitterTokens.accessToken}";
	const options = { env: { X_ACCESS_TOKEN: token } };
	const task = { label: "post", type: "process", command: "true", options, problemMatcher: [] };
	await writeFile(join(session.workspace, ".vscode/tasks.json"), JSON.stringify({ version: "2.0.0", tasks: [task] }));
	for (;;) {
		await window.runCommand("Tasks: Run Task");
		const { items } = await window.waitForQuickInput("Select the task to run");
		if (items.some(({ label }) => label === "post")) break;
		await window.escape();
	}
	await window.pickItem("post");
	await window.waitForDialog("to read the access token");
	await take("consent", dialog);
	await window.escape();
	await window.clearNotifications();

	await window.runCommand("MCP: List Servers");
	await window.waitForQuickInput(({ items }) => items.some(({ label }) => label.includes("X API")));
	await take("mcp", menu);
	await window.escape();

	await window.runCommand("Twitter Tokens: Check App Credentials");
	await window.waitForNotification("accepts its credentials");
	await take("credentials", ".notifications-toasts");
	await window.clearNotifications();

	const { clientId } = session.app("public");
	const { accessToken, refreshToken } = session.emulator.signInElsewhere(
		clientId,
		present(session.emulator.users[1]).id,
	);
	const found = { client_id: clientId, access_token: accessToken, refresh_token: refreshToken };
	await window.writeClipboard(JSON.stringify(found));
	await window.runCommand("Twitter Tokens: Import Tokens");
	await window.waitForQuickInput("Where are they?");
	await window.pickItem("The Clipboard");
	await window.waitForQuickInput("What should be taken from there?");
	await take("import", menu);
} finally {
	await session.remove();
}
