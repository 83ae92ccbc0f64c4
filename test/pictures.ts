// node test/pictures.ts: takes the pictures of menus and questions that README.md shows, in a real window with the packaged
// extension. That of the status bar is the demo's.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { coloursOfTheBrowser, present, Session } from "./endToEnd/session.ts";
import { projectFolder, run } from "./host/processes.ts";
import { until } from "./host/until.ts";

const media = join(projectFolder, "media/readme");

await run("npm", ["run", "--silent", "package"], { workingFolder: projectFolder });
await mkdir(media, { recursive: true });
const session = await Session.start({
	...coloursOfTheBrowser,
	"twitterTokens.auth": "auth.json",
	"chat.disableAIFeatures": false,
	"twitterTokens.mcp.enabled": true,
	"twitterTokens.refresh.automatic": false,
	// Rows of text in the page, to wait for.
	"terminal.integrated.gpuAcceleration": "off",
	"terminal.integrated.tabs.enabled": false,
	"terminal.integrated.shellIntegration.enabled": false,
});
try {
	const { window } = session;
	const { page } = window;
	await page.emulateMedia({ colorScheme: "dark" });
	await page.locator(".monaco-workbench.vs-dark").waitFor();

	/** What is on the screen within these elements, and a little around it; of a long one its beginning. */
	const take = async (name: string, selector: string, longest = Number.POSITIVE_INFINITY) => {
		const { x, y, width, height } = present((await page.locator(selector).last().boundingBox()) ?? undefined);
		const clip = { x: x - 8, y: Math.max(0, y - 8), width: width + 16, height: Math.min(height + 16, longest) };
		await page.screenshot({ path: join(media, `${name}.png`), animations: "disabled", clip });
		console.log(`media/readme/${name}.png`);
	};
	const menu = ".quick-input-widget";
	const dialog = ".monaco-dialog-box";

	const openAccount = async () => {
		await window.runCommand("Twitter Tokens: Manage Accounts");
		await window.waitForQuickInput("Choose an account");
		await window.pickItem(/@ada_dev/);
		await window.waitForQuickInput("Twitter Tokens: @ada_dev");
	};

	await session.signInByPaste();
	await openAccount();
	await take("account", menu);
	await window.pickItem(/Export…/);
	await window.waitForQuickInput("As what?");
	await take("export", menu);
	await window.escape();

	await openAccount();
	await window.pickItem(/Ask X Who This Is/);
	await window.waitForNotification("X says");
	await take("whoAmI", ".notifications-toasts");
	await window.clearNotifications();

	await openAccount();
	await window.pickItem(/Write Renewed Tokens into a File…/);
	await window.waitForQuickInput(({ value }) => value.startsWith(session.workspace));
	await window.type(session.authFile);
	await window.waitForQuickInput(
		({ value, items }) => value === session.authFile && items.some(({ focused }) => focused),
	);
	await window.accept();
	await window.waitForDialog("after each renewal?");
	await take("writeBack", dialog);
	await window.answerDialog("Cancel");
	await window.clearNotifications();

	await openAccount();
	await window.pickItem(/Use in This Workspace's Terminals/);
	await page.getByText("New terminals get the access token of @ada_dev").waitFor();
	await window.runCommand("Terminal: Create New Terminal");
	await page.locator(".terminal-wrapper.active .xterm-helper-textarea").focus();
	// The address of the emulator stays out of the picture.
	await page.keyboard.type(` PS1='$ '; API=${session.emulator.endpoints.api}; clear\n`);
	const rows = page.locator(".terminal-wrapper.active .xterm-rows");
	await until("a clear terminal", async () => ((await rows.innerText()).trim() === "$" ? true : undefined));
	await page.keyboard.type('curl -w "\\n" -H "Authorization: Bearer $X_ACCESS_TOKEN" $API/2/users/me\n');
	await rows.getByText("ada_dev").waitFor();
	await take("terminal", ".terminal-wrapper.active", 84);
	await window.runCommand("Terminal: Kill All Terminals");

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
