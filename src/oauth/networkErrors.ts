import { TwitterTokensError } from "./errors.ts";

export type ConnectFailureKind = "unreachable" | "certificate" | "proxyRefused" | "proxyLogin" | "proxySettings";

/**
 * No connection was made: nothing of the request has left this computer. Every error of the connector is wrapped
 * into this class, also because undici tries again, without end, after connector errors that carry its own codes.
 */
export class ConnectFailure extends Error {
	override readonly name = "ConnectFailure";
	readonly kind: ConnectFailureKind;

	constructor(kind: ConnectFailureKind, message: string, cause?: unknown) {
		super(message, cause === undefined ? undefined : { cause });
		this.kind = kind;
	}
}

const advice: Readonly<Record<ConnectFailureKind, string>> = {
	unreachable: "Check the network connection and the proxy settings (http.proxy, http.noProxy, HTTPS_PROXY).",
	certificate:
		"If a company proxy or a virus scanner inspects the traffic, switch on http.systemCertificates " +
		"or name its certificate file in the environment variable NODE_EXTRA_CA_CERTS. Check the clock, too.",
	proxyRefused: "Check the proxy settings (http.proxy, http.noProxy, HTTPS_PROXY).",
	proxyLogin: "Put the proxy's credentials into the setting http.proxyAuthorization.",
	proxySettings: "Check the proxy settings (http.proxy, HTTPS_PROXY).",
};

export function toNetworkError(failure: ConnectFailure, cause: unknown = failure): TwitterTokensError {
	return new TwitterTokensError("Network", `${failure.message} ${advice[failure.kind]}`, { cause });
}

/** OpenSSL's and Node's names, and Chromium's for a request that the editor sends. */
const certificateCodes =
	/CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECRYPT)|CRL|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH|INVALID_PURPOSE/;

/** `party`: whom the connection was meant for. */
export function toConnectFailure(error: unknown, party: string): ConnectFailure {
	if (error instanceof ConnectFailure) return error;
	const code = codeOf(error);
	const detail = code ? ` (${code})` : "";
	return certificateCodes.test(code ?? "")
		? new ConnectFailure("certificate", `The certificate of ${party} is not trusted${detail}.`, error)
		: new ConnectFailure("unreachable", `Could not connect to ${party}${detail}.`, error);
}

/** The system's or undici's name of an error, looked for in its causes and parts. */
export function codeOf(error: unknown): string | undefined {
	if (!(error instanceof Error)) return undefined;
	if ("code" in error && typeof error.code === "string") return error.code;
	const [first] = error instanceof AggregateError ? error.errors : [];
	return codeOf(first) ?? codeOf(error.cause);
}

export function cancelled(host: string, mayHaveArrived: boolean, cause?: unknown): TwitterTokensError {
	return new TwitterTokensError("Cancelled", `The request to ${host} was cancelled.`, { mayHaveArrived, cause });
}

export function timedOut(host: string, limitMs: number, cause?: unknown): TwitterTokensError {
	return new TwitterTokensError(
		"TimedOut",
		`${host} did not answer completely within ${limitMs / 1000} seconds. Try again later.`,
		{ mayHaveArrived: true, cause },
	);
}

export function tooLong(host: string, status: number): TwitterTokensError {
	return new TwitterTokensError(
		"UnexpectedResponse",
		`${host} sent an answer of more than ${maximalBodyBytes / 1024 / 1024} MB. Check the endpoint and the proxy.`,
		{ status, mayHaveArrived: true },
	);
}

/** A token answer has about 500 bytes; whatever is this long comes from something else. */
export const maximalBodyBytes = 1024 * 1024;

/** What went wrong after the request had begun to leave. `status` where the answer had begun. */
export function interrupted(host: string, error: unknown, status: number | undefined): TwitterTokensError {
	const details = { mayHaveArrived: true, cause: harmless(error), ...(status === undefined ? {} : { status }) };
	if (error instanceof Error && /^(HTTPParserError|HeadersOverflowError)$/.test(error.name)) {
		return new TwitterTokensError(
			"UnexpectedResponse",
			`${host} did not answer in valid HTTP. Check the endpoint and the proxy.`,
			details,
		);
	}
	return new TwitterTokensError(
		"Network",
		`The connection to ${host} was cut before its answer was complete. Check the network connection and try again.`,
		details,
	);
}

/** undici's parser errors carry a piece of the answer, which may contain a token: keep only the text. */
function harmless(error: unknown): unknown {
	if (!(error instanceof Error) || !("data" in error)) return error;
	return new Error(error.message);
}
