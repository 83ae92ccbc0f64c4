import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TokenSet } from "../../../src/oauth/tokens.ts";
import type { App } from "../../../src/vault/records.ts";
import { type OpenVault, openVault, type SecretStore, type VaultParts } from "../../../src/vault/vault.ts";

export interface FakeSecrets extends SecretStore {
	/** What this window sees. */
	readonly seen: Map<string, string>;
	/** Writes that reached SecretStorage, by key. */
	readonly writes: string[];
	readonly fail: { get?: boolean; store?: boolean };
}

/**
 * SecretStorage as windows see it.
 * - `shared`: one map, changes seen at once (desktop, the lag left out);
 * - `copied`: each window has read the whole once and never hears of the others (browser-hosted workbench).
 */
export function fakeSecrets(kind: "shared" | "copied" = "shared", backing = new Map<string, string>()) {
	const listeners = new Set<(event: { key: string }) => void>();
	return {
		backing,
		window(): FakeSecrets {
			const seen = kind === "shared" ? backing : new Map(backing);
			const own = new Set<(event: { key: string }) => void>();
			const writes: string[] = [];
			const fail: FakeSecrets["fail"] = {};
			const changed = (key: string) => {
				for (const listener of kind === "shared" ? [...listeners] : [...own]) listener({ key });
			};
			const write = (key: string, value: string | undefined) => {
				if (value === undefined) seen.delete(key);
				else seen.set(key, value);
				if (kind === "copied") {
					// Rewritten whole: what this window has not heard of is undone.
					backing.clear();
					for (const [name, text] of seen) backing.set(name, text);
				}
				changed(key);
			};
			return {
				seen,
				writes,
				fail,
				async get(key) {
					if (fail.get) throw new Error("no keyring");
					return seen.get(key);
				},
				async store(key, value) {
					if (fail.store) throw new Error("no keyring");
					writes.push(key);
					write(key, value);
				},
				async delete(key) {
					write(key, undefined);
				},
				onDidChange(listener) {
					const set = kind === "shared" ? listeners : own;
					set.add(listener);
					return { dispose: () => void set.delete(listener) };
				},
			};
		},
	};
}

/** A new folder and windows over it; all gone after the test. */
export function bench(kind: "shared" | "copied" = "shared") {
	const root = mkdtempSync(join(tmpdir(), "vault-"));
	const folder = join(root, "kept");
	const secrets = fakeSecrets(kind);
	const open: OpenVault[] = [];
	const log: string[] = [];
	let time = 1_800_000_000_000;
	return {
		root,
		folder,
		secrets,
		log,
		now: () => time,
		pass(ms: number) {
			time += ms;
		},
		window(more: Partial<VaultParts> = {}): OpenVault {
			const vault = openVault({
				secrets: secrets.window(),
				folder,
				session: "one run of the editor",
				now: () => time,
				log: { info: (line) => log.push(line), warn: (line) => log.push(line) },
				propagationMs: 300,
				...more,
			});
			open.push(vault);
			return vault;
		},
		close() {
			for (const vault of open) vault.dispose();
			rmSync(root, { recursive: true, force: true });
		},
	};
}

export type Bench = ReturnType<typeof bench>;

export const app: App = {
	clientId: "client-one",
	clientSecret: "the-client-secret",
	redirectUri: "http://127.0.0.1/callback",
	scope: "tweet.read users.read offline.access",
};

export const tokenEndpoint = "https://api.x.com/2/oauth2/token";

/** Two hours from `issuedAt`. */
export function tokens(name: string, issuedAt = 1_800_000_000_000, lifetimeMs = 7_200_000): TokenSet {
	return {
		accessToken: `access-${name}`,
		refreshToken: `refresh-${name}`,
		scopes: ["offline.access", "tweet.read", "users.read"],
		issuedAt,
		expiresAt: issuedAt + lifetimeMs,
		response: { access_token: `access-${name}`, refresh_token: `refresh-${name}`, token_type: "bearer" },
	};
}

/** Waits until it holds; fails after five seconds with the last reason. */
export async function eventually(check: () => unknown, limitMs = 5_000): Promise<void> {
	const start = performance.now();
	for (;;) {
		try {
			if ((await check()) !== false) return;
			if (performance.now() - start > limitMs) throw new Error(`still false after ${limitMs} ms: ${check}`);
		} catch (error) {
			if (performance.now() - start > limitMs) throw error;
		}
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

export function required<T>(value: T | undefined): T {
	if (value === undefined) throw new Error("missing");
	return value;
}
