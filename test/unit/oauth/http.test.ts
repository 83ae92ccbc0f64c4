import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import type tls from "node:tls";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { type ErrorCode, TwitterTokensError } from "../../../src/oauth/errors.ts";
import {
	createTransport,
	type HttpRequest,
	type NetworkRules,
	type TransportOptions,
} from "../../../src/oauth/http.ts";
import { ConnectFailure } from "../../../src/oauth/networkErrors.ts";
import { proxyFor } from "../../../src/oauth/proxy.ts";

/** A certificate authority that exists only for these tests, and a certificate for x.test, localhost, 127.0.0.1. */
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const authority = fixture("ca.pem");
const identity = { cert: readFileSync(fixture("server.pem")), key: readFileSync(fixture("server.key")) };

const noRules: NetworkRules = {
	proxyStrictSSL: true,
	proxySupport: "override",
	systemCertificates: false,
	environment: {},
};
const trusting: NetworkRules = { ...noRules, environment: { NODE_EXTRA_CA_CERTS: authority } };
const secret = "hunter2";
/** Long enough for any machine; tests that wait for a limit set that one limit lower. */
const patient = { connectMs: 15_000, headersMs: 15_000, bodyMs: 15_000 };

const open: net.Server[] = [];
const sockets = new Set<net.Socket>();

async function listen(server: net.Server): Promise<number> {
	server.on("connection", (socket: net.Socket) => {
		sockets.add(socket);
		socket.on("error", () => {}).on("close", () => sockets.delete(socket));
	});
	server.on("tlsClientError", () => {});
	open.push(server);
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return (server.address() as AddressInfo).port;
}

/** A server that counts: requests with their bodies, and connections. */
async function serve(handler: http.RequestListener, secure = false) {
	const seen: { method: string; url: string; body: string; headers: http.IncomingHttpHeaders }[] = [];
	const listener: http.RequestListener = (request, response) => {
		let body = "";
		request.on("data", (chunk) => {
			body += chunk;
		});
		request.on("end", () => {
			seen.push({ method: request.method ?? "", url: request.url ?? "", body, headers: request.headers });
			handler(request, response);
		});
	};
	const server = secure ? https.createServer(identity, listener) : http.createServer(listener);
	const counted = { seen, connections: 0, port: 0, url: "", server };
	server.on("connection", () => counted.connections++);
	counted.port = await listen(server);
	counted.url = `${secure ? "https://localhost" : "http://127.0.0.1"}:${counted.port}/2/token`;
	return counted;
}

/** A CONNECT proxy that finds every host name at 127.0.0.1. `gate`: what it does before it connects. */
async function serveProxy(gate?: (socket: net.Socket) => Promise<void> | void, secure = false) {
	const seen: { authority: string; authorization: string | undefined }[] = [];
	const server = secure ? https.createServer(identity) : http.createServer();
	const tunnels: net.Socket[] = [];
	const serverNames: unknown[] = [];
	server.on("secureConnection", (socket: tls.TLSSocket & { servername?: unknown }) => {
		serverNames.push(socket.servername);
	});
	server.on("connect", async (request: http.IncomingMessage, socket: net.Socket) => {
		socket.on("error", () => {});
		seen.push({ authority: request.url ?? "", authorization: request.headers["proxy-authorization"] });
		await gate?.(socket);
		if (socket.writableEnded || socket.destroyed) return;
		const upstream = net.connect(Number(request.url?.split(":").at(-1)), "127.0.0.1");
		tunnels.push(upstream);
		upstream.on("error", () => socket.destroy()).on("close", () => socket.destroy());
		socket.on("close", () => upstream.destroy());
		await once(upstream, "connect");
		socket.write("HTTP/1.1 200 OK\r\n\r\n");
		socket.pipe(upstream).pipe(socket);
	});
	const port = await listen(server);
	const host = secure ? `localhost:${port}` : `127.0.0.1:${port}`;
	return { seen, tunnels, serverNames, url: `${secure ? "https" : "http"}://${host}` };
}

async function closedPort(): Promise<number> {
	const server = net.createServer();
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	return port;
}

/** undici takes a connection back one turn of the event loop after its answer. */
async function nextTurn(): Promise<void> {
	for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

const ok: http.RequestListener = (_request, response) => response.end("ok");
const never: http.RequestListener = () => {};

/** A fetch that answers by itself and keeps what it was asked. */
function fakeFetch(answer: (init: RequestInit) => Response | Promise<Response>) {
	const calls: { url: string; init: RequestInit }[] = [];
	const editorFetch: typeof fetch = async (url, init = {}) => {
		calls.push({ url: String(url), init });
		return answer(init);
	};
	return { calls, editorFetch };
}

function post(url: string, extra: Partial<HttpRequest> = {}): HttpRequest {
	return { method: "POST", url, headers: { authorization: `Basic ${secret}` }, body: `token=${secret}`, ...extra };
}

function transport(rules: NetworkRules = noRules, options: TransportOptions = {}) {
	return createTransport(() => rules, { ...options, timeouts: { ...patient, ...options.timeouts } });
}

async function failure(
	promise: Promise<unknown>,
	code: ErrorCode,
	mayHaveArrived: boolean,
	text = /./,
): Promise<TwitterTokensError> {
	const error = await promise.then(
		() => assert.fail("should have been rejected"),
		(reason: unknown) => reason,
	);
	assert.ok(error instanceof TwitterTokensError, inspect(error));
	assert.deepEqual([error.code, error.mayHaveArrived], [code, mayHaveArrived], inspect(error));
	assert.match(error.message, text);
	assert.ok(!inspect(error, { depth: 9 }).includes(secret), "no secret in the error or its causes");
	return error;
}

describe("the choice of a proxy", () => {
	const choose = (rules: Partial<NetworkRules>, hostname = "api.x.com", protocol = "https:", port = "") =>
		proxyFor({ protocol, hostname, port }, { ...noRules, ...rules });
	const name = (...parameters: Parameters<typeof choose>) => choose(...parameters)?.name;

	it("goes direct without a proxy, and never sends loopback hosts through one", () => {
		assert.equal(name({}), undefined);
		for (const host of ["localhost", "127.0.0.1", "127.8.9.10", "::1"]) {
			assert.equal(name({ proxy: "http://p:1", environment: { HTTPS_PROXY: "http://e:1" } }, host), undefined, host);
		}
		for (const host of ["127.evil.test", "10.0.0.1"]) assert.equal(name({ proxy: "http://p:1" }, host), "p:1", host);
	});

	it("prefers the setting to the environment, and heeds neither when proxySupport is off", () => {
		const rules = { proxy: "http://p:1", environment: { HTTPS_PROXY: "http://e:1" } };
		assert.equal(name(rules), "p:1");
		assert.equal(name({ ...rules, proxy: " " }), "e:1");
		assert.equal(name({ ...rules, proxySupport: "off" }), undefined);
	});

	it("takes the environment's proxy by scheme, in either letter case", () => {
		assert.equal(name({ environment: { https_proxy: "http://s:1", http_proxy: "http://h:1" } }), "s:1");
		assert.equal(name({ environment: { HTTPS_PROXY: "http://s:1", HTTP_PROXY: "h:1" } }, "x.test", "http:"), "h:1");
		assert.equal(name({ environment: { HTTP_PROXY: "http://h:1" } }), "h:1");
		assert.equal(name({ environment: { HTTPS_PROXY: "http://s:1" } }, "x.test", "http:"), undefined);
		assert.equal(name({ environment: { HTTPS_PROXY: "", https_proxy: "http://s:1" } }), "s:1");
	});

	const exceptions: [entry: string, host: string, port: string, direct: boolean][] = [
		["*", "api.x.com", "", true],
		["api.x.com", "api.x.com", "", true],
		["API.X.COM", "api.x.com", "", true],
		["x.com", "api.x.com", "", true],
		[".x.com", "api.x.com", "", true],
		["*.x.com", "api.x.com", "", true],
		["x.com", "fox.com", "", false],
		["api.x.com", "x.com", "", false],
		["api.x.com:443", "api.x.com", "", true],
		["api.x.com:8443", "api.x.com", "8443", true],
		["api.x.com:8443", "api.x.com", "", false],
		["fe80::1", "fe80::1", "", true],
		["[fe80::1]:443", "fe80::1", "", true],
		["[fe80::1]:444", "fe80::1", "", false],
		["", "api.x.com", "", false],
	];
	for (const [entry, host, port, direct] of exceptions) {
		it(`noProxy "${entry}": ${host}${port && `:${port}`} goes ${direct ? "direct" : "through the proxy"}`, () => {
			const expected = direct ? undefined : "p:1";
			assert.equal(name({ proxy: "http://p:1", noProxy: [entry] }, host, "https:", port), expected);
			const environment = { no_proxy: `other.test, ${entry}` };
			assert.equal(name({ proxy: "http://p:1", environment }, host, "https:", port), expected);
		});
	}

	it("lets a non-empty noProxy setting replace NO_PROXY", () => {
		const environment = { NO_PROXY: "api.x.com" };
		assert.equal(name({ proxy: "http://p:1", environment }), undefined);
		assert.equal(name({ proxy: "http://p:1", environment, noProxy: [] }), undefined);
		assert.equal(name({ proxy: "http://p:1", environment, noProxy: ["other.test"] }), "p:1");
	});

	it("takes credentials from the address unless proxyAuthorization is set, and keeps them out of url and name", () => {
		const proxy = "http://me:p%40ss@p.test:8080/";
		const route = choose({ proxy });
		assert.equal(route?.authorization, `Basic ${Buffer.from("me:p@ss").toString("base64")}`);
		assert.deepEqual([route?.name, route?.url.href], ["p.test:8080", "http://p.test:8080/"]);
		assert.equal(choose({ proxy, proxyAuthorization: "Negotiate abc" })?.authorization, "Negotiate abc");
		assert.equal(choose({ proxy: "http://me@p:1" })?.authorization, `Basic ${Buffer.from("me:").toString("base64")}`);
		assert.equal(
			choose({ proxy: "http://me:5%@p:1" })?.authorization,
			`Basic ${Buffer.from("me:5%").toString("base64")}`,
		);
		assert.equal(choose({ proxy: "http://p:1" })?.authorization, undefined);
	});

	it("refuses addresses that are no URL and kinds of proxy that it cannot speak to", () => {
		for (const proxy of ["http://", `socks5://me:${secret}@p:1`, `http://me:${secret}@p:99999`]) {
			assert.throws(
				() => choose({ proxy }),
				(error) =>
					error instanceof ConnectFailure && error.kind === "proxySettings" && !inspect(error).includes(secret),
				proxy,
			);
		}
	});
});

describe("the transport", function () {
	// Reading the system's certificates may take seconds on a busy machine.
	this.timeout(20_000);

	afterEach(() => {
		for (const server of open.splice(0)) server.close();
		for (const socket of sockets) socket.destroy();
	});

	describe("a request that is answered", () => {
		it("brings back status, headers, text and times", async () => {
			let time = 1_000_000;
			const server = await serve((_request, response) => {
				time += 250;
				response.writeHead(418, { "Content-Type": "text/plain", "Set-Cookie": ["a=1", "b=2"], "X-One": "1" });
				response.end("grüß dich");
			});
			const answer = await transport(noRules, { now: () => time })(post(`${server.url}?q=1`));
			assert.equal(answer.status, 418);
			assert.equal(answer.headers["content-type"], "text/plain");
			assert.equal(answer.headers["set-cookie"], "a=1, b=2");
			assert.equal(answer.text, "grüß dich");
			assert.deepEqual([answer.sentAt, answer.durationMs], [1_000_000, 250]);
			const [seen] = server.seen;
			assert.deepEqual([seen?.method, seen?.url, seen?.body], ["POST", "/2/token?q=1", `token=${secret}`]);
			assert.equal(seen?.headers.authorization, `Basic ${secret}`);
		});

		it("sends a GET without a body", async () => {
			const server = await serve(ok);
			await transport()({ method: "GET", url: server.url, headers: {} });
			assert.equal(server.seen[0]?.method, "GET");
			assert.equal(server.seen[0]?.headers["content-length"], undefined);
		});

		it("gives back a redirect as it is", async () => {
			const server = await serve((_request, response) => response.writeHead(307, { location: "/elsewhere" }).end());
			const answer = await transport()(post(server.url));
			assert.deepEqual([answer.status, answer.headers.location], [307, "/elsewhere"]);
			assert.equal(server.seen.length, 1);
		});

		it("waits for the real answer after a 1xx, and begins the body's time limit only there", async () => {
			const server = await serve((_request, response) => {
				response.writeEarlyHints({ link: "</a>; rel=preload" }, () => setTimeout(() => response.end("final"), 120));
			});
			const answer = await transport(noRules, { timeouts: { bodyMs: 60 } })(post(server.url));
			assert.deepEqual([answer.status, answer.text, answer.headers.link], [200, "final", undefined]);
		});

		it("takes a body of exactly 1 MB and refuses one byte more", async () => {
			let length = 1024 * 1024;
			const server = await serve((_request, response) => response.end(Buffer.alloc(length, "a")));
			assert.equal((await transport()(post(server.url))).text.length, length);
			length++;
			const error = await failure(transport()(post(server.url)), "UnexpectedResponse", true, /127\.0\.0\.1.*1 MB/);
			assert.equal(error.status, 200);
		});

		it("uses a connection again at once, but not after a pause, whatever the timers say", async () => {
			const server = await serve(ok);
			server.server.keepAliveTimeout = 60_000;
			let time = 0;
			const send = transport(noRules, { now: () => time });
			await send(post(server.url));
			await nextTurn();
			await send(post(server.url));
			await nextTurn();
			assert.equal(server.connections, 1);
			time += 4_001;
			await send(post(server.url));
			assert.equal(server.connections, 2);
		});

		it("heeds changed rules at the next request and lets a running one end", async () => {
			const held: http.ServerResponse[] = [];
			const server = await serve((_request, response) => held.push(response));
			const proxy = await serveProxy();
			let rules = noRules;
			const send = createTransport(() => rules, { timeouts: patient });
			const first = send(post(server.url));
			while (held.length < 1) await new Promise(setImmediate);
			rules = { ...noRules, proxy: proxy.url };
			const second = send(post(`http://x.test:${server.port}/`));
			while (held.length < 2) await new Promise(setImmediate);
			for (const response of held) response.end("ok");
			assert.deepEqual([(await first).text, (await second).text], ["ok", "ok"]);
			assert.equal(proxy.seen.length, 1);
		});

		it("does not queue a request behind a running one", async () => {
			const held: http.ServerResponse[] = [];
			const server = await serve((_request, response) => {
				if (held.push(response) === 2) for (const each of held) each.end("ok");
			});
			const send = transport();
			await Promise.all([send(post(server.url)), send(post(server.url))]);
			assert.equal(server.connections, 2);
		});
	});

	describe("certificates", () => {
		it("trusts a private authority from NODE_EXTRA_CA_CERTS or SSL_CERT_FILE", async () => {
			const server = await serve(ok, true);
			for (const name of ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
				const rules = { ...noRules, environment: { [name]: authority } };
				assert.equal((await transport(rules)(post(server.url))).text, "ok", name);
			}
		});

		it("says what to do about an unknown authority, and does not try the editor's fetch", async () => {
			const server = await serve(ok, true);
			const { calls, editorFetch } = fakeFetch(() => new Response("ok"));
			for (const environment of [
				{},
				{ NODE_EXTRA_CA_CERTS: fixture("absent.pem"), SSL_CERT_FILE: fixture("server.key") },
			]) {
				const sent = transport(
					{ ...noRules, systemCertificates: true, environment },
					{ editorFetch },
				)(post(server.url));
				await failure(sent, "Network", false, /localhost.*http\.systemCertificates.*NODE_EXTRA_CA_CERTS/);
			}
			assert.deepEqual([calls.length, server.seen.length], [0, 0]);
		});

		it("accepts any certificate when proxyStrictSSL is off", async () => {
			const server = await serve(ok, true);
			assert.equal((await transport({ ...noRules, proxyStrictSSL: false })(post(server.url))).text, "ok");
		});

		it("refuses a certificate for another host", async () => {
			const server = await serve(ok, true);
			const proxy = await serveProxy();
			const sent = transport({ ...trusting, proxy: proxy.url })(post(`https://y.test:${server.port}/`));
			await failure(sent, "Network", false, /y\.test.*ERR_TLS_CERT_ALTNAME_INVALID/);
			assert.deepEqual([proxy.seen.length, server.seen.length], [1, 0]);
		});
	});

	describe("through a proxy", () => {
		for (const secure of [false, true]) {
			it(`reaches an https server through an ${secure ? "https" : "http"} proxy, with its credentials`, async () => {
				const server = await serve(ok, true);
				const proxy = await serveProxy(undefined, secure);
				const url = `https://x.test:${server.port}/`;
				const withUser = proxy.url.replace("://", "://me:word@");
				assert.equal((await transport({ ...trusting, proxy: withUser })(post(url))).text, "ok");
				assert.equal(
					(await transport({ ...trusting, proxy: withUser, proxyAuthorization: "Own x" })(post(url))).text,
					"ok",
				);
				assert.deepEqual(proxy.seen, [
					{ authority: `x.test:${server.port}`, authorization: `Basic ${Buffer.from("me:word").toString("base64")}` },
					{ authority: `x.test:${server.port}`, authorization: "Own x" },
				]);
				assert.deepEqual(proxy.serverNames, secure ? ["localhost", "localhost"] : []);
				assert.equal(server.seen[0]?.headers["proxy-authorization"], undefined);
			});
		}

		it("takes the proxy from the environment, and leaves loopback out", async () => {
			const server = await serve(ok, true);
			const proxy = await serveProxy();
			const send = transport({ ...trusting, environment: { ...trusting.environment, HTTPS_PROXY: proxy.url } });
			await send(post(`https://x.test:${server.port}/`));
			await send(post(server.url));
			assert.deepEqual([proxy.seen.length, server.seen.length], [1, 2]);
		});

		it("names http.proxyAuthorization when the proxy demands a login", async () => {
			const proxy = await serveProxy((socket) => {
				socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
			});
			const rules = { ...noRules, proxy: proxy.url.replace("://", `://me:${secret}@`) };
			await failure(transport(rules)(post("https://x.test/")), "Network", false, /407.*http\.proxyAuthorization/);
			assert.equal(proxy.seen.length, 1);
		});

		it("says that the proxy refused", async () => {
			const proxy = await serveProxy((socket) => {
				socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
			});
			const sent = transport({ ...noRules, proxy: proxy.url })(post("https://x.test/"));
			await failure(sent, "Network", false, /proxy 127\.0\.0\.1:\d+ refused.*x\.test.*403/);
		});

		it("asks a proxy that hangs up only once", async () => {
			const proxy = await serveProxy((socket) => {
				socket.destroy();
			});
			const sent = transport({ ...noRules, proxy: proxy.url })(post("https://x.test/"));
			await failure(sent, "Network", false, /the proxy 127\.0\.0\.1/);
			assert.equal(proxy.seen.length, 1);
		});

		it("gives up on a proxy that never answers, and leaves no connection behind", async () => {
			let left: net.Socket | undefined;
			const proxy = await serveProxy((socket) => {
				left = socket.resume().on("end", () => socket.end());
				return new Promise(() => {});
			});
			const sent = transport(
				{ ...noRules, proxy: proxy.url },
				{ timeouts: { connectMs: 50 } },
			)(post("https://x.test/"));
			await failure(sent, "Network", false, /x\.test|proxy/);
			if (left && !left.destroyed) await once(left, "close");
		});

		it("says that the proxy cannot be reached, without its credentials", async () => {
			const proxy = `http://me:${secret}@127.0.0.1:${await closedPort()}`;
			const sent = transport({ ...noRules, proxy })(post("https://x.test/"));
			await failure(sent, "Network", false, /the proxy 127\.0\.0\.1:\d+ \(ECONNREFUSED\).*http\.proxy/);
		});
	});

	describe("a request that fails", () => {
		it("did not arrive where nobody listens", async () => {
			const sent = transport()(post(`http://127.0.0.1:${await closedPort()}/secret-path`));
			const error = await failure(sent, "Network", false, /127\.0\.0\.1 \(ECONNREFUSED\)/);
			assert.ok(!error.message.includes("secret-path"));
			assert.ok(error.cause instanceof Error);
		});

		it("did not arrive where TLS never comes about", async () => {
			const port = await listen(net.createServer((socket) => socket.on("data", () => socket.destroy())));
			await failure(transport(trusting)(post(`https://localhost:${port}/`)), "Network", false, /localhost/);
		});

		it("did not arrive where TLS takes too long", async () => {
			const port = await listen(net.createServer(() => {}));
			const sent = transport(trusting, { timeouts: { connectMs: 50 } })(post(`https://localhost:${port}/`));
			await failure(sent, "Network", false, /localhost/);
		});

		it("may have arrived when the connection is cut, and is not sent again", async () => {
			const server = await serve((request) => request.socket.destroy());
			const { calls, editorFetch } = fakeFetch(() => new Response("ok"));
			const error = await failure(transport(noRules, { editorFetch })(post(server.url)), "Network", true, /was cut/);
			assert.ok(error.cause instanceof Error);
			assert.deepEqual([server.seen.length, calls.length], [1, 0]);
		});

		it("may have arrived when a connection used before is cut", async () => {
			const server = await serve((request, response) => {
				if (server.seen.length === 1) response.end("ok");
				else request.socket.destroy();
			});
			const { calls, editorFetch } = fakeFetch(() => new Response("ok"));
			const send = transport(noRules, { editorFetch });
			await send(post(server.url));
			await nextTurn();
			await failure(send(post(server.url)), "Network", true, /was cut/);
			assert.deepEqual([server.connections, server.seen.length, calls.length], [1, 2, 0]);
		});

		it("keeps the status when the body is cut", async () => {
			const server = await serve((request, response) => {
				response.writeHead(200, { "content-length": 100 }).write("half", () => request.socket.destroy());
			});
			const error = await failure(transport()(post(server.url)), "Network", true, /was cut/);
			assert.equal(error.status, 200);
		});

		it("times out when no headers come", async () => {
			const server = await serve(never);
			const { calls, editorFetch } = fakeFetch(() => new Response("ok"));
			const sent = transport(noRules, { editorFetch, timeouts: { headersMs: 50 } })(post(server.url));
			await failure(sent, "TimedOut", true, /127\.0\.0\.1.*0\.05 seconds/);
			assert.deepEqual([server.seen.length, calls.length], [1, 0]);
		});

		it("times out when the body drips without end", async () => {
			const server = await serve((_request, response) => {
				const drip = setInterval(() => response.write("."), 5);
				response.on("close", () => clearInterval(drip));
			});
			await failure(transport(noRules, { timeouts: { bodyMs: 60 } })(post(server.url)), "TimedOut", true);
		});

		it("closes the connection of a request that timed out", async () => {
			let closed: Promise<unknown> | undefined;
			const server = await serve((request) => {
				closed = once(request.socket, "close");
			});
			await failure(transport(noRules, { timeouts: { headersMs: 50 } })(post(server.url)), "TimedOut", true);
			await closed;
		});

		it("calls an answer that is not HTTP unexpected, and keeps none of it", async () => {
			const port = await listen(
				net.createServer((socket) => socket.on("data", () => socket.end(`SSH-2.0 ${secret}\r\n`))),
			);
			await failure(transport()(post(`http://127.0.0.1:${port}/`)), "UnexpectedResponse", true, /valid HTTP/);
		});

		it("refuses a header that cannot be sent, without the editor's fetch", async () => {
			const server = await serve(ok);
			const { calls, editorFetch } = fakeFetch(() => new Response("ok"));
			const sent = transport(noRules, { editorFetch })(post(server.url, { headers: { authorization: `${secret}\n` } }));
			await failure(sent, "InvalidAuthSettings", false);
			assert.deepEqual([server.connections, calls.length], [0, 0]);
		});
	});

	describe("cancelling", () => {
		it("before the start: nothing is connected", async () => {
			const server = await serve(ok);
			await failure(transport()(post(server.url, { signal: AbortSignal.abort() })), "Cancelled", false);
			assert.equal(server.connections, 0);
		});

		it("while connecting: at once, and the request is not sent when the connection comes about later", async () => {
			const server = await serve(ok);
			const gate = Promise.withResolvers<void>();
			const proxy = await serveProxy(() => gate.promise);
			const { calls, editorFetch } = fakeFetch(() => new Response("ok"));
			const stop = new AbortController();
			const url = `http://x.test:${server.port}/`;
			const sent = transport({ ...noRules, proxy: proxy.url }, { editorFetch })(post(url, { signal: stop.signal }));
			while (proxy.seen.length === 0) await new Promise(setImmediate);
			stop.abort();
			await failure(sent, "Cancelled", false);
			gate.resolve();
			while (proxy.tunnels.length === 0) await new Promise(setImmediate);
			const [tunnel] = proxy.tunnels;
			// The tunnel stands, is of no use and gets closed.
			if (tunnel && !tunnel.destroyed) await once(tunnel, "close");
			assert.deepEqual([server.seen.length, calls.length], [0, 0]);
		});

		it("while waiting for the answer: it may have arrived", async () => {
			const stop = new AbortController();
			const server = await serve(() => stop.abort());
			await failure(transport()(post(server.url, { signal: stop.signal })), "Cancelled", true);
		});

		it("while reading the answer: it may have arrived", async () => {
			const stop = new AbortController();
			const server = await serve((_request, response) => {
				response.write("half", () => setTimeout(() => stop.abort(), 10));
			});
			await failure(transport()(post(server.url, { signal: stop.signal })), "Cancelled", true);
		});
	});

	describe("the editor's fetch", () => {
		let unreachable = "";
		before(async () => {
			unreachable = `http://127.0.0.1:${await closedPort()}/2/token`;
		});

		it("sends the same request once where no connection could be made", async () => {
			const { calls, editorFetch } = fakeFetch(() => new Response("héllo", { status: 201, headers: { "X-A": "b" } }));
			let time = 5_000;
			const answer = await transport(noRules, { editorFetch, now: () => time++ })(post(unreachable));
			assert.deepEqual([answer.status, answer.text, answer.headers["x-a"]], [201, "héllo", "b"]);
			assert.ok(answer.sentAt > 5_000 && answer.durationMs > 0);
			assert.equal(calls.length, 1);
			const { url, init } = calls[0] ?? assert.fail();
			assert.deepEqual(
				[url, init.method, init.body, init.redirect],
				[unreachable, "POST", `token=${secret}`, "manual"],
			);
			assert.deepEqual(init.headers, { authorization: `Basic ${secret}` });
		});

		it("takes over where the proxy refuses, demands a login, hangs or cannot be spoken to", async () => {
			const refusing = await serveProxy((socket) => void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
			const demanding = await serveProxy((socket) => void socket.end("HTTP/1.1 407 Login\r\n\r\n"));
			const hanging = await serveProxy(() => new Promise(() => {}));
			const { calls, editorFetch } = fakeFetch(() => new Response("ok"));
			for (const proxy of [refusing.url, demanding.url, hanging.url, "socks5://127.0.0.1:1"]) {
				const send = transport({ ...noRules, proxy }, { editorFetch, timeouts: { connectMs: 50 } });
				assert.equal((await send(post("https://x.test/"))).text, "ok", proxy);
			}
			assert.equal(calls.length, 4);
		});

		it("is left alone when proxySupport is off", async () => {
			const { calls, editorFetch } = fakeFetch(() => new Response("ok"));
			await failure(
				transport({ ...noRules, proxySupport: "off" }, { editorFetch })(post(unreachable)),
				"Network",
				false,
			);
			assert.equal(calls.length, 0);
		});

		it("works with Node's own fetch, redirects included", async () => {
			const server = await serve((_request, response) =>
				response.writeHead(302, { location: "/elsewhere" }).end("moved"),
			);
			const editorFetch: typeof fetch = (_url, init) => fetch(server.url, init);
			const answer = await transport(noRules, { editorFetch })(post(unreachable));
			assert.deepEqual([answer.status, answer.headers.location, answer.text], [302, "/elsewhere", "moved"]);
			assert.deepEqual([server.seen.length, server.seen[0]?.body], [1, `token=${secret}`]);
		});

		it("did not send either where it could not connect: the first failure is told", async () => {
			const elsewhere = `http://localhost:${await closedPort()}/`;
			const failing: (() => Promise<Response>)[] = [
				() => fetch(elsewhere),
				() =>
					Promise.reject(
						new TypeError("fetch failed", { cause: new Error("Proxy response (407) !== 200 when HTTP Tunneling") }),
					),
				() => Promise.reject(new AggregateError([new Error("connect ETIMEDOUT 192.0.2.1:443")])),
				() => Promise.reject(new Error("net::ERR_PROXY_CONNECTION_FAILED")),
				() =>
					Promise.reject(
						new TypeError("fetch failed", { cause: Object.assign(new Error(), { code: "CERT_HAS_EXPIRED" }) }),
					),
			];
			for (const each of failing) {
				const error = await failure(
					transport(noRules, { editorFetch: each })(post(unreachable)),
					"Network",
					false,
					/127\.0\.0\.1 \(ECONNREFUSED\)/,
				);
				assert.ok(error.cause instanceof AggregateError && error.cause.errors.length === 2);
			}
		});

		it("may have sent when its connection is cut", async () => {
			const server = await serve((request) => request.socket.destroy());
			const editorFetch: typeof fetch = (_url, init) => fetch(server.url, init);
			await failure(transport(noRules, { editorFetch })(post(unreachable)), "Network", true, /was cut/);
			for (const code of ["ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH"]) {
				const cause = Object.assign(new Error(`read ${code}`), { code });
				const cut = () => Promise.reject(new TypeError("fetch failed", { cause }));
				await failure(transport(noRules, { editorFetch: cut })(post(unreachable)), "Network", true, /was cut/);
			}
			assert.equal(server.seen.length, 1);
		});

		it("keeps the time limits", async () => {
			const silent = await serve(never);
			const dripping = await serve((_request, response) => void response.write("half"));
			for (const server of [silent, dripping]) {
				const editorFetch: typeof fetch = (_url, init) => fetch(server.url, init);
				const timeouts = { connectMs: 50, headersMs: server === silent ? 50 : 15_000, bodyMs: 60 };
				await failure(transport(noRules, { editorFetch, timeouts })(post(unreachable)), "TimedOut", true);
			}
		});

		it("can be cancelled", async () => {
			const stop = new AbortController();
			const server = await serve(() => stop.abort());
			const editorFetch: typeof fetch = (_url, init) => fetch(server.url, init);
			await failure(transport(noRules, { editorFetch })(post(unreachable, { signal: stop.signal })), "Cancelled", true);
		});

		it("has the same limit of 1 MB, and stops reading there", async () => {
			let cancelled = false;
			const endless = new ReadableStream({
				pull: (controller) => controller.enqueue(new Uint8Array(300_000)),
				cancel: () => {
					cancelled = true;
				},
			});
			const { editorFetch } = fakeFetch(() => new Response(endless));
			await failure(transport(noRules, { editorFetch })(post(unreachable)), "UnexpectedResponse", true, /1 MB/);
			assert.ok(cancelled);
		});

		it("calls an answer that hides its status unexpected", async () => {
			const { editorFetch } = fakeFetch(() => Response.error());
			await failure(transport(noRules, { editorFetch })(post(unreachable)), "UnexpectedResponse", true, /redirect/);
		});
	});
});
