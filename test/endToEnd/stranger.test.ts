import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { until } from "../host/until.ts";
import type { Workbench } from "../host/workbench.ts";
import { assertNoSecrets } from "./afterwards.ts";
import { parameter, Session } from "./session.ts";
import { type Answer, packageStranger, Stranger } from "./stranger.ts";

const wantsToSignIn = "The extension 'Stranger' wants to sign in using Twitter (X).";
const wantsAccess = "The extension 'Stranger' wants to access a Twitter (X) account";
const account = "@ada_dev (Twitter (X))";

describe("another extension, in a real window", function () {
	this.timeout(60_000);
	let session: Session;
	let window: Workbench;
	let stranger: Stranger;

	before(async function () {
		this.timeout(120_000);
		const extensions = [await packageStranger()];
		const settings = { "twitterTokens.auth": "auth.json", "twitterTokens.refresh.automatic": false };
		session = await Session.start(settings, { extensions });
		({ window } = session);
		stranger = new Stranger(session);
	});
	after(async () => session?.remove());

	const authorizations = () => session.emulator.counters.authorizeRequests;
	const given = (digest: string, ...more: readonly string[]) => ({
		session: "given",
		digest,
		scopes: [...more, "offline.access", "tweet.read", "users.read"],
		account: "@ada_dev",
		user: "ada_dev",
	});
	const has = (answer: Answer, digest: string, ...more: readonly string[]) =>
		assert.partialDeepStrictEqual(answer, given(digest, ...more));
	const hasNothing = (answer: Answer, as: "none" | "refused") => {
		assert.equal(answer.session, as);
		assert.equal(answer.digest, undefined);
	};

	/** Allows the stranger to sign in. @returns X's page, and the answer to come */
	const allowSignIn = async (title: string): Promise<{ page: Page; answer: () => Promise<Answer> }> => {
		const answer = await stranger.ask(title);
		const page = await session.consentPage(() => window.answerDialog("Allow", wantsToSignIn));
		return { page, answer };
	};
	const authorize = async (page: Page) => {
		await page.locator("#authorize").click();
		await page.getByText("You are signed in").waitFor();
		session.ledger.takeAddress(page.url());
		await page.close();
		await window.waitForNotification("Signed in to X as @ada_dev");
		await window.clearNotifications();
	};

	const openAccountsMenu = async () => {
		await window.page.locator(".activitybar").getByRole("button", { name: "Accounts" }).click();
		await window.page.getByRole("menuitem", { name: "Manage Extension Account Preferences" }).waitFor();
	};
	const chooseOfAccount = async (item: string) => {
		await openAccountsMenu();
		await window.page.getByRole("menuitem", { name: account }).click();
		const chosen = window.page.getByRole("menuitem", { name: item, exact: true });
		await chosen.waitFor();
		// In its first tenth of a second a menu of VS Code takes no click.
		await until("the menu to close", async () => {
			await chosen.click({ timeout: 1_000 }).catch(() => {});
			return (await chosen.count()) === 0 ? true : undefined;
		});
	};
	const noAccountInMenu = async () => {
		await openAccountsMenu();
		assert.equal(await window.page.getByRole("menuitem", { name: account }).count(), 0);
		await window.escape();
	};

	describe("where nobody is signed in", () => {
		it("gets nothing without a question, and an error when it is refused", async () => {
			hasNothing(await stranger.silently(), "none");
			const answer = await stranger.ask("Get Session");
			assert.deepEqual((await window.waitForDialog(wantsToSignIn)).buttons, ["Cancel", "Allow"]);
			await session.look("60-stranger-wants-to-sign-in");
			await window.escape();
			hasNothing(await answer(), "refused");
			assert.deepEqual(session.emulator.requests, []);
		});

		it("gets nothing when the person cancels on X", async () => {
			const { page, answer } = await allowSignIn("Get Session");
			await page.locator("#cancel").click();
			await page.getByText("The sign-in was cancelled on X").waitFor();
			await page.close();
			hasNothing(await answer(), "refused");
			await session.look("61-stranger-cancelled-on-x");
			await window.clearNotifications();
			hasNothing(await stranger.silently(), "none");
		});

		it("gets a session that works when the person signs in", async () => {
			const { page, answer } = await allowSignIn("Get Session");
			await authorize(page);
			has(await answer(), session.liveDigest());
			has(await stranger.silently(), session.liveDigest());
			await window.waitForStatusBarItem(/@ada_dev/);
		});
	});

	describe("with its session", () => {
		it("is told of a renewal, and has the new token", async () => {
			const [changes, before] = [await stranger.changes(), session.liveDigest()];
			await window.runCommand("Twitter Tokens: Refresh Token");
			await until("the event", async () => ((await stranger.changes()) > changes ? true : undefined));
			assert.notEqual(session.liveDigest(), before);
			has(await stranger.silently(), session.liveDigest());
		});

		it("keeps what it has when a request for more scopes is refused", async () => {
			const before = authorizations();
			const answer = await stranger.ask("Ask for More Scopes");
			await window.waitForDialog(wantsToSignIn);
			await window.escape();
			hasNothing(await answer(), "refused");
			assert.equal(authorizations(), before);
			has(await stranger.silently(), session.liveDigest());
		});

		it("gets more scopes by a new authorization", async () => {
			const { page, answer } = await allowSignIn("Ask for More Scopes");
			assert.equal(parameter(page.url(), "scope"), "like.read offline.access tweet.read users.read");
			await authorize(page);
			has(await answer(), session.liveDigest(), "like.read");
		});

		it("loses no scope by a request for others", async () => {
			const { page, answer } = await allowSignIn("Ask for Other Scopes");
			assert.equal(parameter(page.url(), "scope"), "like.read list.read offline.access tweet.read users.read");
			await authorize(page);
			has(await answer(), session.liveDigest(), "like.read", "list.read");
		});
	});

	describe("in VS Code's Accounts menu", () => {
		it("is named among those the account trusts, until the person takes that back", async () => {
			await chooseOfAccount("Manage Trusted Extensions");
			const { items } = await window.waitForQuickInput("Manage Trusted Extensions");
			assert.partialDeepStrictEqual(items[0], { label: "Stranger", checked: true });
			await session.look("62-trusted-extensions");
			await window.pickItem("Stranger");
			await window.waitForQuickInput((input) => input.items[0]?.checked === false);
			await window.accept();
			await window.quickInputClosed();
			hasNothing(await stranger.silently(), "none");
		});

		it("has to ask again, may be refused at each of both questions, and is given without X", async () => {
			const before = authorizations();
			const first = await stranger.ask("Get Session");
			await window.waitForDialog(wantsToSignIn);
			await window.escape();
			hasNothing(await first(), "refused");

			const second = await stranger.ask("Get Session");
			await window.answerDialog("Allow", wantsToSignIn);
			const { items } = await window.waitForQuickInput(wantsAccess);
			assert.deepEqual(
				items.map(({ label }) => label),
				["@ada_dev", "Sign in to another account"],
			);
			await session.look("63-which-account");
			await window.escape();
			hasNothing(await second(), "refused");
			hasNothing(await stranger.silently(), "none");

			const third = await stranger.ask("Get Session");
			await window.answerDialog("Allow", wantsToSignIn);
			await window.waitForQuickInput(wantsAccess);
			await window.pickItem("@ada_dev");
			has(await third(), session.liveDigest(), "like.read", "list.read");
			assert.equal(authorizations(), before);
		});

		it("has nothing after a sign-out there", async () => {
			const changes = await stranger.changes();
			await chooseOfAccount("Sign Out");
			await session.look("64-sign-out");
			await window.answerDialog("Sign Out", "has been used by");
			await until("the event", async () => ((await stranger.changes()) > changes ? true : undefined));
			hasNothing(await stranger.silently(), "none");
			assert.equal(await window.statusBarItem(), undefined);
			await noAccountInMenu();
		});
	});

	describe("beside our own commands", () => {
		it("does not get the account of a sign-in that was not its own, before it is allowed", async () => {
			await session.signInByPaste();
			hasNothing(await stranger.silently(), "none");
			const answer = await stranger.ask("Get Session");
			await window.answerDialog("Allow", wantsToSignIn);
			await window.waitForQuickInput(wantsAccess);
			await window.pickItem("@ada_dev");
			has(await answer(), session.liveDigest());
		});

		it("has nothing after our own sign-out", async () => {
			await window.runCommand("Twitter Tokens: Sign Out");
			await window.pickItem("Forget Here");
			await window.waitForNotification("Signed out @ada_dev.");
			await window.clearNotifications();
			hasNothing(await stranger.silently(), "none");
			await noAccountInMenu();
		});

		it("leaves no secret outside SecretStorage", async function () {
			this.timeout(120_000);
			await assertNoSecrets(session);
		});
	});
});
