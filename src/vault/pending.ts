import * as v from "valibot";
import { isPendingKey, keys, PendingAuthorization, TakenPending } from "./records.ts";
import { readDraft } from "./recordsIn.ts";
import type { Store } from "./store.ts";
import type { Vault } from "./vault.ts";

const Expiring = v.object({ expiresAt: v.number() });

/** Expired, taken or not: then no window can use it, and a stale copy of it neither. */
export function isOverPending(key: string, value: unknown, now: number): boolean {
	return isPendingKey(key) && v.is(Expiring, value) && value.expiresAt <= now;
}

type Pending = Pick<Vault, "addPending" | "findPending" | "takePending" | "wasTaken" | "newestPending">;

/** Authorizations on their way through the browser; they survive a reload and are found by every window. */
export function createPendingAuthorizations(store: Store, now: () => number): Pending {
	const read = (value: unknown) => {
		const pending = v.safeParse(PendingAuthorization, value);
		return pending.success && pending.output.expiresAt > now() ? pending.output : undefined;
	};
	return {
		addPending: (pending) => store.update((draft) => draft.set(keys.pending(pending.state), pending)),
		async findPending(state) {
			return read(readDraft(await store.read()).get(keys.pending(state)));
		},
		takePending(state) {
			return store.update((draft) => {
				const key = keys.pending(state);
				const pending = read(draft.get(key));
				const taken: v.InferOutput<typeof TakenPending> = { taken: true, expiresAt: pending?.expiresAt ?? 0 };
				if (pending) draft.set(key, taken);
				return pending;
			});
		},
		async wasTaken(state) {
			return v.is(TakenPending, readDraft(await store.read()).get(keys.pending(state)));
		},
		async newestPending(clientId) {
			const draft = readDraft(await store.read());
			return draft
				.keys()
				.flatMap((key) => (isPendingKey(key) ? (read(draft.get(key)) ?? []) : []))
				.filter((pending) => pending.app.clientId === clientId)
				.sort((a, b) => b.createdAt - a.createdAt)[0];
		},
	};
}
