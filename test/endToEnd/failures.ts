import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "mocha";
import { projectFolder } from "../host/processes.ts";
import { openWindows } from "../host/workbench.ts";

/*
 * Where nobody watches, as in CI, a failed test leaves nothing but a line. After each one this prints what its windows
 * show, and takes their pictures. Every secret in them is the emulator's.
 */

const pictures = join(projectFolder, "out/failures");

export const mochaHooks = {
	async afterEach(this: Context) {
		const test = this.currentTest;
		if (test?.state !== "failed") return;
		this.timeout(30_000);
		await mkdir(pictures, { recursive: true });
		let count = 0;
		for (const window of openWindows) {
			const file = join(pictures, `${test.fullTitle().replace(/\W+/g, "-")}-${++count}.png`);
			console.log(`      window ${count} of ${openWindows.size}, ${file}:`);
			try {
				console.log(await window.describe());
				await window.screenshot(file);
			} catch (error) {
				console.log(`It can no longer be asked: ${error}`);
			}
		}
	},
};
