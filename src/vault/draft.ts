import type { Entries, Entry } from "./entries.ts";

/** What a change sees and does: the newest entries, and its own writes on top of them. */
export interface Draft {
	/** The value; `undefined` where there is none or a tombstone. */
	get(key: string): unknown;
	keys(): readonly string[];
	/** @param value JSON; `null` leaves a tombstone */
	set(key: string, value: unknown): void;
}

/**
 * @param floor highest generation known for a key although its value cannot be read: a new value must stand above it
 */
export function createDraft(
	entries: Entries,
	floor: ReadonlyMap<string, number> = new Map(),
): Draft & { readonly entries: Entries; readonly written: ReadonlySet<string> } {
	const current = new Map<string, Entry>(entries);
	const written = new Set<string>();
	return {
		entries: current,
		written,
		get: (key) => current.get(key)?.value ?? undefined,
		keys: () => [...current.keys()],
		set(key, value) {
			const generation = written.has(key)
				? (current.get(key)?.generation ?? 1)
				: Math.max(current.get(key)?.generation ?? 0, floor.get(key) ?? 0) + 1;
			current.set(key, { generation, value });
			written.add(key);
		},
	};
}
