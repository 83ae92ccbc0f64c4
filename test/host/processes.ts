import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { delimiter, dirname, join, resolve } from "node:path";

const groups = new Set<number>();
let hooked = false;

/**
 * Starts a program as the leader of a process group of its own, so that everything it starts in turn can be ended
 * with it. Whatever is still running when this process exits, for whatever reason it can observe, is ended too: a
 * failed assertion must not leave a server behind that the next run would talk to.
 */
export function spawnGroup(
	executable: string,
	args: readonly string[],
	options: { readonly environment: NodeJS.ProcessEnv; readonly workingFolder?: string },
): ChildProcess {
	const child = spawn(executable, args, {
		env: options.environment,
		...(options.workingFolder === undefined ? {} : { cwd: options.workingFolder }),
		detached: true,
		stdio: ["ignore", "pipe", "pipe"],
	});
	const pid = child.pid;
	if (pid !== undefined) {
		groups.add(pid);
		if (!hooked) {
			hooked = true;
			process.on("exit", () => {
				for (const group of groups) signalGroup(group, "SIGKILL");
			});
		}
	}
	return child;
}

/** Ends the group of `spawnGroup` and waits until its leader is gone; asks first, insists after five seconds. */
export async function endGroup(child: ChildProcess): Promise<void> {
	const pid = child.pid;
	if (pid === undefined) return;
	if (child.exitCode === null && child.signalCode === null) {
		const gone = new Promise<void>((done) => child.once("exit", () => done()));
		signalGroup(pid, "SIGTERM");
		const insist = setTimeout(() => signalGroup(pid, "SIGKILL"), 5_000);
		await gone;
		clearTimeout(insist);
	}
	// The leader may leave children behind (an extension host that was busy): they belong to this group alone.
	signalGroup(pid, "SIGKILL");
	groups.delete(pid);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(-pid, signal);
	} catch {
		// Already gone.
	}
}

/** Runs a program to its end and returns what it printed; an exit code other than 0 is an error that carries it. */
export async function run(
	executable: string,
	args: readonly string[],
	options: { readonly environment?: NodeJS.ProcessEnv; readonly workingFolder?: string } = {},
): Promise<string> {
	const child = spawn(executable, args, {
		env: options.environment ?? process.env,
		...(options.workingFolder === undefined ? {} : { cwd: options.workingFolder }),
		stdio: ["ignore", "pipe", "pipe"],
	});
	let output = "";
	const collect = (chunk: Buffer): void => {
		output += chunk.toString();
	};
	child.stdout.on("data", collect);
	child.stderr.on("data", collect);
	const code = await new Promise<number | string>((done, failed) => {
		child.once("error", failed);
		child.once("close", (exitCode, signal) => done(exitCode ?? signal ?? "unknown"));
	});
	if (code !== 0) {
		throw new Error(`${[executable, ...args].join(" ")} ended with ${code}:\n${output.trim().slice(-4_000)}`);
	}
	return output;
}

/**
 * The environment for programs under test: ours without what npm and an outer VS Code put there. A nested npm would
 * take the project's folder for its own, and an extension host started from VS Code's terminal would find its
 * parent's IPC handles.
 */
export function cleanEnvironment(): NodeJS.ProcessEnv {
	const environment: NodeJS.ProcessEnv = {};
	for (const [name, value] of Object.entries(process.env)) {
		if (
			/^(npm_(package|lifecycle|command|execpath|node_execpath|config_(local_prefix|prefix|user_agent)))/.test(name)
		) {
			continue;
		}
		if (/^(VSCODE_|ELECTRON_)/.test(name) || ["INIT_CWD", "NODE_OPTIONS", "PORT", "PASSWORD"].includes(name)) continue;
		environment[name] = value;
	}
	environment.PATH = [dirname(node24()), environment.PATH ?? ""].join(delimiter);
	return environment;
}

/** code-server hangs on any Node but 24: ours if it is one, else that of the package `node`. */
export function node24(): string {
	if (process.versions.node.startsWith("24.")) return process.execPath;
	const folder = dirname(createRequire(import.meta.url).resolve("node/package.json"));
	return join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
}

/** The folder of the checkout. */
export const projectFolder = resolve(import.meta.dirname, "../..");
