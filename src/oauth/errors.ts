/** The names of the public contract; what a failing command carries as `code`. */
export const errorCodes = [
	"InvalidAuthSettings",
	"StateMismatch",
	"AccessDenied",
	"CodeInvalid",
	"VerifierMismatch",
	"RedirectMismatch",
	"ClientUnknown",
	"ClientAuthenticationFailed",
	"ScopeInvalid",
	"GrantLost",
	"RateLimited",
	"Unavailable",
	"Network",
	"UnexpectedResponse",
	"Cancelled",
	"TimedOut",
	"StorageUnavailable",
	"NoAccount",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorDetails {
	/** HTTP status of X's answer, where there was one. */
	readonly status?: number;
	/** X's own words, masked: for the log and for "show details". */
	readonly serverText?: string;
	/** Earliest moment (ms since 1970) at which trying again makes sense. */
	readonly retryAt?: number;
	/**
	 * True where the request may have reached X although no answer came back:
	 * a code or a refresh token may have been consumed.
	 */
	readonly mayHaveArrived?: boolean;
	readonly cause?: unknown;
}

/**
 * The one error class. `message` tells a person what went wrong and what to do about it,
 * and never contains a token, code, state, verifier or secret.
 */
export class TwitterTokensError extends Error {
	override readonly name = "TwitterTokensError";
	readonly code: ErrorCode;
	readonly status: number | undefined;
	readonly serverText: string | undefined;
	readonly retryAt: number | undefined;
	readonly mayHaveArrived: boolean;

	/** By its name: the HTTP client is a bundle of its own, with a copy of this class in it. */
	static override [Symbol.hasInstance](value: unknown): boolean {
		// biome-ignore lint/complexity/noThisInStatic: a subclass inherits this and is told apart as usual
		return this === TwitterTokensError
			? value instanceof Error && value.name === "TwitterTokensError"
			: // biome-ignore lint/complexity/noThisInStatic: as above
				Function.prototype[Symbol.hasInstance].call(this, value);
	}

	constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
		super(message, details.cause === undefined ? undefined : { cause: details.cause });
		this.code = code;
		this.status = details.status;
		this.serverText = details.serverText;
		this.retryAt = details.retryAt;
		this.mayHaveArrived = details.mayHaveArrived ?? false;
	}
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
