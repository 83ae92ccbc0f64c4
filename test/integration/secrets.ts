/*
 * Every secret of this run. Each test file is a bundle of its own, so the set is kept where all of them see it.
 */

const place = Symbol.for("twitter-tokens.test.secrets");
const all = globalThis as unknown as Record<symbol, Set<string> | undefined>;

export function secrets(): Set<string> {
	all[place] ??= new Set();
	return all[place];
}

/** Short ones are no secrets: `state`, `challenge`. */
export function note(secret: string | undefined): void {
	if (secret !== undefined && secret.length >= 20) secrets().add(secret);
}

/**
 * What the text gives away, if anything: a noted secret as it is, URL-encoded or within base64, or anything that has
 * the form of one of the emulator's codes and tokens. @returns a name for it, not the secret itself
 */
export function findSecret(text: string): string | undefined {
	for (const secret of secrets()) {
		if (formsOf(secret).some((form) => text.includes(form))) return `a noted secret, ${secret.slice(0, 6)}…`;
	}
	for (const [run] of text.matchAll(/[\w-]{60,}/g)) {
		const kind = /:\d{13}:1:[01]:(ac|at|rt):1/.exec(Buffer.from(run, "base64url").toString("latin1"))?.[1];
		if (kind !== undefined) return `a token of the emulator of kind ${kind}`;
	}
	return undefined;
}

function formsOf(secret: string): string[] {
	const inBase64 = [0, 1, 2].map((shift) => {
		const whole = Buffer.from("-".repeat(shift) + secret).toString("base64");
		// Without the characters that depend on what stands before and after.
		return whole.slice(shift === 0 ? 0 : shift + 1, -4);
	});
	const forms = [secret, encodeURIComponent(secret), ...inBase64];
	return [...forms, ...inBase64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))];
}
