import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Counts } from "../../results.ts";

/** What the tests before a reload of the window leave to those after it. */
export interface Reload {
	readonly counts: Counts;
	readonly secrets: readonly string[];
	readonly port: number;
	readonly clientId: string;
	readonly redirectUri: string;
	readonly accessToken: string;
	readonly link: string;
}

// Beside the user data, not in it: those are searched for secrets.
const file = join(dirname(process.env.TWITTER_TOKENS_USER_DATA ?? "."), "reload.json");

export function readReload(): Reload | undefined {
	const left = read();
	return left?.counts && (left as Reload);
}

/** Adds to what is left; it counts as a reload once `counts` is there. */
export function writeReload(more: Partial<Reload>): void {
	writeFileSync(file, JSON.stringify({ ...read(), ...more }));
}

function read(): Partial<Reload> | undefined {
	try {
		return JSON.parse(readFileSync(file, "utf8"));
	} catch {
		return undefined;
	}
}
