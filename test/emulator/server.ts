import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { appOnlyEndpoint } from "./appOnlyEndpoint.ts";
import { authorizeEndpoint } from "./authorizePage.ts";
import type { LoggedRequest } from "./counters.ts";
import { type Delivery, deliver, type Endpoint } from "./faults.ts";
import { type Incoming, incomingOf, json, type Reply, readBody } from "./http.ts";
import { metadataEndpoint } from "./metadata.ts";
import { revokeEndpoint } from "./revokeEndpoint.ts";
import { tokenEndpoint } from "./tokenEndpoint.ts";
import { usersEndpoint } from "./usersEndpoint.ts";
import type { World } from "./world.ts";

interface Route {
	readonly endpoint: Exclude<Endpoint, "callback">;
	readonly counter: "authorizeRequests" | "tokenRequests" | "revokeRequests" | "usersMeRequests" | "otherRequests";
	readonly work: (world: World, incoming: Incoming) => Reply;
	/** Others are answered with 404; undefined: the endpoint sees to it itself. */
	readonly methods?: readonly string[];
}

const routes: Record<string, Route> = {
	"/i/oauth2/authorize": {
		endpoint: "authorize",
		counter: "authorizeRequests",
		work: authorizeEndpoint,
		methods: ["GET", "HEAD", "POST"],
	},
	"/2/oauth2/token": { endpoint: "token", counter: "tokenRequests", work: tokenEndpoint },
	"/2/oauth2/revoke": { endpoint: "revoke", counter: "revokeRequests", work: revokeEndpoint },
	"/2/users/me": { endpoint: "usersMe", counter: "usersMeRequests", work: usersEndpoint, methods: ["GET"] },
	"/oauth2/token": { endpoint: "other", counter: "otherRequests", work: appOnlyEndpoint },
	"/.well-known/oauth-authorization-server": {
		endpoint: "other",
		counter: "otherRequests",
		work: ({ origin }) => metadataEndpoint(origin),
		methods: ["GET"],
	},
};

const notFound: Reply = json(404, { title: "Not Found", type: "about:blank", status: 404, detail: "Not Found" }, "404");

const tooLarge: Reply = json(413, { title: "Payload Too Large", status: 413 }, "413");

/** Answers that reach the client without what the work brought. */
const useless = new Set(["fault html", "fault emptyBody", "fault withoutAccessToken"]);

/** Reads, logs, counts and answers requests. `stop` ends answers that wait. */
export function serve(
	world: () => World,
	requests: LoggedRequest[],
	log: (line: string) => void,
	stop: AbortSignal,
): Server {
	let tokenRequestsUnderWay = 0;
	return createServer((request, response) => {
		answer(request, response).catch((error: unknown) => {
			if (!stop.aborted && !request.destroyed) {
				log(`failed: ${error instanceof Error ? error.stack : String(error)}`);
			}
			response.destroy();
		});
	});

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		response.sendDate = false;
		const body = await readBody(request);
		const incoming = incomingOf(request, body ?? "");
		const { counters, faults, now } = world();
		const entry: LoggedRequest = {
			method: incoming.method,
			path: incoming.path,
			query: Object.fromEntries(incoming.query),
			form: Object.fromEntries(incoming.form),
			headers: incoming.headers,
			at: now(),
			status: undefined,
			outcome: undefined,
		};
		requests.push(entry);
		if (incoming.path === "/mcp" && body !== undefined) {
			counters.otherRequests++;
			// Few runs need it, and the SDK takes a while to load.
			const { answerMcp } = await import("./mcpEndpoint.ts");
			entry.outcome = await answerMcp(world(), request, response, body);
			entry.status = response.statusCode;
			counters.outcomes[entry.outcome] = (counters.outcomes[entry.outcome] ?? 0) + 1;
			log(`${incoming.method} ${incoming.path} → ${entry.status} (${entry.outcome})`);
			return;
		}
		const route = Object.hasOwn(routes, incoming.path) ? routes[incoming.path] : undefined;
		counters[route?.counter ?? "otherRequests"]++;
		if (route?.endpoint === "token") {
			counters.maxConcurrentTokenRequests = Math.max(counters.maxConcurrentTokenRequests, ++tokenRequestsUnderWay);
			response.once("close", () => tokenRequestsUnderWay--);
		}
		const known = route && (!route.methods || route.methods.includes(incoming.method));
		let succeeded = false;
		const work = (): Reply => {
			const reply = route?.work(world(), incoming) ?? notFound;
			succeeded = reply.status < 400;
			return reply;
		};
		const delivery: Delivery =
			body === undefined
				? { reply: tooLarge, send: "all" }
				: known
					? await deliver(route.endpoint, faults.take(route.endpoint), work, now, stop)
					: { reply: notFound, send: "all" };
		const { reply, send } = delivery;
		entry.outcome = reply.outcome;
		entry.status = send === "all" || send === "headers" ? reply.status : undefined;
		counters.outcomes[reply.outcome] = (counters.outcomes[reply.outcome] ?? 0) + 1;
		if (succeeded && (send !== "all" || response.destroyed || useless.has(reply.outcome))) {
			counters.answersLost++;
		}
		log(`${incoming.method} ${incoming.path} → ${entry.status ?? "no answer"} (${reply.outcome})`);
		if (reply.prefetch !== undefined) {
			await fetch(reply.prefetch, {
				redirect: "manual",
				signal: AbortSignal.any([stop, AbortSignal.timeout(5000)]),
			}).then(
				(answered) => answered.arrayBuffer(),
				() => undefined,
			);
		}
		transmit(request, response, delivery, now());
	}
}

function transmit(request: IncomingMessage, response: ServerResponse, { reply, send }: Delivery, now: number): void {
	if (send === "never") {
		return;
	}
	if (send === "nothing") {
		request.socket.destroy();
		return;
	}
	const length = String(Buffer.byteLength(reply.body));
	response.writeHead(reply.status, {
		server: "cloudflare envoy",
		date: new Date(now).toUTCString(),
		...reply.headers,
		"content-length": length,
	});
	if (send === "headers") {
		response.flushHeaders();
		// One turn later: the headers have to leave before the connection breaks.
		setTimeout(() => request.socket.destroy(), 20);
		return;
	}
	response.end(reply.body);
}
