import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../host/until.ts";
import type { Workbench } from "../host/workbench.ts";
import { assertNoSecrets } from "./afterwards.ts";
import { coloursOfTheBrowser, editorRedirect, fresh, present, Session } from "./session.ts";

const getToken = "Twitter Tokens: Get Token";
const signIn = "Twitter Tokens: Sign In with Browser";
const manage = "Twitter Tokens: Manage Accounts";

describe("prompts, menus and messages, in a real window", function () {
	this.timeout(60_000);
	let session: Session;
	let window: Workbench;

	before(async function () {
		this.timeout(120_000);
		session = await Session.start({
			...coloursOfTheBrowser,
			"twitterTokens.statusBar": "always",
			"twitterTokens.refresh.automatic": false,
		});
		({ window } = session);
	});

	after(async function () {
		this.timeout(30_000);
		await session?.remove();
	});

	const labels = async () => (await window.quickInput())?.items.map(({ label }) => label);
	const tokenRequests = () => session.emulator.counters.tokenRequests;
	const liveToken = (user: number) =>
		session.emulator.liveGrant(session.app("public").clientId, present(session.emulator.users[user]).id)?.accessToken;

	/** A code for whoever it is, pasted into the prompt that is open. */
	const pasteCode = async (kind: "public" | "confidential", redirectUri: string, user: number) => {
		await window.waitForQuickInput("Twitter Tokens: Get Token");
		await window.type(session.foreignCode(session.app(kind), redirectUri, user));
		await window.accept();
	};

	describe("without auth settings", () => {
		it("asks which app is meant", async () => {
			await window.waitForStatusBarItem("Twitter: sign in");
			await session.picture("01-nobody-signed-in");
			await window.runCommand(getToken);
			const menu = await window.waitForQuickInput("Which X app?");
			assert.deepEqual(
				menu.items.map(({ label }) => label),
				["$(edit) Type the Client ID", "$(file-code) Choose an auth JSON file", "$(clippy) Paste an auth JSON"],
			);
			await session.picture("02-which-app");
		});

		it("takes the Client ID in three steps", async () => {
			const app = session.app("confidential");
			await window.pickItem("Type the Client ID");
			const first = await window.waitForQuickInput("(1/3)");
			assert.equal(first.masked, false);
			await window.type(" ");
			await window.accept();
			assert.equal((await window.waitForQuickInput("X needs the Client ID.")).severity, "error");
			await session.picture("03-client-id-missing");
			await window.type(app.clientId);
			await session.picture("04-client-id");
			await window.accept();

			const second = await window.waitForQuickInput("(2/3)");
			assert.equal(second.masked, true);
			await window.type(present(app.clientSecret));
			await session.picture("05-client-secret");
			await window.accept();

			await window.waitForQuickInput("(3/3)");
			await session.picture("06-callback-url");
			await window.type("no address");
			assert.equal((await window.waitForQuickInput("The callback URL is not an address")).severity, "error");
			await session.picture("07-callback-url-wrong");
			await window.type("");
			await window.accept();
		});

		it("goes on with the prompt for the code, and keeps what was typed out of settings.json", async () => {
			await window.waitForQuickInput("Twitter Tokens: Get Token");
			await session.picture("08-code-prompt");
			await window.type("this is no code");
			await window.accept();
			await window.waitForQuickInput("This is not an authorization code");
			await session.picture("09-code-prompt-refused");
			await pasteCode("confidential", editorRedirect, 0);
			await window.waitForNotification("Signed in to X as @ada_dev");
			await window.waitForStatusBarItem(fresh("ada_dev"));
			await session.picture("10-signed-in");
			await window.clearNotifications();
			const settings = await readFile(session.settingsFile, "utf8");
			const { clientId, clientSecret } = session.app("confidential");
			assert.ok(!settings.includes(clientId));
			assert.ok(!settings.includes(present(clientSecret)));
			assert.ok(!settings.includes("twitterTokens.auth"));
		});

		it("offers what was typed the next time", async () => {
			await window.runCommand(getToken);
			const menu = await window.waitForQuickInput("Which X app?");
			const { clientId } = session.app("confidential");
			const [offered] = menu.items;
			assert.equal(offered?.label, `$(key) ${clientId}`);
			assert.match(offered?.detail ?? "", /^confidential app · /);
			await session.picture("11-which-app-again");
			await window.pickItem(clientId);
			await pasteCode("confidential", editorRedirect, 0);
			await window.waitForNotification("Signed in to X as @ada_dev");
			await window.clearNotifications();
		});

		it("takes a file", async () => {
			const file = join(session.workspace, "app.json");
			const { clientId } = session.app("public");
			await writeFile(file, JSON.stringify({ client_id: clientId, redirect_uri: session.loopbackRedirect }));
			await window.runCommand(getToken);
			await window.pickItem("Choose an auth JSON file");
			await window.waitForQuickInput("Choose an auth JSON");
			await session.picture("12-choose-file");
			await window.type(file);
			await window.accept();
			await pasteCode("public", session.loopbackRedirect, 1);
			await window.waitForNotification("Signed in to X as @grace_dev");
			await window.clearNotifications();
		});

		it("takes pasted JSON, and says what is wrong with it", async () => {
			await window.runCommand(getToken);
			await window.pickItem("Paste an auth JSON");
			assert.equal((await window.waitForQuickInput("Paste an Auth JSON")).masked, true);
			await session.picture("13-paste-json");
			await window.type("{ client_secret: 'only' }");
			const refused = await window.waitForQuickInput(({ message }) => message.includes("client_id"));
			assert.equal(refused.severity, "error");
			await session.picture("14-paste-json-wrong");
			const { clientId } = session.app("public");
			await window.type(`{'client_id': '${clientId}', 'redirect_uri': '${session.loopbackRedirect}',}`);
			await window.waitForQuickInput(({ severity }) => severity === "none");
			await window.accept();
			await pasteCode("public", session.loopbackRedirect, 0);
			await window.waitForNotification("Signed in to X as @ada_dev");
			await window.clearNotifications();
		});
	});

	describe("an error message", () => {
		const failByCode = async () => {
			await window.runCommand(getToken);
			await window.pickItem(session.app("public").clientId);
			await window.waitForQuickInput("Twitter Tokens: Get Token");
			await window.type("a-code-that-X-never-gave");
			await window.accept();
			return await window.waitForNotification(/code/);
		};

		it("leads to the log", async () => {
			const { severity, buttons } = await failByCode();
			assert.equal(severity, "error");
			assert.deepEqual(buttons, ["Sign In", "Show Log"]);
			await session.picture("20-code-refused");
			await window.clickNotification(/code/, "Show Log");
			await until("the log channel", async () => {
				const shown = await window.page.locator(".pane-composite-part.panel .monaco-action-bar select").allInnerTexts();
				return shown.some((each) => each.includes("Twitter Tokens")) || undefined;
			});
			const output = window.page.locator(".output-view, .pane-body.output-view, [id='workbench.panel.output']").first();
			await output.getByText("CodeInvalid").first().waitFor();
			await session.picture("21-log");
			await window.page.keyboard.press("Control+j");
			await output.waitFor({ state: "hidden" });
		});

		it("leads to a sign-in", async () => {
			await failByCode();
			await window.clickNotification(/code/, "Sign In");
			await window.waitForQuickInput("Which X app?");
			await window.escape();
			await window.quickInputClosed();
		});

		it("leads to the developer console where the app is unknown", async () => {
			await window.runCommand(getToken);
			await window.pickItem("Paste an auth JSON");
			await window.waitForQuickInput("Paste an Auth JSON");
			await window.type(
				JSON.stringify({ client_id: "VW5rbm93bkNsaWVudElkMDEyMzQ6MTpjaQ", redirect_uri: editorRedirect }),
			);
			await window.accept();
			await window.waitForQuickInput("Twitter Tokens: Get Token");
			await window.type("a-code-that-X-never-gave");
			await window.accept();
			const { buttons } = await window.waitForNotification(/Client ID|client_id/);
			assert.deepEqual(buttons, ["Open Developer Console", "Show Log"]);
			await session.picture("22-app-unknown");
			await window.clearNotifications();
		});
	});

	describe("the clipboard", () => {
		it("is looked at when the window regains the focus", async () => {
			const page = await session.consentPage(async () => {
				await window.runCommand(signIn);
				await window.pickItem(session.app("public").clientId);
			});
			const link = page.url();
			await page.close();
			await window.waitForQuickInput("Finish the Sign-In");
			await session.picture("30-finish-in-browser");
			const before = tokenRequests();
			// Somebody else's redirect is left alone: the prompt is still there afterwards.
			await window.away();
			await window.writeClipboard(`${session.loopbackRedirect}?state=somebody-elses-state&code=abcdefghijkl`);
			await window.back();
			await window.away();
			assert.equal((await window.waitForQuickInput("Finish the Sign-In")).severity, "none");
			await window.writeClipboard(session.approve(link));
			await window.back();
			await window.waitForNotification("Signed in to X as @ada_dev");
			await window.quickInputClosed();
			assert.equal(tokenRequests(), before + 1);
			await window.writeClipboard("");
			await window.clearNotifications();
		});
	});

	describe("Manage Accounts, by keyboard alone", () => {
		const choose = (label: RegExp) => window.choose(label);
		const open = async () => {
			await window.runCommand(manage);
			await window.waitForQuickInput("Accounts");
		};

		it("lists the accounts, the default among them", async () => {
			await open();
			const { items } = await window.waitForQuickInput("Choose an account");
			const accounts = items.filter(({ label }) => label.startsWith("$(account)"));
			assert.deepEqual(
				accounts.map(({ label, description }) => [label, /default/.test(description)]),
				[
					["$(account) @ada_dev", true],
					["$(account) @ada_dev", false],
					["$(account) @grace_dev", false],
				],
			);
			await session.picture("40-accounts");
		});

		it("leads back from an account by Escape", async () => {
			await choose(/@grace_dev/);
			await window.waitForQuickInput("Twitter Tokens: @grace_dev");
			const expected = [
				"$(copy) Copy Access Token",
				"$(json) Copy Token Response",
				"$(sync) Refresh Token",
				"$(star) Make Default",
				"$(sign-out) Sign Out",
			];
			const shown = await labels();
			assert.deepEqual(
				shown?.filter((label) => expected.includes(label)),
				expected,
			);
			await session.picture("41-account");
			await window.escape();
			await window.waitForQuickInput("Choose an account");
			await window.escape();
			await window.quickInputClosed();
		});

		it("makes another account the default", async () => {
			await open();
			await choose(/@grace_dev/);
			await window.waitForQuickInput("Twitter Tokens: @grace_dev");
			await choose(/Make Default/);
			await window.waitForStatusBarItem(/@grace_dev/);
		});

		it("copies the access token that lives", async () => {
			await open();
			await choose(/@grace_dev/);
			await window.waitForQuickInput("Twitter Tokens: @grace_dev");
			await choose(/Copy Access Token/);
			await window.page.getByText("Copied, cleared in").first().waitFor();
			assert.equal(await window.readClipboard(), present(liveToken(1)));
			await session.picture("42-copied");
			await window.writeClipboard("");
		});

		it("forgets an account here", async () => {
			const before = session.emulator.counters.revokeRequests;
			await open();
			await choose(/@grace_dev/);
			await window.waitForQuickInput("Twitter Tokens: @grace_dev");
			await choose(/Sign Out/);
			await window.waitForQuickInput("Sign Out @grace_dev");
			await session.picture("43-sign-out");
			await choose(/Forget Here/);
			await window.waitForNotification("Signed out @grace_dev.");
			await session.picture("44-forgotten");
			await window.clearNotifications();
			assert.equal(session.emulator.counters.revokeRequests, before);
			assert.ok(liveToken(1), "X was told");
			await window.waitForStatusBarItem(/@ada_dev/);
		});

		it("asks which account a command means, where there are several", async () => {
			await window.runCommand("Twitter Tokens: Copy Token Response");
			await window.waitForQuickInput("Which Account?");
			await session.picture("45-which-account");
			await window.escape();
			await window.quickInputClosed();
			assert.equal(await window.dialog(), undefined);
			assert.deepEqual(await window.notifications(), []);
		});

		it("revokes an account at X", async () => {
			await open();
			await choose(/@ada_dev/);
			await window.waitForQuickInput("Twitter Tokens: @ada_dev");
			await choose(/Sign Out/);
			await window.waitForQuickInput("Sign Out @ada_dev");
			await choose(/Revoke at X/);
			await window.waitForNotification("Signed out @ada_dev; X revoked its tokens.");
			await session.picture("46-revoked");
			await window.clearNotifications();
			const revoked = session.emulator.requests.filter(({ path }) => path.endsWith("/revoke"));
			assert.deepEqual(
				revoked.map(({ form, status }) => [form.token_type_hint, status]),
				[
					["refresh_token", 200],
					["access_token", 200],
				],
			);
		});
	});

	describe("pictures of the status bar", () => {
		it("being renewed, dead, expiring, expired", async () => {
			const refresh = () => window.runCommand("Twitter Tokens: Refresh Token");
			session.emulator.faultNext("token", { kind: "slow", ms: 5_000 });
			await refresh();
			await window.waitForStatusBarItem(/sync~spin/);
			await session.picture("50-renewing");
			await (await window.waitForStatusBarItem(fresh("ada_dev"))).tooltip();
			await session.picture("51-tooltip");
			for (const { clientId } of session.emulator.apps) {
				session.emulator.userRevokes(clientId, present(session.emulator.users[0]).id);
			}
			await refresh();
			await window.waitForStatusBarItem("sign in again");
			await session.picture("52-sign-in-again");
			await window.clearNotifications();
			await window.runCommand(manage);
			await window.pickItem(/@ada_dev/);
			await window.waitForQuickInput("Twitter Tokens: @ada_dev");
			await session.picture("53-account-dead");
			await window.escape();
			await window.waitForQuickInput("Choose an account");
			await window.escape();
		});
	});

	describe("at last", () => {
		it("leaves no secret outside SecretStorage", async function () {
			this.timeout(120_000);
			await assertNoSecrets(session);
		});
	});
});
