import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { installOnce, npmInstall } from "./cache.ts";
import { cleanEnvironment, endGroup, node24, run, spawnGroup } from "./processes.ts";

const version = "4.139.1";
/** Raise this when `install` puts something else on the disk: an older cache is then left alone. */
const revision = 1;

/**
 * VS Code's server from the npm registry. Its own download site is not reachable from everywhere, the registry is
 * wherever this project could be installed at all.
 *
 * Returns the entry script.
 */
export async function installCodeServer(): Promise<string> {
	if (process.platform === "win32")
		throw new Error("code-server does not run on Windows: set VSCODE_VERSION or VSCODE_PATH");
	const name = `code-server-${version}-${process.platform}-${process.arch}-r${revision}`;
	return join(await installOnce(name, install), "node_modules/code-server/out/node/entry.js");
}

async function install(folder: string): Promise<void> {
	// What is native ships prebuilt, the rest gets a stand-in below.
	await npmInstall(folder, `code-server@${version}`);
	const server = join(folder, "node_modules/code-server/lib/vscode");
	await npmInstall(server, "--omit=dev");
	await npmInstall(join(server, "extensions"), "--omit=dev");

	const modules = join(server, "node_modules");
	const github = await readdir(join(modules, "@github")).catch(() => []);
	const weight = [
		...github.filter((name) => name.startsWith("copilot")).map((name) => join(modules, "@github", name)),
		join(modules, "@microsoft/mxc-sdk"),
		join(server, "extensions/copilot"),
	];
	for (const each of weight) await rm(each, { recursive: true, force: true });

	await standIn(join(modules, "@vscode/spdlog"), spdlog);
	await standIn(join(modules, "@vscode/native-watchdog"), "exports.start = () => {};\n");
}

async function standIn(folder: string, source: string): Promise<void> {
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder, { recursive: true });
	await writeFile(
		join(folder, "package.json"),
		JSON.stringify({ name: "stand-in", version: "0.0.0", main: "index.js" }),
	);
	await writeFile(join(folder, "index.js"), source);
}

/**
 * VS Code's log writer is a native module that would have to be compiled. This one takes its place and writes every
 * line at once and never rotates: tests search the log files for secrets, and a stub that writes nothing would let
 * every such test pass.
 */
const spdlog = `
const fs = require("node:fs");
const path = require("node:path");
const names = ["trace", "debug", "info", "warning", "error", "critical"];
let globalLevel = 2;
class Logger {
	constructor(type, name, file) {
		this.file = file;
		this.level = globalLevel;
		this.raw = false;
		fs.mkdirSync(path.dirname(file), { recursive: true });
	}
	write(level, message) {
		if (level < this.level) return;
		const now = new Date();
		const local = new Date(now.getTime() - now.getTimezoneOffset() * 60000).toISOString();
		const head = local.slice(0, 10) + " " + local.slice(11, 23) + " [" + names[level] + "] ";
		try {
			fs.appendFileSync(this.file, this.raw ? message : head + message + "\\n");
		} catch (error) {
			// A folder removed under a server that is shutting down.
			if (error.code !== "ENOENT") throw error;
		}
	}
	trace(message) { this.write(0, message); }
	debug(message) { this.write(1, message); }
	info(message) { this.write(2, message); }
	warn(message) { this.write(3, message); }
	error(message) { this.write(4, message); }
	critical(message) { this.write(5, message); }
	getLevel() { return this.level; }
	setLevel(level) { this.level = level; }
	setPattern() {}
	clearFormatters() { this.raw = true; }
	flush() {}
	drop() {}
}
exports.version = 0;
exports.setLevel = (level) => { globalLevel = level; };
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = async (name, file) => new Logger("rotating", name, file);
exports.createAsyncRotatingLogger = async (name, file) => new Logger("rotating_async", name, file);
`;

export interface CodeServerOptions {
	/** The folder windows open unless told otherwise. */
	readonly workspace: string;
	/** Settings, logs, storage: everything but secrets, which the browser keeps. */
	readonly userDataDir: string;
	readonly extensionsDir: string;
	/** Paths of `.vsix` files to install before the start. */
	readonly extensions?: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
	/** Becomes `User/settings.json`, above `quiet`. Without it a file that is there already is left as it is. */
	readonly userSettings?: Readonly<Record<string, unknown>>;
	/** Becomes `Machine/settings.json`. */
	readonly machineSettings?: Readonly<Record<string, unknown>>;
	/** More arguments for code-server. */
	readonly arguments?: readonly string[];
	/** Secrets belong to the origin, and so to the port: a restart that should keep them needs the same one. */
	readonly port?: number;
	/** Workspace trust is off unless this is true. */
	readonly workspaceTrust?: boolean;
	/** Links that open without a question; `http://*.test:*` unless told otherwise, where test servers live. */
	readonly trustedDomains?: readonly string[];
}

export interface CodeServer {
	/** `http://127.0.0.1:PORT` */
	readonly origin: string;
	readonly port: number;
	readonly userDataDir: string;
	/** What the server printed so far. The files of VS Code's own logs are in `<userDataDir>/logs`. */
	logs(): string;
	/** Ends the server with everything it started and waits for it. */
	stop(): Promise<void>;
}

/**
 * Settings of every run: nothing that covers the window, asks the network or changes by itself. With the AI features
 * on, VS Code starts a process that needs a package `install` removed.
 */
export const quiet: Readonly<Record<string, unknown>> = {
	"chat.disableAIFeatures": true,
	"extensions.autoCheckUpdates": false,
	"extensions.ignoreRecommendations": true,
	"git.enabled": false,
	// Whatever else listens on this machine would be announced.
	"remote.autoForwardPorts": false,
	"telemetry.telemetryLevel": "off",
	"workbench.enableExperiments": false,
	"workbench.secondarySideBar.defaultVisibility": "hidden",
	"workbench.startupEditor": "none",
	"workbench.tips.enabled": false,
};

/** Starts a VS Code server and returns when it answers. */
export async function startCodeServer(options: CodeServerOptions): Promise<CodeServer> {
	const entry = await installCodeServer();
	const { userDataDir, extensionsDir } = options;
	await mkdir(extensionsDir, { recursive: true });
	if (options.userSettings !== undefined || !existsSync(join(userDataDir, "User/settings.json"))) {
		await writeSettings(userDataDir, "User", { ...quiet, ...options.userSettings });
	}
	if (options.machineSettings !== undefined) await writeSettings(userDataDir, "Machine", options.machineSettings);

	const environment: NodeJS.ProcessEnv = {
		...cleanEnvironment(),
		// code-server's own logs and its heartbeat: they belong to this run and not to the user's home.
		XDG_DATA_HOME: join(userDataDir, "xdg"),
		// The marketplace is not part of any test, and may not be reachable.
		EXTENSIONS_GALLERY: "{}",
		...options.environment,
	};
	const config = join(userDataDir, "code-server.yaml");
	await mkdir(userDataDir, { recursive: true });
	await writeFile(config, "auth: none\n");
	const common = ["--config", config, "--user-data-dir", userDataDir, "--extensions-dir", extensionsDir];
	for (const vsix of options.extensions ?? []) {
		await run(node24(), [entry, ...common, "--force", "--install-extension", vsix], { environment });
	}

	const child = spawnGroup(
		node24(),
		[
			entry,
			...common,
			...["--auth", "none", "--bind-addr", `127.0.0.1:${options.port ?? 0}`],
			...["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"],
			...(options.workspaceTrust === true ? [] : ["--disable-workspace-trust"]),
			...(options.trustedDomains ?? ["http://*.test:*"]).flatMap((each) => ["--link-protection-trusted-domains", each]),
			...(options.arguments ?? []),
			options.workspace,
		],
		{ environment, workingFolder: userDataDir },
	);
	let output = "";
	let ended: string | undefined;
	const collect = (chunk: Buffer): void => {
		output += chunk.toString();
	};
	child.stdout?.on("data", collect);
	child.stderr?.on("data", collect);
	child.once("error", (error) => {
		ended = error.message;
	});
	child.once("exit", (code, signal) => {
		ended = `exit ${code ?? signal}`;
	});

	try {
		const deadline = Date.now() + 60_000;
		for (;;) {
			// The system chose the port (nobody can take it in between), so the server has to tell it.
			const origin = /server listening on (http:\/\/127\.0\.0\.1:(\d+))/.exec(output);
			if (origin?.[1] !== undefined && (await healthy(origin[1]))) {
				return {
					origin: origin[1],
					port: Number(origin[2]),
					userDataDir,
					logs: () => output,
					stop: () => endGroup(child),
				};
			}
			if (ended !== undefined) throw new Error(`code-server did not start (${ended}):\n${output}`);
			if (Date.now() > deadline) throw new Error(`code-server did not answer within a minute:\n${output}`);
			await sleep(25);
		}
	} catch (error) {
		await endGroup(child);
		throw error;
	}
}

async function healthy(origin: string): Promise<boolean> {
	try {
		return (await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
	} catch {
		return false;
	}
}

/** Writes `User/settings.json` (or `Machine/settings.json`). A window that is open takes no notice until its reload. */
export async function writeSettings(
	userDataDir: string,
	kind: "User" | "Machine",
	settings: Readonly<Record<string, unknown>>,
): Promise<void> {
	const file = join(userDataDir, kind, "settings.json");
	await mkdir(dirname(file), { recursive: true });
	await writeFile(file, `${JSON.stringify(settings, undefined, "\t")}\n`);
}

/** Every file VS Code and code-server logged into, with its text: for "is a secret in there". */
export async function readLogFiles(userDataDir: string): Promise<Map<string, string>> {
	const found = new Map<string, string>();
	for (const folder of ["logs", "xdg"]) {
		const names = await readdir(join(userDataDir, folder), { recursive: true, withFileTypes: true }).catch(() => []);
		for (const name of names) {
			if (!name.isFile()) continue;
			const file = join(name.parentPath, name.name);
			found.set(file, await readFile(file, "utf8"));
		}
	}
	return found;
}
