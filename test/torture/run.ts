import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { build } from "esbuild";
import { tokenSetFrom } from "../../src/oauth/tokens.ts";
import { openVault, type SecretStore } from "../../src/vault/vault.ts";
import { publicClientId } from "../emulator/apps.ts";
import { startEmulator } from "../emulator/emulator.ts";
import { createLedger, type Verdict, type Worker } from "./ledger.ts";
import { type FromWorker, steps, type ToWorker } from "./messages.ts";
import { pick, seeded } from "./random.ts";

export interface TortureOptions {
	readonly processes: number;
	readonly rotations: number;
	readonly seed: number;
	/** Stops after so long, whatever was reached. */
	readonly seconds: number;
	readonly accounts?: number;
	/** ms between two kills at random. */
	readonly killEvery?: number;
	/** ms between two deaths of everything, main process and unwritten secrets included. */
	readonly restartEvery?: number;
	readonly progress?: (line: string) => void;
}

export interface TortureResult extends Verdict {
	readonly seconds: number;
	readonly kills: number;
	readonly restarts: number;
	readonly signIns: number;
	/** Refreshes that X answered with new tokens, by its own count. */
	readonly successes: number;
	readonly consumedSentAgain: number;
	readonly accountsAtTheEnd: number;
}

/** Short, so that everybody always needs a new token. */
const lifetimeSeconds = 0.05;
/** Come about only when X or the network refuses. */
const rareSteps: ReadonlySet<string> = new Set(["refused", "failureKept"]);
const scopes = ["offline.access", "tweet.read", "users.read"];
const clientId = publicClientId;
const app = { clientId, redirectUri: "http://127.0.0.1:8737/callback", scope: scopes.join(" ") };
const hashOf = (token: string) => createHash("sha256").update(token).digest("hex").slice(0, 16);

interface Window extends Worker {
	readonly child: ChildProcess;
	readonly ended: Promise<void>;
	readonly stale: boolean;
}

/** Many windows over one folder, one main process whose secrets lag, X, and death in every form. */
export async function torture(options: TortureOptions): Promise<TortureResult> {
	const {
		processes,
		rotations,
		seconds,
		accounts: accountCount = 8,
		killEvery = 1_000,
		restartEvery = 30_000,
	} = options;
	const random = seeded(options.seed);
	const users = Array.from({ length: accountCount }, (_, n) => ({
		id: `19650123456789${10_000 + n}`,
		name: `User ${n}`,
		username: `user_${n}`,
	}));
	const emulator = await startEmulator({ users, switches: { expiresIn: lifetimeSeconds } });
	const root = mkdtempSync(join(tmpdir(), "torture-"));
	const folder = join(root, "vault");
	const worker = join(root, "worker.mjs");
	// Bundled: hundreds of windows start, and each is to spend its time on the protocol.
	await build({
		entryPoints: [join(import.meta.dirname, "worker.ts")],
		outfile: worker,
		bundle: true,
		minify: true,
		platform: "node",
		format: "esm",
		logLevel: "error",
		banner: { js: 'import { createRequire } from "node:module"; const require = createRequire("/");' },
	});
	const ledger = createLedger();

	/** The main process: what it holds, and what of it is on disk. */
	let main = new Map<string, string>();
	let disk = new Map<string, string>();
	const windows = new Set<Window>();
	const timers: NodeJS.Timeout[] = [];
	let stopping = false;
	let kills = 0;
	let restarts = 0;
	let signIns = 0;
	let stopTurn = 0;
	let opened = 0;

	const write = (values: Readonly<Record<string, string>>, from?: Window) => {
		for (const [key, value] of Object.entries(values)) {
			if (main.get(key) === value) continue;
			main.set(key, value);
			for (const window of windows) if (window !== from) tell(window, { kind: "changed", key, value });
		}
	};
	const tell = ({ child }: Window, message: ToWorker) => {
		if (child.connected) child.send(message, () => undefined);
	};
	const own: SecretStore = {
		get: async (key) => main.get(key),
		store: async (key, value) => write({ [key]: value }),
		delete: async (key) => void main.delete(key),
		onDidChange: () => ({ dispose() {} }),
	};

	const vault = openVault({ secrets: own, folder, session: "one" });
	const userOf = new Map<string, string>();
	const grant = (userId: string, replaces?: string) => {
		// On a slow computer the access token has already expired; only the refresh token counts here.
		const { accessToken = "expired", refreshToken = "" } = emulator.signInElsewhere(clientId, userId);
		const response = { access_token: accessToken, refresh_token: refreshToken, expires_in: lifetimeSeconds };
		const tokens = { ...tokenSetFrom(response, Date.now()), scopes };
		return vault.saveSignIn({ app, tokens, tokenEndpoint: emulator.endpoints.token, replaces });
	};
	for (const user of users) {
		const account = await grant(user.id);
		await vault.identify(account.id, { id: user.id, handle: user.username });
		userOf.set(account.id, user.id);
	}
	disk = new Map(main);

	const signInAgain = async ({ id, token }: { id: string; token: string }) => {
		const account = await vault.account(id);
		const userId = userOf.get(id);
		// Somebody else may have said so, and been heard.
		if (!userId || !account.signInNeeded || hashOf(account.tokens.refreshToken ?? "") !== token) return;
		ledger.lost(token);
		signIns++;
		await grant(userId, id);
	};
	let signingIn = Promise.resolve();

	const open = (): Window => {
		// A file: a pipe would wake this process in the middle of what is measured, and the worker would wait for the processor.
		const reports = join(root, `reports-${opened++}`);
		const descriptor = openSync(reports, "a");
		const child = fork(worker, {
			stdio: ["ignore", "inherit", "inherit", "ipc", descriptor],
			execArgv: ["--no-warnings"],
		});
		closeSync(descriptor);
		const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
		const window: Window = {
			child,
			stale: random() < 0.25,
			ended: exited.then(() => {
				windows.delete(window);
				const lines = readFileSync(reports, "utf8").split("\n");
				for (const line of lines) ledger.note(window, line);
				ledger.died(window);
				if (!stopping) open();
			}),
		};
		child.on("message", (message: FromWorker) => {
			if (message.kind === "flush") write(message.values, window);
			else signingIn = signingIn.then(() => signInAgain(message));
		});
		// Every other window is to die at a step, each step in turn; the others live until somebody kills them.
		const step = random() < 0.5 ? steps[stopTurn++ % steps.length] : undefined;
		windows.add(window);
		tell(window, {
			kind: "start",
			folder,
			tokenEndpoint: emulator.endpoints.token,
			secrets: Object.fromEntries(main),
			stale: window.stale,
			seed: Math.floor(random() * 2 ** 32),
			stop: step && { step, count: 1 + Math.floor(random() * (rareSteps.has(step) ? 1 : 25)) },
		});
		return window;
	};
	for (let n = 0; n < processes; n++) open();

	const marks = new Map<string, number>();
	/** X has seen so many more requests since the last time that this was true for `what`. */
	const progressed = (what: string, requests: number) => {
		const { tokenRequests } = emulator.counters;
		if (tokenRequests - (marks.get(what) ?? 0) < requests) return false;
		marks.set(what, tokenRequests);
		return true;
	};
	timers.push(
		setInterval(() => {
			// By progress too: on a slow computer everybody would die before doing anything.
			if (windows.size === 0 || !progressed("kill", 5)) return;
			kills++;
			pick([...windows], random).child.kill("SIGKILL");
		}, killEvery),
		setInterval(() => {
			disk = new Map(main);
		}, 500),
		setInterval(() => {
			if (!progressed("restart", 150)) return;
			restarts++;
			for (const { child } of windows) child.kill("SIGKILL");
			main = new Map(disk);
		}, restartEvery),
		// The network has its moods, too.
		setInterval(() => {
			if (random() < 0.2 && progressed("fault", 10))
				emulator.faultNext("token", { kind: pick(["answerLost", "cutBeforeBody", "cutBeforeWork"], random) });
		}, 500),
	);

	const start = performance.now();
	let reported = 0;
	while (emulator.counters.successfulRefreshes < rotations && performance.now() - start < seconds * 1000) {
		await wait(50);
		if (emulator.counters.successfulRefreshes >= reported + 1000) {
			reported = emulator.counters.successfulRefreshes;
			options.progress?.(`${reported} rotations, ${signIns} sign-ins, ${kills} kills at random`);
		}
	}
	const elapsed = (performance.now() - start) / 1000;
	for (const timer of timers) clearInterval(timer);
	stopping = true;
	for (const { child } of windows) child.kill("SIGKILL");
	await Promise.all([...windows].map(({ ended }) => ended));
	await signingIn;
	const requests = emulator.requests.map(({ form, status, outcome }) => ({
		token: hashOf(form.refresh_token ?? ""),
		worked: status === 200 || outcome === "fault answerLost" || outcome === "fault cutBeforeBody",
	}));
	const accountsAtTheEnd = (await vault.accounts()).length;
	vault.dispose();
	await emulator.close();
	rmSync(root, { recursive: true, force: true });
	return {
		...ledger.verdict(requests),
		successes: emulator.counters.successfulRefreshes,
		seconds: elapsed,
		kills,
		restarts,
		signIns,
		consumedSentAgain: emulator.counters.consumedRefreshTokensSentAgain,
		accountsAtTheEnd,
	};
}
