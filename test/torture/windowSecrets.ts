import type { SecretStore } from "../../src/vault/vault.ts";
import type { FromWorker, Start, ToWorker } from "./messages.ts";

/** How long a write stays in the window before anybody else can see it, ms (host facts, section 3). */
const flushAfter = 100;

/**
 * SecretStorage as a window sees it: `store()` resolves at once, the value leaves the window 100 ms later, and is lost
 * if the window dies before.
 */
export function windowSecrets(
	start: Start,
	send: (message: FromWorker) => void,
): SecretStore & { hear(message: ToWorker): void } {
	const cache = new Map(Object.entries(start.secrets));
	const listeners = new Set<(event: { key: string }) => void>();
	const unflushed = new Map<string, string>();
	let flushing = false;
	const changed = (key: string) => {
		for (const listener of listeners) listener({ key });
	};
	return {
		get: async (key) => cache.get(key),
		async store(key, value) {
			cache.set(key, value);
			unflushed.set(key, value);
			changed(key);
			if (flushing) return;
			flushing = true;
			setTimeout(() => {
				flushing = false;
				send({ kind: "flush", values: Object.fromEntries(start.stale ? cache : unflushed) });
				unflushed.clear();
			}, flushAfter);
		},
		async delete(key) {
			cache.delete(key);
		},
		onDidChange(listener) {
			listeners.add(listener);
			return { dispose: () => void listeners.delete(listener) };
		},
		hear(message) {
			if (message.kind !== "changed" || start.stale) return;
			cache.set(message.key, message.value);
			changed(message.key);
		},
	};
}
