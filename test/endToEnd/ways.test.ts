import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { until } from "../host/until.ts";
import type { Workbench } from "../host/workbench.ts";
import { assertNoSecrets } from "./afterwards.ts";
import { editorRedirect, fresh, parameter, present, Session } from "./session.ts";

const getToken = "Twitter Tokens: Get Token";
const signIn = "Twitter Tokens: Sign In with Browser";
const openPage = "Open the Authorization Page";

describe("the ways to a token, in a real window", function () {
	this.timeout(60_000);
	let session: Session;
	let window: Workbench;

	before(async function () {
		this.timeout(120_000);
		session = await Session.start({
			"twitterTokens.auth": "auth.json",
			"twitterTokens.statusBar": "always",
			// Each renewal here is one that was asked for.
			"twitterTokens.refresh.automatic": false,
		});
		({ window } = session);
	});

	after(async function () {
		this.timeout(30_000);
		await session?.remove();
	});

	const tokenRequests = () => session.emulator.counters.tokenRequests;

	/** Nothing that tells of a failure is on the screen. */
	const assertNoComplaint = async () => {
		assert.equal(await window.dialog(), undefined);
		assert.deepEqual(
			(await window.notifications()).filter(({ severity }) => severity !== "info"),
			[],
		);
	};

	/** Waits for the message of a sign-in and puts it away. */
	const signedIn = async (handle = "ada_dev", where = window) => {
		const { text, buttons } = await where.waitForNotification(`Signed in to X as @${handle} until `);
		assert.match(text, /until \d{1,2}:\d\d [AP]M\.$|until .+\d{4}.+\.$/);
		assert.deepEqual(buttons, ["Copy Access Token"]);
		await where.clearNotifications();
	};

	const signInByPaste = async (where = window) => {
		await where.runCommand(getToken);
		await where.waitForQuickInput("Get Token");
		const link = await session.authorizationLink(() => where.clickQuickInputButton(openPage), where);
		await where.type(session.approve(link));
		await where.accept();
		await signedIn("ada_dev", where);
	};

	const signOut = async (where = window) => {
		await where.runCommand("Twitter Tokens: Sign Out");
		await where.pickItem("Forget Here");
		await where.waitForNotification("Signed out");
		await where.waitForStatusBarItem("Twitter: sign in");
		await where.clearNotifications();
	};

	describe("at first", () => {
		it("says in the status bar that nobody is signed in", async () => {
			const item = await window.waitForStatusBarItem("$(key) Twitter: sign in");
			assert.equal(item.text, "$(key) Twitter: sign in");
			assert.equal(item.background, "none");
			assert.match(item.ariaLabel, /no account is signed in/);
			await item.click();
			assert.equal(
				(await window.waitForQuickInput("Accounts")).placeholder,
				"No account is signed in. Sign in to begin.",
			);
			await window.escape();
			await window.quickInputClosed();
			assert.deepEqual(session.emulator.requests, []);
		});
	});

	describe("Get Token", () => {
		let link: string;

		it("shows a masked prompt that stays open when the focus leaves", async () => {
			await window.runCommand(getToken);
			const prompt = await window.waitForQuickInput("Get Token");
			assert.equal(prompt.masked, true);
			assert.deepEqual(prompt.buttons, [openPage, "Copy the Authorization Link"]);
			await window.leaveQuickInput();
			assert.ok(await window.quickInput(), "the prompt closed when something else was clicked");
			await window.away();
			await window.back();
			assert.ok(await window.quickInput(), "the prompt closed when the window lost the focus");
			assert.equal(session.emulator.requests.length, 0);
		});

		it("opens the authorization page by its button", async () => {
			link = await session.authorizationLink(() => window.clickQuickInputButton(openPage));
			const { query } = present(session.emulator.requests[0]);
			assert.equal(query.client_id, session.app("public").clientId);
			assert.equal(query.redirect_uri, session.loopbackRedirect);
			assert.match(query.state ?? "", /^[\w-]{43}$/);
			assert.equal(query.code_challenge_method, "S256");
			assert.ok(await window.quickInput(), "the prompt closed");
		});

		const accessToken = () =>
			present(session.emulator.signInElsewhere(session.app("public").clientId, "1965012345678901237").accessToken);
		const wrong: readonly (readonly [string, () => string, RegExp])[] = [
			["words", () => "not a code at all", /This is not an authorization code\. Paste the whole address/],
			["an access token", accessToken, /This is an access token, not an authorization code\. Paste/],
			["the Client ID", () => session.app("public").clientId, /This is an OAuth 2\.0 Client ID, not an/],
			["a foreign state", () => `${session.loopbackRedirect}?state=somebody-elses&code=abc123`, /does not belong to/],
			["an address without a code", () => "https://x.com/home", /The address contains no code/],
		];
		for (const [what, text, reason] of wrong) {
			it(`refuses ${what}, says why and stays open`, async () => {
				await window.type(text());
				await window.accept();
				const prompt = await window.waitForQuickInput(reason);
				assert.equal(prompt.severity, "error");
				assert.equal(prompt.masked, true);
				assert.notEqual(prompt.value, "", "what was typed is gone");
				assert.equal(tokenRequests(), 0);
			});
		}

		it("takes the whole address after all that", async () => {
			await window.type(session.approve(link));
			await window.accept();
			await signedIn();
			const item = await window.waitForStatusBarItem(fresh("ada_dev"));
			assert.equal(item.background, "none");
			assert.match(item.ariaLabel, /the access token of @ada_dev expires at .*\d:\d\d [AP]M$/);
			const tooltip = await item.tooltip();
			for (const part of [
				"@ada_dev (Ada)",
				session.app("public").clientId,
				"offline.access",
				"Expires",
				"none since",
			]) {
				assert.ok(tooltip.includes(part), `the tooltip lacks "${part}":\n${tooltip}`);
			}
			await window.quickInputClosed();
			assert.equal(tokenRequests(), 1);
		});

		for (const [what, pasted] of [
			["a query string", (address: string) => new URL(address).search.slice(1)],
			["a bare code", (address: string) => parameter(address, "code")],
		] as const) {
			it(`takes ${what}`, async () => {
				const before = tokenRequests();
				await window.runCommand(getToken);
				await window.waitForQuickInput("Get Token");
				const page = await session.authorizationLink(() => window.clickQuickInputButton(openPage));
				await window.type(pasted(session.approve(page)));
				await window.accept();
				await signedIn();
				assert.equal(tokenRequests(), before + 1);
			});
		}
	});

	describe("a redirect", () => {
		it("arrives through Developer: Open URL", async () => {
			await session.useApp("public", editorRedirect);
			await window.runCommand("Twitter Tokens: Copy Authorization Link");
			const link = await until("the link in the clipboard", async () => {
				const text = await window.readClipboard();
				return text.startsWith(session.emulator.origin) ? text : undefined;
			});
			const address = session.approve(link);
			await session.openUrl(address);
			await signedIn();
			const sent = present(session.emulator.requests.findLast(({ path }) => path.endsWith("/token")));
			assert.equal(sent.form.redirect_uri, editorRedirect);

			// The same once more: an echo, which nobody needs to be told of.
			const before = tokenRequests();
			await session.logged(/came twice/, () => session.openUrl(address));
			await assertNoComplaint();
			assert.equal(tokenRequests(), before);
		});

		it("arrives at the loopback address by a click on Authorize", async () => {
			await session.useApp("public", session.loopbackRedirect);
			const before = tokenRequests();
			const page = await session.consentPage(() => window.runCommand(signIn));
			assert.match((await window.waitForQuickInput("Finish the Sign-In")).placeholder, /Address or code/);
			await page.locator("#authorize").click();
			await page.getByText("You are signed in").waitFor();
			session.ledger.takeAddress(page.url());
			await page.close();
			await signedIn();
			await window.quickInputClosed();
			assert.equal(tokenRequests(), before + 1);
		});

		it("says that the sign-in was cancelled on X", async () => {
			const before = tokenRequests();
			const page = await session.consentPage(() => window.runCommand(signIn));
			await window.waitForQuickInput("Finish the Sign-In");
			await page.locator("#cancel").click();
			await page.getByText("The sign-in was cancelled on X. Nothing was changed.").waitFor();
			await page.close();
			const { severity, text } = await window.waitForNotification("cancelled on X");
			assert.equal(severity, "error");
			assert.match(text, /Sign in again when you want to allow it/);
			await window.quickInputClosed();
			await window.clearNotifications();
			assert.equal(tokenRequests(), before);
			await window.waitForStatusBarItem(/@ada_dev/);
		});

		it("says nothing on Escape, and signs in whoever approves on X all the same", async () => {
			await session.useApp("public", editorRedirect);
			const before = tokenRequests();
			const link = await session.authorizationLink(() => window.runCommand(signIn));
			await window.waitForQuickInput("Finish the Sign-In");
			await session.logged(/signIn: cancelled/, () => window.escape());
			await window.quickInputClosed();
			await assertNoComplaint();
			assert.equal(tokenRequests(), before);

			await session.openUrl(session.approve(link));
			await window.waitForNotification("Signed in to X as @ada_dev");
			assert.equal(tokenRequests(), before + 1);
			await window.clearNotifications();
		});

		it("goes on when its URI arrives while the palette has taken the prompt away", async () => {
			const before = tokenRequests();
			const link = await session.authorizationLink(() => window.runCommand(signIn));
			await window.waitForQuickInput("Finish the Sign-In");
			await session.openUrl(session.approve(link));
			await window.waitForNotification("Signed in to X as @ada_dev");
			assert.equal(tokenRequests(), before + 1);
			await window.clearNotifications();
		});

		it("completes a sign-in whose window was reloaded meanwhile", async function () {
			this.timeout(120_000);
			const before = tokenRequests();
			const link = await session.authorizationLink(() => window.runCommand(signIn));
			await window.waitForQuickInput("Finish the Sign-In");
			await window.reload();
			await session.openUrl(session.approve(link));
			await signedIn();
			assert.equal(tokenRequests(), before + 1);
			await window.waitForStatusBarItem(fresh("ada_dev"));
		});
	});

	describe("the status bar", () => {
		const refresh = () => window.runCommand("Twitter Tokens: Refresh Token");

		it("shows a renewal while it goes on", async () => {
			session.emulator.faultNext("token", { kind: "slow", ms: 4_000 });
			await refresh();
			const item = await window.waitForStatusBarItem("$(sync~spin) @ada_dev …");
			assert.equal(item.background, "none");
			assert.match(item.ariaLabel, /is being renewed/);
			await window.waitForStatusBarItem(fresh("ada_dev"));
		});

		it("asks for a new sign-in when the grant is dead", async () => {
			const { clientId } = session.app("public");
			session.emulator.userRevokes(clientId, present(session.emulator.users[0]).id);
			await refresh();
			const item = await window.waitForStatusBarItem("@ada_dev sign in again");
			assert.equal(item.text, "$(warning) @ada_dev sign in again");
			assert.equal(item.background, "error");
			assert.match(item.ariaLabel, /@ada_dev must sign in again/);
			const { severity, buttons } = await window.waitForNotification("");
			assert.equal(severity, "error");
			assert.deepEqual(buttons, ["Sign In", "Show Log"]);
			await window.clearNotifications();
		});

		it("warns before the end, and tells of the end", async () => {
			session.emulator.switches.expiresIn = 8;
			await signInByPaste();
			const soon = await until("the warning", async () => {
				// A window that regains the focus looks at the clock.
				await window.away();
				await window.back();
				const item = await window.statusBarItem();
				return item?.background === "warning" ? item : undefined;
			});
			assert.equal(soon.text, "$(key) @ada_dev <1m");
			const over = await window.waitForStatusBarItem("expired");
			assert.equal(over.text, "$(warning) @ada_dev expired");
			assert.equal(over.background, "error");
			assert.match(over.ariaLabel, /the access token of @ada_dev has expired/);
			session.emulator.switches.expiresIn = 7200;
			await refresh();
			assert.equal((await window.waitForStatusBarItem(fresh("ada_dev"))).background, "none");
		});
	});

	describe("two windows", () => {
		let second: Workbench;
		/** Both show it, the second to do so soon after the first. */
		const bothShow = async (text: string | RegExp) => {
			const shown = await Promise.all(
				[window, second].map(async (each) => {
					await each.waitForStatusBarItem(text);
					return performance.now();
				}),
			);
			const apart = Math.abs(present(shown[0]) - present(shown[1]));
			assert.ok(apart < 3_000, `the windows showed it ${Math.round(apart)} ms apart`);
		};

		before(async function () {
			this.timeout(120_000);
			second = await session.openWindow();
			await second.waitForStatusBarItem(fresh("ada_dev"));
		});

		it("forget an account together", async () => {
			await window.page.bringToFront();
			await signOut();
			await bothShow("Twitter: sign in");
		});

		it("share a sign-in that is begun in one and finished in the other", async () => {
			const before = tokenRequests();
			const link = await session.authorizationLink(() => window.runCommand(signIn));
			await window.waitForQuickInput("Finish the Sign-In");
			await second.page.bringToFront();
			await session.openUrl(session.approve(link), second);
			await bothShow(fresh("ada_dev"));
			await window.quickInputClosed();
			assert.equal(tokenRequests(), before + 1);
			await signedIn("ada_dev", second);
			await window.page.bringToFront();
			await assertNoComplaint();
		});

		it("share a renewal", async () => {
			session.emulator.switches.expiresIn = 3_600;
			await window.runCommand("Twitter Tokens: Refresh Token");
			await bothShow(/^\$\(key\) @ada_dev (1h 0m|59m)$/);
			session.emulator.switches.expiresIn = 7_200;
		});

		it("share a sign-out from the second", async () => {
			await second.page.bringToFront();
			await signOut(second);
			await bothShow("Twitter: sign in");
			await second.close();
			await window.page.bringToFront();
		});
	});

	describe("at last", () => {
		it("keeps the account over a restart of everything, without a request", async function () {
			this.timeout(120_000);
			await session.useApp("confidential", editorRedirect);
			await signInByPaste();
			const before = session.emulator.requests.length;
			await session.restart();
			({ window } = session);
			const item = await window.waitForStatusBarItem(fresh("ada_dev"));
			assert.equal(item.background, "none");
			assert.equal(session.emulator.requests.length, before);
			await session.logged(/users\/me|token/, () => window.runCommand("Twitter Tokens: Refresh Token"));
			await window.waitForStatusBarItem(fresh("ada_dev"));
		});

		it("leaves no secret outside SecretStorage", async function () {
			this.timeout(120_000);
			assert.match(await readFile(session.settingsFile, "utf8"), /"twitterTokens\.auth": "auth\.json"/);
			await assertNoSecrets(session);
		});
	});
});
