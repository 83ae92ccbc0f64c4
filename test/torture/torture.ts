// node test/torture/torture.ts --processes 16 --rotations 10000 --seed N [--seconds S]
import { parseArgs } from "node:util";
import { steps } from "./messages.ts";
import { torture } from "./run.ts";

const { values } = parseArgs({
	options: {
		processes: { type: "string", default: "16" },
		rotations: { type: "string", default: "10000" },
		seed: { type: "string", default: String(Date.now() % 1_000_000) },
		seconds: { type: "string", default: "3600" },
	},
});
const options = {
	processes: Number(values.processes),
	rotations: Number(values.rotations),
	seed: Number(values.seed),
	seconds: Number(values.seconds),
	progress: (line: string) => console.log(line),
};
console.log(`seed ${options.seed}, ${options.processes} processes, ${options.rotations} rotations`);
const result = await torture(options);
const missed = steps.filter((step) => !result.stops[step]);
const { rotations } = result;
console.log(`
rotations by X                                        ${rotations}
successful requests per rotation                      ${(result.successes / rotations).toFixed(4)}  (must be 1)
requests per rotation, with those X failed or refused ${(result.sends / rotations).toFixed(4)}
answers written down as soon as they had arrived      ${result.noted}
of these, reported by their owners as in the journal  ${result.kept}
consumed tokens sent again, answer had arrived        ${result.sentAgainAlthoughNoted}  (must be 0)
grants lost, answer had arrived                       ${result.lostAlthoughNoted}  (must be 0)
answers left beside the journal by a dead owner       ${result.leftInReceipts}
answers whose owner died before it could write a byte ${result.killedBeforeNoting}
from the last byte until it is written, µs            median ${result.medianUntilNoted}, longest ${result.longestUntilNoted}
grants lost with the answer in flight                 ${result.lostInFlight}
retries of a token whose answer never arrived         ${result.retriesAfterSilence}
most sends of one token                               ${result.mostSendsOfOneToken}
sign-ins afterwards                                   ${result.signIns}
kills at random / restarts of everything              ${result.kills} / ${result.restarts}
deaths at a step                                      ${steps.map((step) => `${step} ${result.stops[step] ?? 0}`).join(", ")}
calls for a token, longest wait                       ${result.calls}, ${result.longestWaitMs} ms
errors                                                ${JSON.stringify(result.errors)}
time                                                  ${result.seconds.toFixed(1)} s`);

const violations = [
	result.successes !== rotations &&
		"what X counts as renewed is not what its requests show: the figures above cannot be trusted",
	result.sentAgainAlthoughNoted > 0 && "a consumed token was sent again although its answer had arrived",
	result.lostAlthoughNoted > 0 && "a grant was lost although its answer had arrived",
	rotations >= 2000 && missed.length > 0 && `nobody died at ${missed.join(", ")}`,
].filter(Boolean);
for (const violation of violations) console.error(`VIOLATION: ${violation} (seed ${options.seed})`);
process.exitCode = violations.length > 0 ? 1 : 0;
