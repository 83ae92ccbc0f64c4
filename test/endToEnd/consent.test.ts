import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publicClientId } from "../emulator/apps.ts";
import { until } from "../host/until.ts";
import type { Workbench } from "../host/workbench.ts";
import { assertNoSecrets } from "./afterwards.ts";
import { editorRedirect, Session } from "./session.ts";
import { packageStranger, Stranger } from "./stranger.ts";
import { Digests, digestCommand, Terminals } from "./terminals.ts";

const nothing = createHash("sha256").digest("hex");
const consent =
	/^Allow the launch configurations and tasks of the workspace "workspace" to read the access token of @ada_dev\?/;
const refusal = "Not allowed: the access token of @ada_dev was not handed out.";

const task = (label: string, token: string) => ({
	label,
	type: "process",
	command: "sh",
	args: ["-c", digestCommand("TASK_TOKEN")],
	options: { env: { TASK_TOKEN: token } },
	problemMatcher: [],
});
const byInput = "token by input";
const byCommand = "token by command";
const tasks = {
	version: "2.0.0",
	// biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code's variables
	tasks: [task(byInput, "${input:xToken}"), task(byCommand, "${command:twitterTokens.accessToken}")],
	inputs: [{ id: "xToken", type: "command", command: "twitterTokens.accessToken", args: { account: "@ada_dev" } }],
};

describe("what a workspace gets, in a real window", function () {
	this.timeout(60_000);
	let session: Session;
	let window: Workbench;
	let stranger: Stranger;
	let digests: Digests;
	let terminals: Terminals;

	before(async function () {
		this.timeout(120_000);
		const settings = {
			"twitterTokens.auth": { client_id: publicClientId, redirect_uri: editorRedirect },
			"twitterTokens.refresh.automatic": false,
		};
		session = await Session.start(settings, { extensions: [await packageStranger()], workspaceTrust: true });
		({ window } = session);
		stranger = new Stranger(session);
		digests = new Digests(session);
		terminals = new Terminals(session, digests);
		await mkdir(join(session.workspace, ".vscode"));
		await writeFile(join(session.workspace, ".vscode/tasks.json"), JSON.stringify(tasks));
	});
	after(async () => session?.remove());

	const openAccount = async () => {
		await window.runCommand("Twitter Tokens: Manage Accounts");
		await window.pickItem(/@ada_dev/);
		const { items } = await window.waitForQuickInput("Twitter Tokens: @ada_dev");
		return items.map(({ label }) => label.replace(/^\$\([^)]*\) /, ""));
	};
	const chooseOfAccount = async (action: string, told: string) => {
		await openAccount();
		await window.pickItem(action);
		await window.page.locator(".part.statusbar").getByText(told).waitFor();
	};
	const closeAccount = async () => {
		await window.escape();
		await window.waitForQuickInput("Choose an account");
		await window.escape();
		await window.quickInputClosed();
	};

	const use = "Use in This Workspace's Terminals";
	const revoke = "Revoke This Workspace's Access";

	describe("where it is not trusted", () => {
		it("gets no token by the command, without a question", async () => {
			await session.signInByPaste();
			const answer = await stranger.ask("Call the Access Token Command");
			assert.partialDeepStrictEqual(await answer(), { session: "refused", code: "AccessDenied" });
			assert.equal(await window.dialog(), undefined);
		});

		it("is offered no token for its terminals", async () => {
			const actions = await openAccount();
			assert.ok(actions.includes("Copy Access Token"));
			assert.ok(!actions.includes(use));
			await session.look("70-account-untrusted");
			await closeAccount();
		});

		it("has no terminal before it is trusted, and no token in it afterwards", async () => {
			await terminals.open(() => window.answerDialog("Trust Folder & Continue", "Do you trust the authors"));
			assert.equal(await terminals.digestOf("X_ACCESS_TOKEN"), nothing);
		});
	});

	describe("in terminals", () => {
		it("gets the token in a new one after it was switched on, and not in the old one", async () => {
			assert.ok((await openAccount()).includes(use));
			await session.look("71-account-trusted");
			await closeAccount();
			await chooseOfAccount(use, "New terminals get the access token of @ada_dev");
			assert.equal(await terminals.digestOf("X_ACCESS_TOKEN"), nothing);
			await terminals.open();
			assert.equal(await terminals.digestOf("X_ACCESS_TOKEN"), session.liveDigest());
			await until("the mark", async () => ((await terminals.stale()).join() === "true,false" ? true : undefined));
		});

		it("gets the new token after a renewal, and the old terminals are marked", async () => {
			const before = session.liveDigest();
			await window.runCommand("Twitter Tokens: Refresh Token");
			await until("the marks", async () => ((await terminals.stale()).every(Boolean) ? true : undefined));
			assert.notEqual(session.liveDigest(), before);
			await terminals.open();
			assert.equal(await terminals.digestOf("X_ACCESS_TOKEN"), session.liveDigest());
			await session.look("72-stale-terminals");
		});

		it("gets none after it was switched off", async () => {
			await chooseOfAccount("Stop Using in Terminals", "New terminals do not get the access token of @ada_dev");
			await terminals.open();
			assert.equal(await terminals.digestOf("X_ACCESS_TOKEN"), nothing);
		});
	});

	describe("in tasks and by the command", () => {
		const run = async (label: string) => {
			await until(`the task "${label}"`, async () => {
				await window.runCommand("Tasks: Run Task");
				const { items } = await window.waitForQuickInput("Select the task to run");
				// VS Code notices a moment later that tasks.json was written.
				if (items.some((item) => item.label === label)) return true;
				await window.escape();
				return undefined;
			});
			await window.pickItem(label);
		};
		const refused = async () => {
			await window.waitForNotification(refusal);
			await window.clearNotifications();
			assert.equal(await digests.now(), undefined, "the task ran");
		};

		for (const label of [byInput, byCommand]) {
			it(`asks for the ${label}, and does not run the task when it is refused`, async () => {
				await run(label);
				const { detail, buttons } = await window.waitForDialog(consent);
				assert.match(detail, /within the scopes offline\.access tweet\.read users\.read\./);
				assert.deepEqual(buttons, ["Cancel", "Allow"]);
				await session.look(`73-consent-${label.replaceAll(" ", "-")}`);
				await window.escape();
				await refused();
			});
		}

		it("asks an extension, too, and tells it of the refusal", async () => {
			const answer = await stranger.ask("Call the Access Token Command");
			await window.answerDialog("Cancel", consent);
			assert.partialDeepStrictEqual(await answer(), { session: "refused", error: refusal, code: "Cancelled" });
			assert.ok(!(await openAccount()).includes(revoke));
			await closeAccount();
		});

		it("hands the token to the task when it is allowed, and asks no second time", async () => {
			await run(byInput);
			await window.answerDialog("Allow", consent);
			assert.equal(await digests.next(), session.liveDigest());
			for (const label of [byCommand, byInput]) {
				await run(label);
				assert.equal(await digests.next(), session.liveDigest());
			}
			const answer = await stranger.ask("Call the Access Token Command");
			assert.partialDeepStrictEqual(await answer(), { digest: session.liveDigest(), user: "ada_dev" });
		});

		it("does not make it a session of the extension", async () => {
			assert.equal((await stranger.silently()).session, "none");
		});

		it("asks again after it was taken back", async () => {
			await chooseOfAccount(revoke, "This workspace may not read the access token of @ada_dev any more");
			await run(byInput);
			await window.answerDialog("Cancel", consent);
			await refused();
		});

		it("leaves no secret outside SecretStorage", async function () {
			this.timeout(120_000);
			await assertNoSecrets(session);
		});
	});
});
