import type { IncomingMessage } from "node:http";

/** Larger bodies are refused with 413. */
export const bodyLimit = 1024 * 1024;

/** A request, read to its end. */
export interface Incoming {
	readonly method: string;
	readonly path: string;
	readonly query: URLSearchParams;
	readonly headers: Readonly<Record<string, string>>;
	/** Empty unless the content type is `application/x-www-form-urlencoded`. */
	readonly form: URLSearchParams;
}

export interface Reply {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
	/** For the log and the counters: `E7`, `refreshed`, … */
	readonly outcome: string;
	/** An address the emulator visits itself before it answers, as a browser's prefetch does. */
	readonly prefetch?: string;
}

/** The content type as it was recorded (fact sheet, section 5.3). */
export const jsonType = "application/json;charset=utf-8";
export const problemType = "application/problem+json;charset=utf-8";

export function json(
	status: number,
	value: unknown,
	outcome: string,
	headers: Record<string, string> = {},
	type: string = jsonType,
): Reply {
	return { status, headers: { "content-type": type, ...headers }, body: JSON.stringify(value), outcome };
}

export function html(status: number, body: string, outcome: string, headers: Record<string, string> = {}): Reply {
	const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'";
	return {
		status,
		headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy, ...headers },
		body,
		outcome,
	};
}

export function isForm(incoming: Incoming): boolean {
	const type = incoming.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
	return type === "application/x-www-form-urlencoded";
}

/** The first value, unless it is missing or empty. */
export function parameterOf(parameters: URLSearchParams, name: string): string | undefined {
	return parameters.get(name) || undefined;
}

/** @returns undefined where the body is larger than the limit */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
	const parts: Buffer[] = [];
	let size = 0;
	for await (const part of request as AsyncIterable<Buffer>) {
		size += part.length;
		if (size <= bodyLimit) {
			parts.push(part);
		}
	}
	return size <= bodyLimit ? Buffer.concat(parts).toString("utf8") : undefined;
}

export function incomingOf(request: IncomingMessage, body: string): Incoming {
	const url = new URL(request.url ?? "/", "http://emulator.invalid");
	const headers: Record<string, string> = {};
	for (const [name, value] of Object.entries(request.headers)) {
		headers[name] = Array.isArray(value) ? value.join(", ") : (value ?? "");
	}
	const incoming: Incoming = {
		method: request.method ?? "GET",
		path: url.pathname.replace(/^\/legacy(?=\/)/, ""),
		query: url.searchParams,
		headers,
		form: new URLSearchParams(),
	};
	return isForm(incoming) ? { ...incoming, form: new URLSearchParams(body) } : incoming;
}
