import { reporters } from "mocha";
import { resultVariable, writeResult } from "./results.ts";

/**
 * Mocha's own report, and its counts in a file for `npm test` to add up. The layers run in different processes, one
 * of them inside a VS Code that hands nothing back but its exit code.
 */
export default class CountingReporter extends reporters.Spec {
	constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
		super(runner, options);
		const file = process.env[resultVariable];
		if (file === undefined || file === "") return;
		runner.once("end", () => {
			// A failed hook is a failure without being a test: `failures` counts it, as Mocha's exit code does.
			writeResult(file, { passed: this.stats.passes, failed: runner.failures, skipped: this.stats.pending });
		});
	}
}
