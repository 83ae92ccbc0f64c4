import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

/** A key of 32 bytes that exists in SecretStorage only. */
export interface SealingKey {
	readonly bytes: Buffer;
	/** Names the journal that is sealed under this key; tells nothing about the key. */
	readonly fingerprint: string;
}

/** Bytes of a GCM nonce and tag (NIST SP 800-38D). */
const nonceLength = 12;
const tagLength = 16;

export function sealingKeyFrom(bytes: Buffer): SealingKey {
	const fingerprint = createHmac("sha256", bytes).update("twitter-tokens journal").digest("hex").slice(0, 16);
	return { bytes, fingerprint };
}

/** The text kept in SecretStorage: base64url, so that it survives any store of strings. */
export const sealingKeyText = (key: SealingKey): string => key.bytes.toString("base64url");

/** `undefined` for anything that is not a key: a damaged secret must not become a second key by accident. */
export function parseSealingKey(text: string | undefined): SealingKey | undefined {
	if (!text || !/^[A-Za-z0-9_-]{43}$/.test(text)) return undefined;
	return sealingKeyFrom(Buffer.from(text, "base64url"));
}

/** AES-256-GCM. Name and generation are authenticated: a sealed value cannot pass for another key's or an older one. */
export function seal(key: SealingKey, name: string, generation: number, text: string): Uint8Array {
	const nonce = randomBytes(nonceLength);
	const cipher = createCipheriv("aes-256-gcm", key.bytes, nonce, { authTagLength: tagLength });
	cipher.setAAD(associatedData(name, generation));
	const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
	return Buffer.concat([nonce, sealed, cipher.getAuthTag()]);
}

/** The text; `undefined` where it was not sealed under this key, name and generation. */
export function unseal(key: SealingKey, name: string, generation: number, sealed: Uint8Array): string | undefined {
	if (sealed.length < nonceLength + tagLength) return undefined;
	const decipher = createDecipheriv("aes-256-gcm", key.bytes, sealed.subarray(0, nonceLength), {
		authTagLength: tagLength,
	});
	decipher.setAAD(associatedData(name, generation));
	decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
	try {
		const text = decipher.update(sealed.subarray(nonceLength, sealed.length - tagLength));
		return Buffer.concat([text, decipher.final()]).toString("utf8");
	} catch {
		return undefined;
	}
}

function associatedData(name: string, generation: number): Buffer {
	return Buffer.from(`1\n${generation}\n${name}`, "utf8");
}
