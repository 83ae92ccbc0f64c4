import { findChromium } from "./host/chromium.ts";
import { installCodeServer } from "./host/codeServer.ts";
import { projectFolder, run } from "./host/processes.ts";

/* What the layers in windows need: the package, and on Linux the VS Code and the browser it is tried in. */

console.log(await run("npm", ["run", "--silent", "package"], { workingFolder: projectFolder }));
if (process.platform === "linux") {
	// Here and not in the first test: downloads take longer than a test may.
	await installCodeServer();
	await findChromium();
}
