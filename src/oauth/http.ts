import { Agent, type Dispatcher } from "undici";
import { createConnector } from "./connect.ts";
import { sendThroughEditor } from "./editorFetch.ts";
import { TwitterTokensError } from "./errors.ts";
import {
	ConnectFailure,
	cancelled,
	codeOf,
	interrupted,
	maximalBodyBytes,
	timedOut,
	toNetworkError,
	tooLong,
} from "./networkErrors.ts";
import type { HttpAnswer, HttpRequest, NetworkRules, Timeouts, Transport } from "./transport.ts";

export type * from "./transport.ts";

const defaultTimeouts: Timeouts = { connectMs: 10_000, headersMs: 30_000, bodyMs: 10_000 };

/** How long an idle connection may be used again, in ms. Short: after a sleep the other side has forgotten it. */
const keepAliveMs = 4_000;

export interface TransportOptions {
	readonly timeouts?: Partial<Timeouts>;
	/** VS Code's patched global fetch: takes over where no connection could be made. */
	readonly editorFetch?: typeof fetch;
	/** ms since 1970 */
	readonly now?: () => number;
}

/** Requests by undici. No request is ever sent twice, no redirect followed. */
export function createTransport(rules: () => NetworkRules, options: TransportOptions = {}): Transport {
	const timeouts = { ...defaultTimeouts, ...options.timeouts };
	const now = options.now ?? Date.now;
	const agentFor = createAgents(timeouts, now);

	return async (request) => {
		const host = new URL(request.url).hostname;
		if (request.signal?.aborted) throw cancelled(host, false);
		const current = rules();
		const agent = agentFor(current);
		try {
			return await send(agent.dispatcher, request, timeouts, now);
		} catch (error) {
			if (!(error instanceof ConnectFailure)) throw error;
			const { editorFetch } = options;
			// A certificate that we do not trust is no reason to look for somebody who does.
			if (!editorFetch || current.proxySupport === "off" || error.kind === "certificate") throw toNetworkError(error);
			return await sendThroughEditor(editorFetch, request, error, timeouts, now);
		} finally {
			agent.usedAt = now();
		}
	};
}

interface KeptAgent {
	readonly key: string;
	readonly dispatcher: Agent;
	/** ms since 1970 */
	usedAt: number;
}

function createAgents(timeouts: Timeouts, now: () => number): (rules: NetworkRules) => KeptAgent {
	let kept: KeptAgent | undefined;
	return (rules) => {
		const key = JSON.stringify(rules);
		// undici's own limit runs on a clock that may stand still while the computer sleeps.
		if (kept?.key === key && Math.abs(now() - kept.usedAt) <= keepAliveMs) return kept;
		// Lets running requests end.
		void kept?.dispatcher.close();
		const dispatcher = new Agent({
			connect: createConnector(rules, timeouts.connectMs),
			keepAliveTimeout: keepAliveMs,
			keepAliveMaxTimeout: keepAliveMs,
			pipelining: 1,
			// undici's limits are coarse (half a second) and its body limit is one of silence, not of the whole.
			headersTimeout: 0,
			bodyTimeout: 0,
		});
		kept = { key, dispatcher, usedAt: now() };
		return kept;
	};
}

/** Rejects with a `ConnectFailure` where a fallback is allowed, else with a `TwitterTokensError`. */
function send(agent: Dispatcher, request: HttpRequest, timeouts: Timeouts, now: () => number): Promise<HttpAnswer> {
	const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
	const url = new URL(request.url);
	const host = url.hostname;
	const chunks: Buffer[] = [];
	let length = 0;
	let settled = false;
	/** Undefined until the request begins to leave. */
	let sentAt: number | undefined;
	let head: Pick<HttpAnswer, "status" | "headers"> | undefined;
	let running: Dispatcher.DispatchController | undefined;
	let timer: NodeJS.Timeout;

	const settle = (finish: () => void) => {
		if (settled) return;
		settled = true;
		clearTimeout(timer);
		request.signal?.removeEventListener("abort", onAbort);
		finish();
	};
	const fail = (error: Error) => {
		settle(() => reject(error));
		if (!running?.aborted) running?.abort(new Error("The request was given up."));
	};
	const allow = (limitMs: number, error: () => Error) => {
		clearTimeout(timer);
		timer = setTimeout(() => fail(error()), limitMs);
	};
	const onAbort = () => fail(cancelled(host, sentAt !== undefined, request.signal?.reason));

	allow(
		timeouts.connectMs,
		() => new ConnectFailure("unreachable", `No connection to ${host} within ${timeouts.connectMs / 1000} seconds.`),
	);
	request.signal?.addEventListener("abort", onAbort);
	agent.dispatch(
		{
			origin: url.origin,
			path: url.pathname + url.search,
			method: request.method,
			headers: request.headers,
			body: request.body ?? null,
			// Also keeps undici from ever sending it again.
			idempotent: false,
		},
		{
			// Called when there is a connection, just before the first byte is written.
			onRequestStart(controller) {
				running = controller;
				// Given up while connecting, perhaps sent another way since; or about to be sent a second time.
				if (settled || sentAt !== undefined) {
					controller.abort(new Error("The request was given up before it was sent."));
					return;
				}
				sentAt = now();
				allow(timeouts.headersMs, () => timedOut(host, timeouts.headersMs));
			},
			onResponseStart(_controller, status, headers) {
				// 1xx: the answer is still to come.
				if (status < 200) return;
				head = { status, headers: joined(headers) };
				allow(timeouts.bodyMs, () => timedOut(host, timeouts.bodyMs));
			},
			onResponseData(_controller, chunk) {
				length += chunk.length;
				if (length > maximalBodyBytes) fail(tooLong(host, head?.status ?? 0));
				else chunks.push(chunk);
			},
			onResponseEnd() {
				settle(() => {
					if (!head || sentAt === undefined) return reject(interrupted(host, undefined, undefined));
					const text = new TextDecoder().decode(Buffer.concat(chunks));
					resolve({ ...head, text, sentAt, durationMs: now() - sentAt });
				});
			},
			onResponseError(_controller, error) {
				if (sentAt !== undefined) fail(interrupted(host, error, head?.status));
				else fail(error instanceof ConnectFailure ? error : unsendable(host, error));
			},
		},
	);
	return promise;
}

/** undici refused the request before it looked for a connection, for instance because of a line break in a header. */
function unsendable(host: string, cause: Error): TwitterTokensError {
	return codeOf(cause) === "UND_ERR_INVALID_ARG"
		? new TwitterTokensError(
				"InvalidAuthSettings",
				`The request to ${host} contains characters that cannot be sent. Check the client id, secret and token.`,
				{ cause },
			)
		: new TwitterTokensError("Network", `The request to ${host} was not sent. Try again.`, { cause });
}

function joined(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
	);
}
