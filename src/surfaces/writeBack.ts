import { readFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import { issuedIn } from "../oauth/importable.ts";
import { acquireLock } from "../vault/lock.ts";
import type { Account } from "../vault/records.ts";
import type { VaultLog } from "../vault/secretStore.ts";
import { StorageError } from "../vault/storageError.ts";
import type { Vault } from "../vault/vault.ts";
import { editTextFile, FileError } from "./atomicFile.ts";
import { readObject, type WrittenPair, withPair } from "./authFileEdit.ts";

/** Milliseconds that other windows may take for a file; they take a few. */
const lockLimit = 10_000;

/**
 * Which account is written into which file, and the warning that was given about it. In a file beside the journal and not
 * in `globalState`, of which the windows of a browser-hosted workbench never hear from each other (host facts, section 3):
 * what is taken back in one window must be gone in all. Paths only, no secrets.
 */
const Pairings = v.record(
	v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
	v.object({ file: v.string(), warned: v.optional(v.string()) }),
);
type Pairings = v.InferOutput<typeof Pairings>;

/** Why a file was left alone, in one word: a warning is given once for each. */
export type WriteBackProblem = FileError["problem"] | "notEditable" | "otherApp" | "newerTokens";

export interface WriteBackFailure {
	readonly account: Account;
	readonly file: string;
	readonly problem: WriteBackProblem;
	/** A sentence for a person, or the file system's own name for it. */
	readonly message?: string;
}

export interface WriteBack {
	/** The file into which an account's renewed tokens go. */
	fileOf(accountId: string): string | undefined;
	/** Begins to write, at once and after each renewal; only after the person's consent. @throws what kept it from the first write, with nothing begun */
	begin(account: Account, file: string): Promise<void>;
	/** Ends it in all windows; the file stays as it is. */
	end(accountId: string): Promise<void>;
	/** Tries again where it failed: the file may be back. */
	retry(): void;
	dispose(): void;
}

export interface WriteBackParts {
	readonly vault: Vault;
	/** The vault's own. */
	readonly folder: string;
	readonly log: VaultLog;
	/** Called once for each new problem of a file, in one window. @returns whether somebody could see it */
	readonly warn: (failure: WriteBackFailure) => boolean;
	/** For tests. */
	readonly step?: Parameters<typeof editTextFile>[2];
}

/** A file was left alone on purpose. */
export class WriteBackError extends Error {
	override readonly name = "WriteBackError";
	readonly problem: WriteBackProblem;

	constructor(problem: WriteBackProblem) {
		super(problem);
		this.problem = problem;
	}
}

/**
 * Writes renewed tokens into the auth JSON files they came from. Every window hears of a renewal; under a lock the first
 * one writes, and the others find that the file says it already.
 */
export function createWriteBack({ vault, folder, log, warn, step }: WriteBackParts): WriteBack {
	const pairingsFile = join(folder, "writeBack.json");
	/** Access tokens that are in the file, as far as this window knows: spares it looking after every change of the vault. */
	const written = new Map<string, string>();
	let running: Promise<void> | undefined;
	let again = false;
	let disposed = false;

	const pairings = (): Pairings => {
		try {
			const parsed = v.safeParse(Pairings, JSON.parse(readFileSync(pairingsFile, "utf8")));
			return parsed.success ? parsed.output : {};
		} catch {
			return {};
		}
	};

	/** For the holder of the lock only. */
	const save = async (changed: Pairings) => {
		const beside = `${pairingsFile}.tmp`;
		await rm(beside, { force: true });
		const handle = await open(beside, "wx", 0o600);
		try {
			await handle.writeFile(`${JSON.stringify(changed, undefined, "\t")}\n`);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await rename(beside, pairingsFile);
	};

	const locked = async <T>(work: () => Promise<T>): Promise<T> => {
		const lock = await acquireLock(join(folder, "writeBack.lock.sqlite"), {
			limitMs: lockLimit,
			random: Math.random,
			tooLong: () => new StorageError("busy", "Another window is writing to an auth JSON for too long. Try again."),
		});
		try {
			return await work();
		} finally {
			lock.release();
		}
	};

	const write = async ({ id, clientId, tokens }: Account, file: string) => {
		const pair: WrittenPair = {
			access_token: tokens.accessToken,
			...(tokens.refreshToken ? { refresh_token: tokens.refreshToken } : {}),
		};
		const wrote = await editTextFile(
			file,
			(text) => {
				assertOurs(readObject(text, file), clientId, tokens.accessToken);
				return withPair(text, pair, file);
			},
			step,
		);
		written.set(id, tokens.accessToken);
		if (wrote) log.info(`${id}: the renewed tokens are in the auth JSON`);
	};

	const look = async () => {
		const paired = pairings();
		if (Object.keys(paired).length === 0) return;
		for (const { id, tokens } of await vault.accounts()) {
			if (paired[id] === undefined || written.get(id) === tokens.accessToken) continue;
			await locked(async () => {
				// Under the lock both may have moved on: the consent taken back, the tokens renewed.
				const pairing = pairings()[id];
				const account = (await vault.accounts()).find((each) => each.id === id);
				if (!pairing || !account) return;
				try {
					await write(account, pairing.file);
					if (pairing.warned !== undefined) await save({ ...pairings(), [id]: { file: pairing.file } });
				} catch (error) {
					const failure = failureOf(error, account, pairing.file);
					log.warn(`${id}: the renewed tokens are not in the auth JSON: ${failure.problem}`);
					if (pairing.warned !== failure.problem && warn(failure)) {
						await save({ ...pairings(), [id]: { file: pairing.file, warned: failure.problem } });
					}
				}
			});
		}
	};

	const nudge = () => {
		if (disposed) return;
		if (running) {
			again = true;
			return;
		}
		running = look()
			.catch((error) => log.warn(`Renewed tokens could not be written back: ${messageOf(error)}`))
			.finally(() => {
				running = undefined;
				if (again) {
					again = false;
					nudge();
				}
			});
	};
	const watching = vault.onDidChange(nudge);
	// A window may have ended between a renewal and its writing.
	nudge();

	return {
		fileOf: (id) => pairings()[id]?.file,
		begin: ({ id }, file) =>
			locked(async () => {
				await write(await vault.account(id), file);
				await save({ ...pairings(), [id]: { file } });
			}),
		end: (id) =>
			locked(async () => {
				const { [id]: _, ...others } = pairings();
				written.delete(id);
				await save(others);
			}),
		retry: nudge,
		dispose() {
			disposed = true;
			watching.dispose();
		},
	};
}

/** @throws WriteBackError where the tokens do not belong into this file */
function assertOurs(content: Readonly<Record<string, unknown>>, clientId: string, accessToken: string): void {
	const { client_id, access_token } = content;
	if (typeof client_id === "string" && client_id.trim() !== "" && client_id.trim() !== clientId) {
		throw new WriteBackError("otherApp");
	}
	// Another tool has renewed: ours are dead, and writing them would cost the living ones. X's clock on both sides.
	const theirs = typeof access_token === "string" ? issuedIn(access_token.trim()) : undefined;
	const ours = issuedIn(accessToken);
	if (theirs !== undefined && ours !== undefined && theirs > ours) {
		throw new WriteBackError("newerTokens");
	}
}

/** What went wrong, in one word that a warning can be made of. */
export function failureOf(error: unknown, account: Account, file: string): WriteBackFailure {
	if (error instanceof FileError) {
		return { account, file, problem: error.problem, ...(error.systemCode ? { message: error.systemCode } : {}) };
	}
	if (error instanceof WriteBackError) {
		return { account, file, problem: error.problem };
	}
	if (error instanceof TwitterTokensError && error.code === "InvalidAuthSettings") {
		return { account, file, problem: "notEditable", message: error.message };
	}
	return { account, file, problem: "failed", message: messageOf(error) };
}
