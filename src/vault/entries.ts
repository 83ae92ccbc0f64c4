import * as v from "valibot";

/** One version of one kept thing. A value of `null` is a tombstone: the thing was removed, and older copies must not bring it back. */
export interface Entry {
	readonly generation: number;
	/** JSON. */
	readonly value: unknown;
}

export type Entries = ReadonlyMap<string, Entry>;

const Generation = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const StoredEntry = v.object({ generation: Generation, value: v.unknown() });
const Records = v.object({ version: v.literal(1), entries: v.record(v.string(), v.unknown()) });

/** Per key the highest generation; on a tie the earlier side. */
export function merge(...sides: readonly Entries[]): Map<string, Entry> {
	const merged = new Map<string, Entry>();
	for (const side of sides) {
		for (const [key, entry] of side) {
			if (entry.generation > (merged.get(key)?.generation ?? 0)) merged.set(key, entry);
		}
	}
	return merged;
}

/** True where `side` holds every entry of `newest` in that generation, and nothing else. */
export function sameGenerations(side: Entries, newest: Entries): boolean {
	return (
		side.size === newest.size && [...newest].every(([key, entry]) => side.get(key)?.generation === entry.generation)
	);
}

/** Tells two states of the store apart without telling what is in them. */
export function signatureOf(entries: Entries): string {
	return [...entries]
		.map(([key, entry]) => `${key}=${entry.generation}`)
		.sort()
		.join("\n");
}

/** The text kept in SecretStorage. */
export function recordsText(entries: Entries): string {
	const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
	return JSON.stringify({ version: 1, entries: Object.fromEntries(sorted) });
}

/** What can be read of it: a damaged text or entry counts as absent, since the journal holds the same. */
export function entriesOf(text: string | undefined): Map<string, Entry> {
	const entries = new Map<string, Entry>();
	const records = v.safeParse(Records, parsed(text));
	if (!records.success) return entries;
	for (const [key, candidate] of Object.entries(records.output.entries)) {
		const entry = v.safeParse(StoredEntry, candidate);
		if (entry.success) entries.set(key, entry.output);
	}
	return entries;
}

function parsed(text: string | undefined): unknown {
	try {
		return JSON.parse(text ?? "");
	} catch {
		return undefined;
	}
}
