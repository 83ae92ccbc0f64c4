import { constants, lstatSync, readFileSync } from "node:fs";
import { type FileHandle, open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Bytes; an auth JSON and xurl's store are far below, and a wrong choice must not fill the memory. */
const maxBytes = 1_000_000;

/**
 * Why a file was not read or written:
 * - `vanished`: it is not there (or the link to it leads nowhere);
 * - `notAFile`: a folder, a pipe, a device;
 * - `tooLarge`: above a megabyte;
 * - `notText`: its bytes are not UTF-8;
 * - `readOnly`: its owner may not write to it;
 * - `symbolicLink`: it leads to another file;
 * - `busy`: somebody else keeps writing to it;
 * - `failed`: the file system refused.
 */
export type FileProblem =
	| "vanished"
	| "notAFile"
	| "tooLarge"
	| "notText"
	| "readOnly"
	| "symbolicLink"
	| "busy"
	| "failed";

export class FileError extends Error {
	override readonly name = "FileError";
	readonly problem: FileProblem;
	/** The file system's own name for it, such as `EACCES`. */
	readonly systemCode: string | undefined;

	constructor(problem: FileProblem, path: string, cause?: unknown) {
		const systemCode = codeOf(cause);
		super(`${basename(path)}: ${problem}${systemCode === undefined ? "" : ` (${systemCode})`}`, { cause });
		this.problem = problem;
		this.systemCode = systemCode;
	}
}

/** A file as it was at one moment. */
export interface ReadFile {
	/** Where it really lies, behind all links. */
	readonly target: string;
	readonly text: string;
	/** Its bytes, to see later whether it has changed. */
	readonly bytes: Buffer;
	readonly writable: boolean;
	readonly uid: number;
	readonly gid: number;
}

/**
 * A small text file, read whole. Links are followed; what is no plain file is not waited for.
 *
 * @throws FileError
 */
export async function readTextFile(path: string): Promise<ReadFile> {
	let handle: FileHandle | undefined;
	try {
		const target = await realpath(path);
		// A pipe would keep us waiting for its writer. Windows has neither the flag nor such pipes.
		handle = await open(target, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
		const stat = await handle.stat();
		if (!stat.isFile()) {
			throw new FileError("notAFile", path);
		}
		if (stat.size > maxBytes) {
			throw new FileError("tooLarge", path);
		}
		const bytes = await handle.readFile();
		return {
			target,
			bytes,
			text: decoded(bytes, path),
			writable: (stat.mode & 0o200) !== 0,
			uid: stat.uid,
			gid: stat.gid,
		};
	} catch (error) {
		throw fileError(error, path);
	} finally {
		await handle?.close();
	}
}

/**
 * Edits a file so that others see it whole, before or after, whatever happens in between: writes beside it with mode
 * 0600, flushes, and renames. A link stays, what it leads to is replaced. A file that changed since it was read is read
 * and edited again. Only for who holds a lock against other windows: the file beside has one name.
 *
 * @param edit what it throws ends the attempt, with the file untouched; the text as it was means: leave it
 * @param step for tests: called at each named step
 * @returns whether it was written
 * @throws FileError; what `edit` throws
 */
export async function editTextFile(
	path: string,
	edit: (text: string) => string,
	step?: (name: "read" | "written" | "renamed") => void | Promise<void>,
): Promise<boolean> {
	for (let round = 0; round < 5; round++) {
		const before = await readTextFile(path);
		const text = edit(before.text);
		if (text === before.text) {
			return false;
		}
		// Its owner has said so; a rename would not even notice.
		if (!before.writable) {
			throw new FileError("readOnly", path);
		}
		await step?.("read");
		const beside = join(dirname(before.target), `.${basename(before.target)}.twitter-tokens.tmp`);
		try {
			// What a crash has left behind.
			await rm(beside, { force: true });
			await writeNew(beside, text, before);
			await step?.("written");
			if (await isUnchanged(path, before)) {
				await rename(beside, before.target);
				await flushFolder(dirname(before.target));
				await step?.("renamed");
				return true;
			}
			await rm(beside, { force: true });
		} catch (error) {
			await rm(beside, { force: true }).catch(() => {});
			throw fileError(error, path);
		}
	}
	throw new FileError("busy", path);
}

/** What stands at a path, a link not followed. */
export function whatIsAt(path: string): "nothing" | "file" | "symbolicLink" | "other" {
	try {
		const stat = lstatSync(path);
		return stat.isSymbolicLink() ? "symbolicLink" : stat.isFile() ? "file" : "other";
	} catch (error) {
		if (codeOf(error) === "ENOENT") {
			return "nothing";
		}
		throw fileError(error, path);
	}
}

/**
 * Writes a file for its owner only (0600). A link is never followed: whoever put it there would choose where the tokens go.
 *
 * @param replace the person has agreed that what stands there goes
 * @throws FileError; `EEXIST` as its `systemCode` where something appeared meanwhile
 */
export async function writePrivateFile(path: string, text: string, replace: boolean): Promise<void> {
	try {
		if (!replace) {
			await writeNew(path, text);
			return;
		}
		const there = whatIsAt(path);
		if (there !== "file") {
			throw new FileError(
				there === "symbolicLink" ? "symbolicLink" : there === "nothing" ? "vanished" : "notAFile",
				path,
			);
		}
		const beside = join(dirname(path), `.${basename(path)}.twitter-tokens.tmp`);
		await rm(beside, { force: true });
		try {
			await writeNew(beside, text);
			// Replaces a link that has appeared since, and does not follow it.
			await rename(beside, path);
		} catch (error) {
			await rm(beside, { force: true }).catch(() => {});
			throw error;
		}
		await flushFolder(dirname(path));
	} catch (error) {
		throw fileError(error, path);
	}
}

async function writeNew(path: string, text: string, owner?: { readonly uid: number; readonly gid: number }) {
	// Fails where anything is there, a link that leads nowhere included.
	const handle = await open(path, "wx", 0o600);
	try {
		if (owner && process.getuid && (owner.uid !== process.getuid() || owner.gid !== process.getgid?.())) {
			await handle.chown(owner.uid, owner.gid);
		}
		await handle.writeFile(text);
		await handle.sync();
	} finally {
		await handle.close();
	}
}

async function isUnchanged(path: string, before: ReadFile): Promise<boolean> {
	return (await realpath(path)) === before.target && readFileSync(before.target).equals(before.bytes);
}

/** Makes the rename survive a power cut, where the system lets a folder be flushed. */
async function flushFolder(folder: string): Promise<void> {
	try {
		const handle = await open(folder, constants.O_RDONLY);
		try {
			await handle.sync();
		} finally {
			await handle.close();
		}
	} catch {
		// Windows. The file itself is flushed.
	}
}

function decoded(bytes: Buffer, path: string): string {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch (error) {
		throw new FileError("notText", path, error);
	}
}

function fileError(error: unknown, path: string): Error {
	if (error instanceof FileError) {
		return error;
	}
	switch (codeOf(error)) {
		case undefined:
			return error instanceof Error ? error : new FileError("failed", path, error);
		case "ENOENT":
		case "ENOTDIR":
			return new FileError("vanished", path, error);
		case "EISDIR":
		case "ENXIO":
			return new FileError("notAFile", path, error);
		case "EROFS":
			return new FileError("readOnly", path, error);
		default:
			return new FileError("failed", path, error);
	}
}

function codeOf(error: unknown): string | undefined {
	return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
