import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { runTests, TestRunFailedError } from "@vscode/test-electron";
import { bundleTests } from "../host/bundle.ts";
import { quiet, writeSettings } from "../host/codeServer.ts";
import { node24, projectFolder, run } from "../host/processes.ts";
import { findVSCode } from "../host/vscode.ts";
import { forgetResult, packagedVariable, readResult, resultFile, resultVariable } from "../results.ts";

/*
 * Runs test/integration/**\/*.test.ts inside the extension host of a fresh VS Code. Words on the command line choose
 * files: `npm run integration -- refresh` runs those with "refresh" in their path.
 */

// Another extension's folder: for trying out this runner itself.
const extension = process.env.TWITTER_TOKENS_EXTENSION ?? projectFolder;
if (extension === projectFolder && !process.env[packagedVariable]) {
	console.log(await run(node24(), ["esbuild.js"], { workingFolder: projectFolder }));
}

const out = join(projectFolder, "out/integration");
const suite = await bundleTests({
	source: join(projectFolder, "test/integration"),
	out,
	words: process.argv.slice(2),
});

const result = process.env[resultVariable] || resultFile("integration");
forgetResult(result);
const vscode = await findVSCode();
console.log(`Integration tests in ${vscode.description}`);
// Short names: VS Code puts a socket into the folder, and such a path may have about 100 characters.
const temporary = await mkdtemp(join(tmpdir(), "tt-"));
const folder = (name: string): string => join(temporary, name);
try {
	for (const name of ["workspace", "user", "extensions"]) await mkdir(folder(name));
	// A desktop VS Code would ask before it hands a URI to an extension.
	const trusted = { "extensions.confirmedUriHandlerExtensionIds": ["twitter-tokens.twitter-tokens"] };
	await writeSettings(folder("user"), "User", { ...quiet, ...trusted });
	process.exitCode = await runTests({
		vscodeExecutablePath: vscode.executable,
		extensionDevelopmentPath: extension,
		extensionTestsPath: suite,
		launchArgs: [folder("workspace"), `--user-data-dir=${folder("user")}`, `--extensions-dir=${folder("extensions")}`],
		extensionTestsEnv: {
			// The runner is a script and asks the PATH for its Node.
			...(vscode.kind === "desktop" ? {} : { PATH: [dirname(node24()), process.env.PATH ?? ""].join(delimiter) }),
			[resultVariable]: result,
			TWITTER_TOKENS_USER_DATA: folder("user"),
			TWITTER_TOKENS_HOST: vscode.kind,
			TWITTER_TOKENS_COLOR: process.stdout.isTTY ? "1" : "",
		},
	});
	// An extension host that is killed in the midst of a suite makes VS Code end with 0.
	if (readResult(result) === undefined) throw new Error("The suite did not reach its end: the extension host crashed");
} catch (error) {
	if (error instanceof TestRunFailedError) console.error(error.message);
	else console.error(error);
	process.exitCode = 1;
} finally {
	await rm(temporary, { recursive: true, force: true, maxRetries: 5 });
}
