import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { until } from "../host/until.ts";
import type { Workbench } from "../host/workbench.ts";
import { coloursOfTheBrowser, fresh, parameter, present, Session } from "./session.ts";

const importTokens = "Twitter Tokens: Import Tokens";
const manage = "Twitter Tokens: Manage Accounts";
const appOnly = "$(key) App Only, Then Sign In";

describe("tokens from files and into files, in a real window", function () {
	this.timeout(60_000);
	let session: Session;
	let window: Workbench;
	let file: string;

	before(async function () {
		this.timeout(120_000);
		session = await Session.start({
			...coloursOfTheBrowser,
			"twitterTokens.statusBar": "always",
			"twitterTokens.refresh.automatic": false,
			"twitterTokens.clipboard.clearAfter": 0,
		});
		({ window } = session);
		file = join(session.workspace, "openintegrations.json");
	});
	after(async function () {
		this.timeout(30_000);
		await session?.remove();
	});

	const userId = (user: number) => present(session.emulator.users[user]).id;
	const live = (kind: "public" | "confidential" = "public", user = 0) =>
		present(session.emulator.liveGrant(session.app(kind).clientId, userId(user)));
	/** Signs in with another tool. */
	const elsewhere = (kind: "public" | "confidential", user: number) =>
		session.emulator.signInElsewhere(session.app(kind).clientId, userId(user));
	/** As a person writes it, for whom another tool has filled in the tokens. */
	const authText = ({ accessToken, refreshToken } = live()) =>
		`{\n  // from the console\n  "client_id": "${session.app("public").clientId}",\n  "redirect_uri": "${session.loopbackRedirect}",\n` +
		`  "access_token": "${accessToken}", "refresh_token": "${refreshToken}",\n  "oauth_token": "kept", // OAuth 1.0a\n}\n`;
	const mode = async (path: string) => (await stat(path)).mode & 0o777;
	const labels = async (title: string) => (await window.waitForQuickInput(title)).items.map(({ label }) => label);
	const nothingOnScreen = async () => {
		await window.quickInputClosed();
		assert.equal(await window.dialog(), undefined);
		assert.deepEqual(await window.notifications(), []);
	};

	/** A menu in which nothing that should be read is cut off. */
	const picture = async (name: string) => {
		assert.deepEqual(await window.page.evaluate(cutOff), []);
		await session.picture(name);
	};

	/** Types a path into VS Code's file dialog, which opens with the workspace's folder. */
	const givePath = async (dialog: string, path: string, isThere: boolean) => {
		await window.waitForQuickInput(({ title, value }) => title.includes(dialog) && value.startsWith(session.workspace));
		await window.type(path);
		// Enter before the list has followed would be taken for something else.
		await window.waitForQuickInput(
			({ value, items }) =>
				value === path && (!isThere || items.some(({ label, focused }) => focused && label.endsWith(basename(path)))),
		);
		await window.accept();
		await until("the file dialog to close", async () =>
			(await window.quickInput())?.title.includes(dialog) ? undefined : true,
		);
	};

	describe("Import Tokens", () => {
		const begin = async () => {
			await window.runCommand(importTokens);
			return await labels("Where are they?");
		};
		const chooseFile = async () => {
			await begin();
			await window.choose(/An Auth JSON File/);
			await givePath("Choose an auth JSON", file, true);
			return await window.waitForQuickInput("What should be taken from there?");
		};

		it("says what it means before anything is taken, and takes nothing at Escape", async () => {
			await writeFile(file, authText(elsewhere("public", 0)));
			assert.deepEqual(await begin(), ["$(file-code) An Auth JSON File…", "$(clippy) The Clipboard", "$(edit) Paste…"]);
			await picture("60-import-where");
			await window.escape();
			await nothingOnScreen();

			const { items } = await chooseFile();
			assert.deepEqual(
				items.map(({ label, focused }) => [label, focused]),
				[
					[appOnly, true],
					["$(account) Take Over the Tokens", false],
				],
			);
			assert.match(items[0]?.detail ?? "", /The other tool is signed out, unless it gets its own app\.$/);
			assert.match(items[1]?.detail ?? "", /whoever renews first, you or the other tool, ends the other's copy\.$/);
			await picture("61-import-what");
			await window.escape();
			await nothingOnScreen();
			await window.waitForStatusBarItem("Twitter: sign in");
			assert.deepEqual(session.emulator.requests, []);
			assert.equal(await readFile(file, "utf8"), authText());
		});

		it("takes over the tokens of an auth JSON", async () => {
			await chooseFile();
			await window.choose(/Take Over the Tokens/);
			const { text, buttons, severity } = await window.waitForNotification("Imported @ada_dev.");
			assert.equal(severity, "info");
			assert.match(text, /Do not use the copy in .*openintegrations\.json any more\.$/);
			assert.deepEqual(buttons, ["Write Renewed Tokens Back…"]);
			await window.waitForStatusBarItem(fresh("ada_dev"));
			await session.picture("62-imported");
			assert.equal(session.emulator.counters.tokenRequests, 0);
			assert.equal(await readFile(file, "utf8"), authText());
		});

		it("takes nothing from a file whose owner says no to writing back", async () => {
			await window.clickNotification("Imported @ada_dev.", "Write Renewed Tokens Back…");
			const { message, detail } = await window.waitForDialog();
			assert.match(message, /^Write the tokens of @ada_dev into openintegrations\.json now and after each renewal\?$/);
			assert.match(detail, /in clear, readable for you only \(0600\)/);
			await session.picture("63-write-back");
			await window.answerDialog("Cancel");
			await nothingOnScreen();
			assert.equal(await readFile(file, "utf8"), authText());
		});

		it("takes over the tokens of xurl's store, and leaves the store alone", async () => {
			const { clientId, clientSecret } = session.app("confidential");
			const { accessToken, refreshToken } = elsewhere("confidential", 1);
			const store = join(session.home, ".xurl/auth.yml");
			const text = `apps:\n    default:\n        client_id: ${clientId}\n        client_secret: "${clientSecret}"\n        oauth2_tokens:\n            grace_dev:\n                type: oauth2\n                oauth2:\n                    access_token: ${accessToken}\n                    refresh_token: ${refreshToken}\n                    expiration_time: ${Math.floor(Date.now() / 1_000) + 7_200}\ndefault_app: default\n`;
			await mkdir(join(session.home, ".xurl"));
			await writeFile(store, text);
			assert.equal((await begin())[1], "$(terminal) xurl");
			await picture("64-import-xurl");
			await window.choose(/xurl/);
			assert.deepEqual(await labels("What should be taken from there?"), [
				appOnly,
				"$(account) Take Over the Tokens of @grace_dev",
			]);
			await picture("65-import-xurl-what");
			await window.choose(/@grace_dev/);
			const { buttons } = await window.waitForNotification("Imported @grace_dev.");
			assert.deepEqual(buttons, []);
			await session.picture("66-imported-xurl");
			await window.clearNotifications();
			assert.equal(await readFile(store, "utf8"), text);
		});

		it("takes the app alone at once by Enter, and signs in with it", async () => {
			await chooseFile();
			const link = await session.authorizationLink(() => window.accept());
			assert.equal(parameter(link, "client_id"), session.app("public").clientId);
			assert.equal((await fetch(session.approve(link, 1))).status, 200);
			await window.waitForNotification("Signed in to X as @grace_dev");
			await window.clearNotifications();
			assert.equal(await readFile(file, "utf8"), authText());
		});
	});

	/** Opens an account's menu and takes an item. */
	const inMenu = async (account: string, item: RegExp) => {
		await window.runCommand(manage);
		await window.waitForQuickInput("Choose an account");
		await window.choose(new RegExp(account));
		await window.waitForQuickInput(`Twitter Tokens: ${account}`);
		await window.choose(item);
	};

	describe("Write back", () => {
		const renew = async () => {
			const before = live().accessToken;
			await window.runCommand("Twitter Tokens: Refresh Token");
			await window.waitForQuickInput("Which Account?");
			await window.choose(/@ada_dev/);
			await until("the renewal", async () => (live().accessToken === before ? undefined : true));
		};
		const begin = async (path: string) => {
			await inMenu("@ada_dev", /Write Renewed Tokens into a File…/);
			await givePath("Write Renewed Tokens of @ada_dev into…", path, true);
			await window.answerDialog("Write", "now and after each renewal?");
		};
		const hasLivePair = (path: string) =>
			until(`the living pair in ${basename(path)}`, async () =>
				(await readFile(path, "utf8")) === authText() ? true : undefined,
			);

		it("changes the two values with each renewal and nothing else, for its owner only", async () => {
			await chmod(file, 0o644);
			await begin(file);
			await window.page.getByText("openintegrations.json holds the tokens of @ada_dev from now on").waitFor();
			await session.picture("70-writing-back");
			await renew();
			await hasLivePair(file);
			assert.equal(await mode(file), 0o600);
			await nothingOnScreen();
		});

		it("ends where it is taken back", async () => {
			await inMenu("@ada_dev", /Stop Writing Renewed Tokens into openintegrations\.json/);
			await window.waitForNotification("No longer written into");
			await session.picture("71-no-longer-written");
			await window.clearNotifications();
			const last = await readFile(file, "utf8");
			await renew();
			// What is written into another file shows that this one would have been by now.
			const other = join(session.workspace, "other.json");
			await writeFile(other, authText());
			await begin(other);
			await renew();
			await hasLivePair(other);
			assert.equal(await readFile(file, "utf8"), last);
			await inMenu("@ada_dev", /Stop Writing Renewed Tokens into other\.json/);
			await window.waitForNotification("No longer written into");
			await window.clearNotifications();
		});
	});

	describe("Export", () => {
		const exporting = async (format: RegExp) => {
			await inMenu("@ada_dev", /Export…/);
			await window.waitForQuickInput("As what?");
			await window.choose(format);
			await window.waitForQuickInput("Twitter Tokens: Export @ada_dev");
		};

		it("copies, after saying which forms are shared", async () => {
			await inMenu("@ada_dev", /Export…/);
			const { items } = await window.waitForQuickInput("As what?");
			assert.deepEqual(
				items.map(({ label, detail }) => [label, /ends the other's copy/.test(detail)]),
				[
					["$(list-flat) .env Line", false],
					["$(warning) .env Lines with Refresh Token", true],
					["$(terminal) curl Command", false],
					["$(json) Token Response", true],
					["$(file-code) Auth JSON", true],
				],
			);
			await picture("80-export-as");
			await window.choose(/\.env Line$/);
			await window.waitForQuickInput(".env line: where to?");
			await picture("81-export-where");
			await window.choose(/To the Clipboard/);
			await window.page.getByText("Copied").first().waitFor();
			assert.equal(await window.readClipboard(), `X_ACCESS_TOKEN=${live().accessToken}`);
			await window.writeClipboard("");
			await nothingOnScreen();
		});

		it("warns of git before it writes, and then writes for its owner only", async () => {
			execFileSync("git", ["init", "--quiet", session.workspace]);
			const path = join(session.workspace, "token.json");
			const dialog = "Twitter Tokens: Export";
			for (const answer of ["Cancel", "Write All the Same"]) {
				await exporting(/Token Response/);
				await window.choose(/To a File/);
				await window.waitForQuickInput(({ title, value }) => title === dialog && value === path);
				if (answer === "Cancel") await session.picture("82-export-file");
				await givePath(dialog, path, false);
				await window.waitForDialog("is not ignored: a commit of everything would take the tokens along");
				if (answer === "Cancel") await session.picture("83-export-git");
				await window.answerDialog(answer);
				if (answer === "Cancel") {
					await nothingOnScreen();
					await assert.rejects(stat(path), { code: "ENOENT" });
				}
			}
			await window.waitForNotification(`The tokens are in clear in ${path}.`);
			await session.picture("84-exported");
			assert.equal(await mode(path), 0o600);
			const written = JSON.parse(await readFile(path, "utf8"));
			assert.deepEqual([written.access_token, written.refresh_token], [live().accessToken, live().refreshToken]);
		});
	});
});

/** Runs in the page: the details of menu items that end in an ellipsis. */
const cutOff = `[...document.querySelectorAll(".quick-input-list .quick-input-list-label-meta, .quick-input-list .quick-input-list-label-meta *")]
	.filter((each) => getComputedStyle(each).textOverflow === "ellipsis" && each.scrollWidth > each.clientWidth)
	.map((each) => each.textContent)`;
