import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import type { Workbench } from "../host/workbench.ts";
import { coloursOfTheBrowser, fresh, Session } from "./session.ts";

// In a browser-hosted VS Code secrets are the browser's: a browser without its profile is an editor without its keyring.
describe("a key that the editor has lost, in a real window", function () {
	this.timeout(150_000);
	let session: Session;

	before(async () => {
		session = await Session.start({
			...coloursOfTheBrowser,
			"twitterTokens.auth": "auth.json",
			"twitterTokens.statusBar": "always",
			"twitterTokens.refresh.automatic": false,
		});
	});
	after(async () => session?.remove());

	const lost = "does not hold the key to the tokens";
	const doubt = "perhaps only until the editor ends";
	const signIn = async (window: Workbench) => {
		await window.runCommand("Twitter Tokens: Get Token");
		await window.waitForQuickInput("Get Token");
		await window.type(session.foreignCode(session.app("public"), session.loopbackRedirect));
		await window.accept();
		return await window.waitForStatusBarItem(fresh("ada_dev"));
	};
	const tooltip = async () => await (await session.window.waitForStatusBarItem(fresh("ada_dev"))).tooltip();

	it("is told at the next start, with the remedy, and no account is shown as if it were there", async () => {
		await signIn(session.window);
		assert.ok(!(await tooltip()).includes(doubt));
		await session.restart(() => rm(session.profile, { recursive: true }));
		const { window } = session;
		const { severity, buttons } = await window.waitForNotification(lost);
		assert.equal(severity, "warning");
		assert.deepEqual(buttons, ["Reload Window", "Start Afresh"]);
		await window.waitForStatusBarItem("Twitter: sign in");
		await session.picture("lost-key");
	});

	it("is replaced when the user says so; who signs in then is told that it may not last", async () => {
		const { window } = session;
		await window.clickNotification(lost, "Start Afresh");
		await window.waitForQuickInput("Accounts");
		await window.escape();
		await window.quickInputClosed();
		await signIn(window);
		assert.match(await tooltip(), new RegExp(doubt));
		await session.picture("lost-key-doubt");
	});

	it("that is still there after a restart is a good one", async () => {
		await session.restart();
		assert.ok(!(await tooltip()).includes(doubt));
		assert.equal((await session.window.notifications()).length, 0);
	});
});
