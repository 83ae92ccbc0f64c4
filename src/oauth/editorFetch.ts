import { TwitterTokensError } from "./errors.ts";
import {
	type ConnectFailure,
	cancelled,
	codeOf,
	interrupted,
	maximalBodyBytes,
	timedOut,
	toConnectFailure,
	toNetworkError,
	tooLong,
} from "./networkErrors.ts";
import type { HttpAnswer, HttpRequest, Timeouts } from "./transport.ts";

/**
 * Errors of a fetch after which the request has certainly not left: Node's and undici's codes, and texts where the code
 * alone does not tell, Chromium's among them for the case that the editor uses Electron's fetch. A reset, and a time-out
 * or an unreachable host other than at the connecting itself, also happen after sending.
 */
const neverConnected = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|UND_ERR_PRX_TLS)$/;
const neverConnectedText =
	/^connect E(TIMEDOUT|HOSTUNREACH|NETUNREACH)|Proxy response \(\d+\)|net::ERR_(NAME_|PROXY_|TUNNEL_|INTERNET_DISCONNECTED|CONNECTION_(REFUSED|TIMED_OUT|FAILED)|CERT_)/;

/**
 * Sends the request once through VS Code's own fetch, which knows PAC files, the system's proxy and logins to proxies.
 * Only for a request that could not be connected otherwise (`first`).
 */
export async function sendThroughEditor(
	editorFetch: typeof fetch,
	request: HttpRequest,
	first: ConnectFailure,
	timeouts: Timeouts,
	now: () => number,
): Promise<HttpAnswer> {
	const host = new URL(request.url).hostname;
	const sentAt = now();
	let status: number | undefined;
	let limit = AbortSignal.timeout(timeouts.connectMs + timeouts.headersMs);
	let limitMs = timeouts.connectMs + timeouts.headersMs;
	const stop = new AbortController();
	const halt = () => stop.abort();
	limit.addEventListener("abort", halt);
	request.signal?.addEventListener("abort", halt);
	try {
		const response = await editorFetch(request.url, {
			method: request.method,
			headers: request.headers,
			redirect: "manual",
			credentials: "omit",
			signal: stop.signal,
			...(request.body === undefined ? {} : { body: request.body }),
		});
		status = response.status;
		limit.removeEventListener("abort", halt);
		limitMs = timeouts.bodyMs;
		limit = AbortSignal.timeout(limitMs);
		limit.addEventListener("abort", halt);
		if (status === 0) {
			throw new TwitterTokensError("UnexpectedResponse", `${host} answered with a redirect. Check the endpoint.`, {
				mayHaveArrived: true,
			});
		}
		const text = await readText(response, host);
		return { status, headers: Object.fromEntries(response.headers), text, sentAt, durationMs: now() - sentAt };
	} catch (error) {
		halt();
		if (error instanceof TwitterTokensError) throw error;
		if (request.signal?.aborted) throw cancelled(host, true, error);
		if (limit.aborted) throw timedOut(host, limitMs, error);
		if (status === undefined && certainlyNotSent(error, host)) {
			throw toNetworkError(first, new AggregateError([first, error]));
		}
		throw interrupted(host, error, status);
	} finally {
		limit.removeEventListener("abort", halt);
		request.signal?.removeEventListener("abort", halt);
	}
}

function certainlyNotSent(error: unknown, host: string): boolean {
	if (neverConnected.test(codeOf(error) ?? "") || toConnectFailure(error, host).kind === "certificate") return true;
	for (let part = error; part instanceof Error; ) {
		if (neverConnectedText.test(part.message)) return true;
		part = part instanceof AggregateError ? part.errors[0] : part.cause;
	}
	return false;
}

async function readText(response: Response, host: string): Promise<string> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	for await (const chunk of response.body ?? []) {
		length += chunk.length;
		if (length > maximalBodyBytes) throw tooLong(host, response.status);
		chunks.push(chunk);
	}
	return new TextDecoder().decode(Buffer.concat(chunks));
}
