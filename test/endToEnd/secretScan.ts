import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Emulator } from "../emulator/emulator.ts";

/** What is searched for of a long value: enough to be unique, and what compression leaves in one piece. */
const searchedLength = 32;
/** Shorter values are constants of the protocol (`state`, `challenge`), not secrets. */
const shortest = 16;

/** All secrets that were in use in a run: what the emulator saw, and what it gave out. */
export class Ledger {
	readonly #secrets = new Map<string, string>();
	readonly #typed = new Set<string>();
	#emulator: Emulator | undefined;

	watch(emulator: Emulator): void {
		this.#emulator = emulator;
	}

	take(value: string | undefined, kind: string): void {
		if (value !== undefined && value.length >= shortest) this.#secrets.set(value, kind);
	}

	/** The tokens that live now. */
	takeTokens(): void {
		for (const { clientId } of this.#emulator?.apps ?? []) {
			for (const { id } of this.#emulator?.users ?? []) {
				const live = this.#emulator?.liveGrant(clientId, id);
				this.take(live?.accessToken, "access token");
				this.take(live?.refreshToken, "refresh token");
			}
		}
	}

	/** An authorization link, or where X sends the browser. */
	takeAddress(address: string): void {
		const query = new URL(address).searchParams;
		this.take(query.get("state") ?? undefined, "state");
		this.take(query.get("code") ?? undefined, "code");
	}

	/** An address that was typed into *Developer: Open URL*. */
	takeTyped(address: string): void {
		this.takeAddress(address);
		for (const [name, value] of new URL(address).searchParams) if (name !== "error") this.#typed.add(value);
	}

	/** Codes and states that were typed into *Developer: Open URL*. */
	typed(): ReadonlySet<string> {
		return this.#typed;
	}

	/** All so far, by value: its kind. */
	secrets(): ReadonlyMap<string, string> {
		this.takeTokens();
		for (const { clientSecret } of this.#emulator?.apps ?? []) this.take(clientSecret, "client secret");
		for (const { form, query, headers } of this.#emulator?.requests ?? []) {
			for (const name of ["code", "code_verifier", "refresh_token", "token", "client_secret"]) {
				this.take(form[name], name.replace("_", " "));
			}
			this.take(query.state, "state");
			const { authorization = "" } = headers;
			this.take(/^Bearer (.+)$/i.exec(authorization)?.[1], "access token");
			this.take(/^Basic (.+)$/i.exec(authorization)?.[1], "client credentials");
		}
		return this.#secrets;
	}
}

export interface Finding {
	readonly file: string;
	readonly kind: string;
	readonly value: string;
	readonly form: string;
}

/** The ways in which a value can lie in a file. */
export function formsOf(value: string): ReadonlyMap<string, string> {
	const piece = value.slice(0, searchedLength);
	const forms = new Map([
		["raw", piece],
		["URL-encoded", encodeURIComponent(piece)],
		["URL-encoded twice", encodeURIComponent(encodeURIComponent(piece))],
		["UTF-16", Buffer.from(piece, "utf16le").toString("latin1")],
	]);
	for (const before of [0, 1, 2]) {
		const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(piece)]);
		// The characters at both ends also depend on the neighbours, which are not known.
		const first = [0, 2, 3][before] ?? 0;
		const length = Math.floor((bytes.length * 8) / 6);
		for (const encoding of ["base64", "base64url"] as const) {
			forms.set(`${encoding} at ${before}`, bytes.toString(encoding).slice(first, length));
		}
	}
	return forms;
}

/** Looks for the secrets in every file of the folders. */
export async function findSecrets(
	folders: readonly string[],
	secrets: ReadonlyMap<string, string>,
): Promise<{ readonly findings: readonly Finding[]; readonly files: readonly string[] }> {
	const wanted = [...secrets].flatMap(([value, kind]) => {
		// Often several forms are one text; it is called by the first.
		const forms = new Map([...formsOf(value)].reverse().map(([form, text]) => [text, form]));
		return [...forms].map(([text, form]) => ({ value, kind, form, bytes: Buffer.from(text, "latin1") }));
	});
	const findings: Finding[] = [];
	const files: string[] = [];
	for (const folder of folders) {
		for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
			if (!entry.isFile()) continue;
			const file = join(entry.parentPath, entry.name);
			files.push(file);
			const content = await readFile(file);
			for (const { value, kind, form, bytes } of wanted) {
				if (content.includes(bytes)) findings.push({ file, kind, value, form });
			}
		}
	}
	return { findings, files };
}
