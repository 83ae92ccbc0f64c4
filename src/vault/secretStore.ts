/** What the vault needs of `vscode.SecretStorage`, which fits structurally. */
export interface SecretStore {
	get(key: string): PromiseLike<string | undefined>;
	store(key: string, value: string): PromiseLike<void>;
	delete(key: string): PromiseLike<void>;
	onDidChange(listener: (event: { key: string }) => void): { dispose(): void };
}

/** The two secrets of the vault. */
export const secretKeys = { sealingKey: "twitterTokens.sealingKey", records: "twitterTokens.records" } as const;

export interface VaultLog {
	info(message: string): void;
	warn(message: string): void;
}
