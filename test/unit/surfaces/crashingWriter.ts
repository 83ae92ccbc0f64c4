import { editTextFile } from "../../../src/surfaces/atomicFile.ts";

/*
 * A process of its own that is killed in the midst of a write-back, at the step its second argument names. SIGKILL:
 * nothing of it gets to tidy up.
 */
const [file = "", at = ""] = process.argv.slice(2);
await editTextFile(
	file,
	() => '{"access_token":"new"}',
	(step) => {
		if (step === at) process.kill(process.pid, "SIGKILL");
	},
);
