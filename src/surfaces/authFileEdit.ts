import {
	applyEdits,
	createScanner,
	type Edit,
	modify,
	type Node,
	type ParseError,
	parse,
	parseTree,
} from "jsonc-parser"; // VS Code's own: edits that keep order, comments and indentation
import { TwitterTokensError } from "../oauth/errors.ts";

/** The pair as it is written into an auth JSON; without a refresh token the file's own is left alone. */
export interface WrittenPair {
	readonly access_token: string;
	readonly refresh_token?: string;
}

/** jsonc-parser's `SyntaxKind` is a const enum, which cannot be imported without being compiled. */
const commaToken = 5;
const lineComment = 12;
const blockComment = 13;
const lineBreak = 14;
const blanks = 15;

/**
 * The text of an auth JSON with another pair in it; every other character stays as it is: keys, order, comments,
 * indentation, byte order mark, line ends.
 *
 * @param place what the file is called in error texts
 * @throws {TwitterTokensError} `InvalidAuthSettings` for a text that cannot be edited without guessing
 */
export function withPair(text: string, pair: WrittenPair, place: string): string {
	const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
	const before = readObject(text.slice(mark.length), place);
	let edited = text.slice(mark.length);
	for (const [key, value] of Object.entries(pair)) {
		edited = Object.hasOwn(before, key)
			? applyEdits(edited, modify(edited, [key], value, {}))
			: applyEdits(edited, insertion(edited, `${JSON.stringify(key)}`, JSON.stringify(value)));
	}
	// Whoever reads a key that stands there twice takes the last one; the edit has changed the first.
	const after = readObject(edited, place);
	if (!same(after, { ...before, ...pair })) {
		throw refusal(place, 'it names a key twice. Leave one "access_token" and one "refresh_token" in it');
	}
	return mark + edited;
}

/**
 * The object in an auth JSON, read as the edits read it: comments and trailing commas are taken, single quotes are not.
 *
 * @throws {TwitterTokensError} `InvalidAuthSettings`
 */
export function readObject(text: string, place: string): Readonly<Record<string, unknown>> {
	const errors: ParseError[] = [];
	const value: unknown = parse(text.replace(/^\uFEFF/, ""), errors, { allowTrailingComma: true });
	if (errors.length > 0) {
		throw refusal(place, "it is not JSON (comments and trailing commas are fine, single quotes are not)");
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw refusal(place, "it holds no JSON object");
	}
	return value as Record<string, unknown>;
}

/** Adds a property behind the last one, in the last one's manner; `modify` would format the line it touches. */
function insertion(text: string, key: string, value: string): Edit[] {
	const root = parseTree(text, [], { allowTrailingComma: true });
	const properties = root?.children ?? [];
	const last = properties.at(-1);
	if (!root || !last) {
		return [{ offset: (root?.offset ?? 0) + 1, length: 0, content: `${key}: ${value}` }];
	}
	const [name, content] = last.children ?? [];
	const separator = name && content ? text.slice(end(name), content.offset) : ": ";
	const lead = /\s*$/.exec(text.slice(0, last.offset))?.[0] ?? "";
	const property = `${lead}${key}${/^\s*:\s*$/.test(separator) ? separator : ": "}${value}`;
	const { comma, lineEnd } = whatFollows(text, end(last));
	// On a line of its own it comes behind the comment that explains the last one.
	const at = /[\r\n]/.test(lead) ? lineEnd : (comma ?? end(last));
	return comma === undefined
		? at === end(last)
			? [{ offset: at, length: 0, content: `,${property}` }]
			: [
					{ offset: end(last), length: 0, content: "," },
					{ offset: at, length: 0, content: property },
				]
		: // A trailing comma stays one.
			[{ offset: at, length: 0, content: `${property},` }];
}

const end = (node: Node): number => node.offset + node.length;

/** The end of a trailing comma, and of the last thing on the line. */
function whatFollows(text: string, from: number): { readonly comma: number | undefined; readonly lineEnd: number } {
	const scanner = createScanner(text, false);
	scanner.setPosition(from);
	let comma: number | undefined;
	let lineEnd = from;
	let onLine = true;
	for (;;) {
		const token: number = scanner.scan();
		const until = scanner.getTokenOffset() + scanner.getTokenLength();
		if (token === commaToken) {
			comma = until;
			lineEnd = until;
			onLine = true;
		} else if (token === lineBreak) {
			onLine = false;
		} else if (token === lineComment || token === blockComment) {
			lineEnd = onLine ? until : lineEnd;
		} else if (token !== blanks) {
			return { comma, lineEnd };
		}
	}
}

function same(a: unknown, b: unknown): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

function refusal(place: string, why: string): TwitterTokensError {
	return new TwitterTokensError("InvalidAuthSettings", `${place} was not written to: ${why}.`);
}
