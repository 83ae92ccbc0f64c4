import { type ErrorDetails, TwitterTokensError } from "../oauth/errors.ts";

/**
 * Why the vault cannot be used:
 * - `noSqlite`: this editor's Node has no `node:sqlite`;
 * - `keyNotVisible`: there is a journal, but SecretStorage does not show the key it is sealed under;
 * - `busy`: other windows kept the file locked for too long;
 * - `newerFormat`: written by a newer version of the extension;
 * - `failed`: the file system or SecretStorage refused.
 */
export type StorageReason = "noSqlite" | "keyNotVisible" | "busy" | "newerFormat" | "failed";

/** `StorageUnavailable` with the reason, so that a surface can offer the matching remedy. */
export class StorageError extends TwitterTokensError {
	readonly reason: StorageReason;

	constructor(reason: StorageReason, message: string, details: ErrorDetails = {}) {
		super("StorageUnavailable", message, details);
		this.reason = reason;
	}
}
