import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { isLoopbackHost } from "../oauth/endpoints.ts";
import { messageOf, TwitterTokensError } from "../oauth/errors.ts";

/** A redirect is a few hundred bytes; what sends more is not a browser coming from X. */
const maxHeaderBytes = 16 * 1024;

export interface Page {
	readonly title: string;
	readonly text: string;
}

export interface LoopbackListener {
	close(): void;
}

/** True for a redirect URI that a listener on this computer can catch. */
export function isLoopbackRedirect(redirectUri: string): boolean {
	return (
		URL.canParse(redirectUri) &&
		new URL(redirectUri).protocol === "http:" &&
		isLoopbackHost(new URL(redirectUri).hostname)
	);
}

/**
 * Listens on exactly the host, port and path of the redirect URI (X compares it as a string; fact sheet, section 3).
 * `localhost` means both 127.0.0.1 and ::1, because browsers differ in which they try first.
 * Resolves when it is ready to be called.
 *
 * @param onRedirect gets the query of a redirect; what it resolves to is shown in the browser
 * @param requestLimitMs within which a request must be complete
 * @throws {TwitterTokensError} `Network` where the port cannot be had
 */
export async function listenOnLoopback(
	redirectUri: string,
	onRedirect: (query: string) => Promise<Page>,
	render: (page: Page) => string,
	requestLimitMs = 10_000,
): Promise<LoopbackListener> {
	const { hostname, port, pathname, host } = new URL(redirectUri);
	const answered = new Map<string, Promise<Page>>();
	const connections = new Set<Socket>();
	/** Those on which a redirect is being answered. */
	const answering = new Set<Socket>();

	const handle = async (request: IncomingMessage, response: ServerResponse) => {
		const [path, query = ""] = splitOnce(request.url ?? "", "?");
		if (request.method !== "GET" || request.headers.host !== host || path !== pathname || query === "") {
			response.writeHead(404, { connection: "close" }).end();
			return;
		}
		answering.add(request.socket);
		// A browser may fetch the same address twice (prefetch, reload): the code works once, the page is shown again.
		const page = answered.get(query) ?? onRedirect(query);
		answered.set(query, page);
		const { title, text } = await page;
		response
			.writeHead(200, {
				"content-type": "text/html; charset=utf-8",
				"cache-control": "no-store",
				"referrer-policy": "no-referrer",
				"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
				connection: "close",
			})
			.end(render({ title, text }));
	};

	const addresses = hostname === "localhost" ? ["127.0.0.1", "::1"] : [hostname.replace(/^\[|\]$/g, "")];
	const servers: Server[] = [];
	const close = () => {
		for (const server of servers) {
			server.close();
		}
		// Answers under way are finished; a request that is not complete yet is not taken any more.
		for (const connection of connections) {
			if (!answering.has(connection)) {
				connection.destroy();
			}
		}
	};
	for (const address of addresses) {
		const limits = {
			maxHeaderSize: maxHeaderBytes,
			requestTimeout: requestLimitMs,
			headersTimeout: requestLimitMs,
			connectionsCheckingInterval: requestLimitMs / 10,
		};
		const server = createServer(limits, (request, response) => {
			handle(request, response).catch(() => response.destroy());
		});
		server.on("connection", (socket) => {
			connections.add(socket);
			socket.on("close", () => connections.delete(socket));
		});
		try {
			await listen(server, address, Number(port || 80));
			servers.push(server);
		} catch (error) {
			const noSuchAddress = ["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes((error as NodeJS.ErrnoException).code ?? "");
			if (!(noSuchAddress && servers.length > 0)) {
				close();
				throw portError(redirectUri, host, error);
			}
		}
	}
	return { close };
}

function listen(server: Server, host: string, port: number): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen({ host, port, exclusive: true }, () => {
			server.off("error", reject);
			server.on("error", () => {});
			resolve();
		});
	});
}

function splitOnce(text: string, separator: string): [string, string?] {
	const at = text.indexOf(separator);
	return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function portError(redirectUri: string, host: string, cause: unknown): TwitterTokensError {
	const taken = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
	const problem = taken
		? "is used by another program (or by another window that waits for a sign-in)"
		: messageOf(cause);
	return new TwitterTokensError(
		"Network",
		`The callback URL ${redirectUri} cannot be listened on: ${host} ${problem}. Close that program, or register a callback URL with another port for your app and put it into "redirect_uri".`,
		{ cause },
	);
}
