import assert from "node:assert/strict";
import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { until } from "../host/until.ts";
import type { Workbench } from "../host/workbench.ts";
import { fresh, present, Session } from "./session.ts";

const getToken = "Twitter Tokens: Get Token";
const refresh = "Twitter Tokens: Refresh Token";

describe("renewal, in three real windows", function () {
	this.timeout(150_000);
	let session: Session;
	let windows: readonly Workbench[] = [];

	before(async () => {
		session = await Session.start({
			"twitterTokens.auth": "auth.json",
			"twitterTokens.statusBar": "always",
		});
		windows = [session.window, await session.openWindow(), await session.openWindow()];
	});
	after(async () => session?.remove());

	const first = () => present(windows[0]);
	const second = () => present(windows[1]);
	const refreshes = () => session.emulator.requests.filter(({ form }) => form.grant_type === "refresh_token").length;

	const signIn = async () => {
		await first().page.bringToFront();
		await first().runCommand(getToken);
		await first().waitForQuickInput("Get Token");
		await first().type(session.foreignCode(session.app("public"), session.loopbackRedirect));
		await first().accept();
		await first().waitForNotification("Signed in to X as @ada_dev");
		await first().clearNotifications();
	};
	const allShow = (text: string | RegExp) =>
		Promise.all(
			windows.map((window) =>
				until(
					`the status bar ${text}`,
					async () => {
						const shown = (await window.statusBarItem())?.text ?? "";
						return (typeof text === "string" ? shown.includes(text) : text.test(shown)) ? true : undefined;
					},
					100_000,
				),
			),
		);

	/** The first window has sent a renewal, which waits for X. */
	const firstSends = async () => {
		const before = refreshes();
		await first().page.bringToFront();
		await first().runCommand(refresh);
		await until("the request", async () => (refreshes() > before ? true : undefined));
	};

	const secondHasTheLiveToken = async () => {
		await second().page.bringToFront();
		await second().writeClipboard("");
		await second().runCommand("Twitter Tokens: Copy Access Token");
		const live = session.emulator.liveGrant(session.app("public").clientId, present(session.emulator.users[0]).id);
		await until("the live token on the clipboard", async () =>
			(await second().readClipboard()) === live?.accessToken ? true : undefined,
		);
	};

	/** Kills, as a crash would, the extension host that holds the lock of a renewal. */
	const killTheRenewing = async () => {
		const pid = await until("the process that holds the lock of the renewal", () => lockHolder(session.userData));
		process.kill(pid, "SIGKILL");
	};

	it("comes due in all of them at once and takes one request", async () => {
		session.emulator.switches.expiresIn = 60;
		await signIn();
		session.emulator.switches.expiresIn = 7_200;
		const before = refreshes();
		await allShow(fresh("ada_dev"));
		assert.equal(refreshes() - before, 1);
		assert.equal(session.emulator.counters.consumedRefreshTokensSentAgain, 0);
	});

	it("survives the death of the extension host that had sent the request, where X had not yet rotated", async () => {
		const before = refreshes();
		session.emulator.faultNext("token", { kind: "slow", ms: 60_000, worked: false });
		await firstSends();
		await killTheRenewing();

		await second().page.bringToFront();
		await second().runCommand(refresh);
		await until("the second request", async () => (refreshes() === before + 2 ? true : undefined));
		await allShow(fresh("ada_dev"));
		assert.equal(session.emulator.counters.consumedRefreshTokensSentAgain, 0);
		await secondHasTheLiveToken();
	});

	it("survives the death of the extension host that had the answer, but not yet in the journal", async () => {
		await first().reload();
		await first().waitForStatusBarItem(fresh("ada_dev"));
		const before = refreshes();
		session.emulator.faultNext("token", { kind: "slow", ms: 6_000, worked: true });
		await firstSends();
		const folder = join(session.userData, "User/globalStorage/twitter-tokens.twitter-tokens");
		const files = () => readdir(folder);
		const journal = present((await files()).find((name) => /^vault-\w+\.sqlite$/.test(name)));
		const release = holdJournal(join(folder, journal));
		try {
			await until("the answer", async () => (await files()).find((name) => name.startsWith("receipt-")));
			await killTheRenewing();
		} finally {
			release();
		}

		await secondHasTheLiveToken();
		await allShow(fresh("ada_dev"));
		assert.equal(refreshes() - before, 1);
		assert.deepEqual(
			(await files()).filter((name) => name.startsWith("receipt-")),
			[],
		);
	});

	it("tells the truth in every window when the answer died with the extension host", async () => {
		await first().reload();
		await first().waitForStatusBarItem(fresh("ada_dev"));
		const before = refreshes();
		session.emulator.faultNext("token", { kind: "slow", ms: 60_000, worked: true });
		await firstSends();
		await killTheRenewing();

		await second().page.bringToFront();
		await second().runCommand(refresh);
		await second().waitForNotification("got lost on its way");
		await second().clearNotifications();
		await first().reload();
		await allShow("@ada_dev sign in again");
		// The one retry that the protocol allows, and no more.
		assert.equal(refreshes() - before, 2);
	});

	it("is possible again after a new sign-in, and after a restart of everything", async () => {
		await signIn();
		await allShow(fresh("ada_dev"));
		await session.restart();
		windows = [session.window];
		await allShow(fresh("ada_dev"));
		const before = refreshes();
		await first().runCommand(refresh);
		await until("the request", async () => (refreshes() === before + 1 ? true : undefined));
		await allShow(fresh("ada_dev"));
	});
});

/** The process that has the lock file of a renewal open, in Linux's own list of open files. */
async function lockHolder(userData: string): Promise<number | undefined> {
	for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
		for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
			const file = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
			if (file.startsWith(userData) && /renewal-[0-9a-f]{8}\.lock/.test(file)) {
				return Number(pid);
			}
		}
	}
	return undefined;
}

/** Keeps everybody else from writing to the journal. @returns what ends that */
function holdJournal(file: string): () => void {
	const database = new DatabaseSync(file, { timeout: 10_000 });
	database.exec("BEGIN EXCLUSIVE");
	return () => database.close();
}
