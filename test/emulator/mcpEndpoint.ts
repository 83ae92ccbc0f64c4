import type { IncomingMessage, ServerResponse } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { User } from "./apps.ts";
import { appOf, userOf, type World } from "./world.ts";

/**
 * `/mcp` in place of X's own MCP server: streamable HTTP without sessions, by the official SDK, with one tool. It
 * writes the answer itself. @returns the outcome for the log and the counters
 */
export async function answerMcp(
	world: World,
	request: IncomingMessage,
	response: ServerResponse,
	body: string,
): Promise<string> {
	const { bearer, user } = identify(world, request.headers.authorization);
	if (!user) {
		// The challenge of RFC 6750: an error is named only where a token came.
		const challenge = `Bearer realm="emulator"${bearer === "" ? "" : ', error="invalid_token"'}`;
		return refuse(response, 401, "Unauthorized", { "www-authenticate": challenge });
	}
	if (request.method !== "POST") {
		// Without sessions there is no stream to listen to and none to end.
		return refuse(response, 405, "Method Not Allowed", { allow: "POST" });
	}
	let message: unknown;
	try {
		message = JSON.parse(body);
	} catch {
		return refuse(response, 400, "Bad Request", {});
	}
	const server = serverOf(user);
	// The SDK's own types do not fit each other under exactOptionalPropertyTypes.
	const transport = new StreamableHTTPServerTransport() as StreamableHTTPServerTransport & Transport;
	response.once("close", () => void server.close());
	await server.connect(transport);
	await transport.handleRequest(request, response, message);
	return `mcp ${methodOf(message)}`;
}

function identify(world: World, authorization = ""): { readonly bearer: string; readonly user: User | undefined } {
	const [, bearer = ""] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
	const token = world.grants.token(bearer);
	const usable = token?.kind === "access" && world.grants.isLive(token) && appOf(world, token.grant.clientId);
	return { bearer, user: usable ? userOf(world, token.grant.userId) : undefined };
}

function serverOf({ id, name, username }: User): McpServer {
	const server = new McpServer({ name: "X emulator", version: "1.0.0" });
	server.registerTool(
		"who_am_i",
		{ description: "The user whose access token came with the request.", annotations: { readOnlyHint: true } },
		() => ({ content: [{ type: "text", text: JSON.stringify({ id, name, username }) }] }),
	);
	return server;
}

function methodOf(message: unknown): string {
	return typeof message === "object" && message !== null && "method" in message ? String(message.method) : "?";
}

function refuse(response: ServerResponse, status: number, title: string, headers: Record<string, string>): string {
	const problem = JSON.stringify({ title, type: "about:blank", status, detail: title });
	response.writeHead(status, { "content-type": "application/problem+json;charset=utf-8", ...headers }).end(problem);
	return String(status);
}
