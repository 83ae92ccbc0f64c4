import assert from "node:assert/strict";
import { until } from "../host/until.ts";
import type { Workbench } from "../host/workbench.ts";
import { coloursOfTheBrowser, fresh, present, Session } from "./session.ts";

const walkthrough = "Get Started with Twitter Tokens";

describe("Set Up X App, in a real window", function () {
	this.timeout(120_000);
	let session: Session;
	let window: Workbench;

	before(async () => {
		session = await Session.start({ ...coloursOfTheBrowser, "twitterTokens.refresh.automatic": false });
		({ window } = session);
	});
	after(async () => session?.remove());

	const steps = {
		"Set up your X app": "What X's console wants to know",
		"Sign in to X": "What happens",
		"Use the token": "Where the token can go",
	};

	it("begins in a walkthrough, whose steps say what to do", async () => {
		await window.runCommand("View: Close Primary Side Bar");
		await window.openWalkthrough(walkthrough);
		for (const [step, beside] of Object.entries(steps).reverse()) {
			await window.openStep(step, beside);
			await session.picture(`walkthrough-${step.replace(/\W/g, "")}`);
		}
		await window.page.getByText("Set Up X App", { exact: true }).click();
		await window.waitForQuickInput("(1/4)");
		await window.escape();
		await window.quickInputClosed();
		assert.deepEqual(await window.stepsDone(), [], "what was not done is ticked");
	});

	it("leads by keyboard alone from nothing to an app that X accepts, and on to a sign-in", async () => {
		const app = session.app("confidential");
		await window.runCommand("Twitter Tokens: Set Up X App");
		await window.waitForQuickInput("(1/4)");
		await session.picture("setUpApp-1-type");
		await window.type("Web");
		await window.accept();

		const redirects = await window.waitForQuickInput("(2/4)");
		assert.equal(redirects.items.length, 3);
		await session.picture("setUpApp-2-callback");
		await window.type("Another");
		await window.accept();
		await window.waitForQuickInput("Callback URL exactly as registered");
		await session.picture("setUpApp-3-another");
		await window.type(session.loopbackRedirect);
		await window.accept();

		const dialog = await window.waitForDialog("At console.x.com");
		assert.match(dialog.detail, /4\. Website URL/);
		await session.picture("setUpApp-4-steps");
		await window.answerDialog("I Have Done This");

		await window.waitForQuickInput("(3/4)");
		await window.type("ACh1XUeYTJjWwHn4Mo6hT8bVn");
		assert.equal((await window.waitForQuickInput("looks like the API Key")).severity, "warning");
		await session.picture("setUpApp-5-api-key");
		await window.type(app.clientId);
		await window.accept();
		assert.equal((await window.waitForQuickInput("(4/4)")).masked, true);
		await window.type("not the secret");
		await window.accept();

		await window.waitForNotification("refused the app's credentials");
		await session.picture("setUpApp-6-refused");
		await window.clickNotification("refused the app's credentials", "Correct It");
		assert.equal((await window.waitForQuickInput("(3/4)")).value, app.clientId);
		await window.accept();
		await window.waitForQuickInput("(4/4)");
		await window.type(present(app.clientSecret));
		await window.accept();

		await window.waitForNotification("accepts its credentials");
		await session.picture("setUpApp-7-accepted");
		const page = await session.consentPage(() =>
			window.clickNotification("accepts its credentials", "Sign In with Browser"),
		);
		await page.locator("#authorize").click();
		await window.page.bringToFront();
		await window.waitForStatusBarItem(fresh("ada_dev"));
	});

	it("has ticked in the walkthrough what is done", async () => {
		await window.openWalkthrough(walkthrough);
		await until("two ticks", async () => ((await window.stepsDone()).length === 2 ? true : undefined));
		assert.deepEqual(await window.stepsDone(), ["Set up your X app", "Sign in to X"]);
		await session.picture("walkthrough-done");
	});
});
