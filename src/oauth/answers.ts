import * as v from "valibot";
import { type ErrorCode, TwitterTokensError } from "./errors.ts";
import type { HttpAnswer } from "./transport.ts";

/** What was asked for; the same words of X mean different things for a code and for a refresh token. */
export type Grant = "code" | "refresh" | "revocation" | "exchange";

/** X's house style (fact sheet, section 5.3); other fields may stand beside. */
const ErrorBody = v.object({ error: v.optional(v.string(), ""), error_description: v.optional(v.string(), "") });

/** The body as JSON, or undefined where it is none. */
export function jsonOf(answer: HttpAnswer): unknown {
	try {
		return JSON.parse(answer.text);
	} catch {
		return undefined;
	}
}

/**
 * Any answer but the expected one, as the error it means. X says `invalid_request` for nearly everything, so the
 * description decides (fact sheet, section 5.3), and the status before it: a 429 or 5xx says nothing about a token.
 *
 * @param secrets what must not appear in the masked `serverText`
 */
export function errorFromAnswer(answer: HttpAnswer, grant: Grant, secrets: readonly string[]): TwitterTokensError {
	const parsed = v.safeParse(ErrorBody, jsonOf(answer));
	const { error, error_description: description } = parsed.success
		? parsed.output
		: { error: "", error_description: "" };
	const code = errorCodeOf(answer.status, error, description, grant);
	const serverText = masked([error, description].filter(Boolean).join(": "), secrets);
	const retryAt = code === "RateLimited" || code === "Unavailable" ? retryAtOf(answer) : undefined;
	return new TwitterTokensError(code, hintFor(code, grant, answer.status, serverText), {
		status: answer.status,
		...(serverText ? { serverText } : {}),
		...(retryAt === undefined ? {} : { retryAt }),
		// A 2xx that makes no sense: X has done its work, and the grant may be spent.
		mayHaveArrived: answer.status < 300,
	});
}

function errorCodeOf(status: number, error: string, description: string, grant: Grant): ErrorCode {
	// Also [code_verifier] and the like.
	const words = description.toLowerCase().replaceAll("_", " ");
	if (status === 429 || error === "rate_limited") {
		return "RateLimited";
	}
	if (status >= 500 || error === "temporarily_unavailable") {
		return "Unavailable";
	}
	if (status < 400) {
		return "UnexpectedResponse";
	}
	if (words.includes("authorization header") || (status === 401 && /^(unauthorized|invalid)_client$/.test(error))) {
		return "ClientAuthenticationFailed";
	}
	if (error === "invalid_client" || words.includes("client id was invalid") || words.includes("[client id]")) {
		return "ClientUnknown";
	}
	if (error === "unauthorized_client") {
		return "ClientAuthenticationFailed";
	}
	if (words.includes("authorization code was invalid")) {
		return "CodeInvalid";
	}
	if (words.includes("code verifier")) {
		return "VerifierMismatch";
	}
	if (words.includes("redirect uri")) {
		return "RedirectMismatch";
	}
	if (error === "invalid_scope") {
		return "ScopeInvalid";
	}
	if (words.includes("token was invalid") || error === "invalid_grant") {
		return grant === "code" ? "CodeInvalid" : "GrantLost";
	}
	return "UnexpectedResponse";
}

/** What to do about it; the wording follows the fact sheet, section 12. */
function hintFor(code: ErrorCode, grant: Grant, status: number, serverText: string): string {
	switch (code) {
		case "ClientAuthenticationFailed":
			return "X refused the app's credentials. This app is confidential: put its OAuth 2.0 Client Secret (not the API Key Secret), without blanks, into \"client_secret\" of the auth settings, or change the app's type to Native App at console.x.com. If the secret was regenerated, use the new one.";
		case "ClientUnknown":
			return 'X does not know this Client ID. Copy the OAuth 2.0 Client ID again from console.x.com (34 characters, usually ending in 6MTpjaQ; not the API Key) into "client_id" of the auth settings.';
		case "CodeInvalid":
			return "X refused the code: it was used before, or is older than 30 seconds, or was cut off when it was copied. Start the sign-in again.";
		case "VerifierMismatch":
			return 'The code belongs to another sign-in than this one. Start again and finish in the newest browser tab. For a link made elsewhere, put its verifier into "code_verifier" of the auth settings.';
		case "RedirectMismatch":
			return 'The callback URL changed between the two steps of the sign-in. Start again without changing "redirect_uri".';
		case "ScopeInvalid":
			return 'X does not know one of the requested scopes. Check "scope" in the auth settings and sign in again.';
		case "GrantLost":
			return "X no longer accepts these tokens. Sign in again. If another tool or computer uses the same X app and account, give each its own app.";
		case "RateLimited":
			return "X says that there were too many requests. The tokens are kept; wait a while and try again.";
		case "Unavailable":
			return `X cannot answer at the moment (HTTP ${status}). The tokens are kept; try again in a while.`;
		default:
			return `X answered in a way that is not understood (HTTP ${status}${serverText && `, ${serverText}`}). ${
				grant === "code" ? "Start the sign-in again" : "Try again"
			}; if it stays so, look into the log and report it.`;
	}
}

/** Earliest moment to try again: `Retry-After` (seconds or a date) or `x-rate-limit-reset` (seconds since 1970). */
function retryAtOf({ headers, sentAt, durationMs }: HttpAnswer): number | undefined {
	const retryAfter = headers["retry-after"]?.trim();
	if (retryAfter) {
		const seconds = Number(retryAfter);
		const at = Number.isFinite(seconds) ? sentAt + durationMs + seconds * 1000 : Date.parse(retryAfter);
		if (!Number.isNaN(at)) {
			return at;
		}
	}
	const reset = headers["x-rate-limit-reset"]?.trim();
	return reset && Number.isFinite(Number(reset)) ? Number(reset) * 1000 : undefined;
}

/** X's words without anything that is, or looks like, a credential. */
export function masked(text: string, secrets: readonly string[]): string {
	// The longest first: one may be the beginning of another.
	const known = secrets.filter((secret) => secret.length > 0).sort((a, b) => b.length - a.length);
	const withoutKnown = known.reduce((masking, secret) => masking.replaceAll(secret, "…"), text);
	return withoutKnown.replace(/[\w-]{32,}/g, "…").slice(0, 300);
}
