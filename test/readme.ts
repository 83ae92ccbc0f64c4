import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "./host/processes.ts";

/*
 * What README.md shows, as it stands there: tests run that, and no copy of it.
 */

const readme = readFileSync(join(projectFolder, "README.md"), "utf8");

/** The one fenced block of that language with these words in it. */
export function readmeBlock(language: string, words: string): string {
	const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
	return only(
		blocks.flatMap(([, tag, text = ""]) => (tag === language && text.includes(words) ? [text] : [])),
		`block of ${language} with ${words}`,
	);
}

/** The one piece of code within the text that begins so. */
export function readmeCode(beginning: string): string {
	const pieces = [...readme.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = ""]) => code);
	return only(
		pieces.filter((code) => code.startsWith(beginning)),
		`code ${beginning}…`,
	);
}

function only(found: readonly string[], what: string): string {
	const [first, ...others] = found;
	if (first === undefined || others.length > 0) throw new Error(`README.md has ${found.length} times the ${what}`);
	return first;
}
