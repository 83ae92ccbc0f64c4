import assert from "node:assert/strict";
import { rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { readLogFiles } from "../host/codeServer.ts";
import { type Finding, findSecrets, formsOf } from "./secretScan.ts";
import type { Session } from "./session.ts";

/**
 * Stops everything and searches all that is left for every secret that was in use: the user data folder with VS Code's
 * logs, the extensions, and of the browser's profile what belongs to VS Code (the rest is the browser's own: its
 * history keeps the addresses X sent it to, as on every computer).
 *
 * *Developer: Open URL* keeps its last input in VS Code's own storage, which here is the browser's IndexedDB. What was
 * typed into it is bound to be found there, by VS Code's hand, and must not be found anywhere else.
 */
export async function assertNoSecrets(session: Session): Promise<void> {
	const secrets = session.ledger.secrets();
	const typed = session.ledger.typed();
	const kinds = new Set(secrets.values());
	for (const kind of ["access token", "refresh token", "code", "code verifier", "state", "client secret"]) {
		assert.ok(kinds.has(kind), `no ${kind} was in use: there is nothing to search for`);
	}
	await session.stop();

	const logs = await readLogFiles(session.userData);
	assert.ok(logs.size > 5, `VS Code wrote only ${logs.size} log files`);
	for (const line of [/signed in by paste/, /\/2\/oauth2\/token: 200 in \d+ ms/])
		assert.match(await session.log(), line);

	const storage = ["Local Storage", "Session Storage", "IndexedDB"].map((name) =>
		join(session.profile, "Default", name),
	);
	const folders = [session.userData, session.extensions, ...storage];
	for (const folder of folders) assert.ok((await stat(folder)).isDirectory());
	const { findings, files } = await findSecrets(folders, secrets);
	assert.ok(
		files.some((file) => /globalStorage.*twitter-tokens.*vault-/.test(file)),
		"the vault was not searched",
	);
	const root = join(session.profile, "..");
	const kept = findings.filter(({ file, value }) => /[/\\]IndexedDB[/\\]/.test(file) && typed.has(value));
	assert.equal(kept.length > 0, typed.size > 0, "the storage in which VS Code keeps a typed URL was not searched");
	assert.deepEqual(
		findings
			.filter((each) => !kept.includes(each))
			.map(({ file, kind, form }) => `${kind}, ${form}, in ${relative(root, file)}`),
		[],
	);
	await assertFinds(session, secrets);
}

/** The search itself: whatever is planted, in whatever form, is found. */
async function assertFinds(session: Session, secrets: ReadonlyMap<string, string>): Promise<void> {
	const folder = join(session.userData, "logs");
	const planted = join(folder, "planted.log");
	const found = async (content: Buffer): Promise<readonly Finding[]> => {
		await writeFile(planted, content);
		return (await findSecrets([folder], secrets)).findings;
	};
	for (const kind of new Set(secrets.values())) {
		const value = [...secrets].find(([, each]) => each === kind)?.[0] ?? "";
		const contents = new Map([
			["raw", Buffer.from(`{"it":"${value}"}`)],
			["URL-encoded", Buffer.from(`?it=${encodeURIComponent(value)}&more`)],
			["UTF-16", Buffer.from(`it=${value}`, "utf16le")],
			...[0, 1, 2].map((before) => {
				const text = Buffer.from(`${"it:".slice(0, before)}${value} and more`).toString("base64");
				return [`base64 at ${before}`, Buffer.from(`"${text}"`)] as const;
			}),
		]);
		for (const [form, content] of contents) {
			assert.ok(formsOf(value).has(form));
			const findings = await found(content);
			assert.ok(
				findings.some((each) => each.value === value && each.file === planted),
				`a ${kind} that was planted ${form} was not found`,
			);
		}
	}
	await rm(planted);
}
