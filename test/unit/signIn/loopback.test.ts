import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { TwitterTokensError } from "../../../src/oauth/errors.ts";
import {
	isLoopbackRedirect,
	type LoopbackListener,
	listenOnLoopback,
	type Page,
} from "../../../src/signIn/loopback.ts";

const page: Page = { title: "You are signed in", text: "You can close this tab." };
const render = ({ title, text }: Page) => `<title>${title}</title><p>${text}</p>`;

const open: { close(): void }[] = [];
afterEach(() => {
	for (const each of open.splice(0)) each.close();
});

/** A port that was free a moment ago. */
async function freePort(host = "127.0.0.1"): Promise<number> {
	const server = net.createServer().listen(0, host);
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	server.close();
	await once(server, "close");
	return port;
}

async function machineHas(host: string): Promise<boolean> {
	return freePort(host).then(
		() => true,
		() => false,
	);
}

async function occupy(port: number, host: string): Promise<void> {
	const server = net.createServer().listen(port, host);
	open.push(server);
	await once(server, "listening");
}

/** A listener at `<base><path>` that keeps the queries it was given. */
async function listening(
	uriOf: (port: number) => string = (port) => `http://127.0.0.1:${port}/callback`,
	onRedirect: (query: string) => Promise<Page> = async () => page,
	requestLimitMs?: number,
) {
	const port = await freePort();
	const uri = uriOf(port);
	const queries: string[] = [];
	const listener: LoopbackListener = await listenOnLoopback(
		uri,
		(query) => {
			queries.push(query);
			return onRedirect(query);
		},
		render,
		requestLimitMs,
	);
	open.push(listener);
	return { port, uri, queries, listener };
}

interface Answer {
	readonly status: number;
	readonly headers: http.IncomingHttpHeaders;
	readonly text: string;
}

/** A request on a connection of its own; `path` goes out as it is. */
function ask(port: number, path: string, options: http.RequestOptions = {}): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const request = http.request({ host: "127.0.0.1", port, path, agent: false, ...options }, (response) => {
			let text = "";
			response.setEncoding("utf8");
			response.on("data", (chunk) => {
				text += chunk;
			});
			response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
			response.on("error", reject);
		});
		request.on("error", reject);
		request.end();
	});
}

/** Sends bytes as they are; resolves with all that came back when the other side has closed. */
async function sendRaw(port: number, ...parts: (string | Buffer)[]): Promise<string> {
	const socket = net.connect(port, "127.0.0.1");
	let answer = "";
	socket.on("data", (chunk) => {
		answer += chunk;
	});
	socket.on("error", () => {});
	const closed = new Promise((resolve) => socket.once("close", resolve));
	for (const part of parts) socket.write(part);
	await closed;
	return answer;
}

const isRefused = (port: number, host: string) =>
	new Promise<boolean>((resolve) => {
		const socket = net.connect(port, host);
		socket.on("connect", () => {
			socket.destroy();
			resolve(false);
		});
		socket.on("error", () => resolve(true));
	});

describe("loopback redirect URI", () => {
	it("is http on a loopback host, with any port and path", () => {
		for (const uri of [
			"http://127.0.0.1:8737/callback",
			"http://localhost:8080",
			"http://[::1]:8737/",
			"http://127.0.0.2/x?y=1",
		]) {
			assert.ok(isLoopbackRedirect(uri), uri);
		}
		for (const uri of [
			"https://127.0.0.1:8737/callback",
			"http://example.com/callback",
			"http://127.0.0.1.example.com/callback",
			"http://0.0.0.0:8737/callback",
			"vscode://twitter-tokens.twitter-tokens/callback",
			"vscode://localhost/callback",
			"callback",
			"",
		]) {
			assert.ok(!isLoopbackRedirect(uri), uri);
		}
	});
});

describe("loopback listener", () => {
	describe("takes", () => {
		it("a redirect, and shows the page without letting anybody keep or extend it", async () => {
			const { port, queries } = await listening();
			const { status, headers, text } = await ask(port, "/callback?state=s%2B1&code=a/b+1");
			assert.deepEqual([status, text], [200, render(page)]);
			assert.deepEqual(queries, ["state=s%2B1&code=a/b+1"]);
			assert.equal(headers["content-type"], "text/html; charset=utf-8");
			assert.equal(headers["cache-control"], "no-store");
			assert.equal(headers["referrer-policy"], "no-referrer");
			assert.match(String(headers["content-security-policy"]), /^default-src 'none';/);
			assert.doesNotMatch(String(headers["content-security-policy"]), /script/);
			assert.equal(headers.connection, "close");
		});

		it("the same redirect twice with one call and two equal pages, at once and later", async () => {
			let finish = (_: Page) => {};
			const result = new Promise<Page>((resolve) => {
				finish = resolve;
			});
			let arrived = 0;
			const { port, queries } = await listening(undefined, () => {
				arrived++;
				return result;
			});
			const both = [ask(port, "/callback?code=a&state=s"), ask(port, "/callback?code=a&state=s")];
			while (arrived === 0) await new Promise(setImmediate);
			finish(page);
			const pages = [...(await Promise.all(both)), await ask(port, "/callback?code=a&state=s")];
			assert.deepEqual(
				pages.map(({ status, text }) => [status, text]),
				Array(3).fill([200, render(page)]),
			);
			assert.equal(queries.length, 1);
		});

		it("another redirect after one that was refused", async () => {
			const { port, queries } = await listening(undefined, async (query) => ({ title: "about", text: query }));
			assert.equal(
				(await ask(port, "/callback?code=a&state=foreign")).text,
				"<title>about</title><p>code=a&state=foreign</p>",
			);
			assert.equal((await ask(port, "/callback?code=a&state=s")).text, "<title>about</title><p>code=a&state=s</p>");
			assert.equal(queries.length, 2);
		});

		for (const [name, uriOf, path] of [
			["a redirect URI without a path", (port: number) => `http://127.0.0.1:${port}`, "/?code=a"],
			["a trailing slash", (port: number) => `http://127.0.0.1:${port}/callback/`, "/callback/?code=a"],
			["a redirect URI with a query", (port: number) => `http://127.0.0.1:${port}/cb?fixed=1`, "/cb?fixed=1&code=a"],
			["an encoded path", (port: number) => `http://127.0.0.1:${port}/c%C3%A4b`, "/c%C3%A4b?code=a"],
			["another loopback address", (port: number) => `http://127.0.0.2:${port}/cb`, "/cb?code=a"],
		] as const) {
			it(name, async function () {
				const host = new URL(uriOf(1)).hostname;
				if (!(await machineHas(host))) this.skip();
				const { port, queries } = await listening(uriOf);
				assert.equal((await ask(port, path, { host })).status, 200);
				assert.deepEqual(queries, [path.slice(path.indexOf("?") + 1)]);
			});
		}
	});

	describe("on localhost", () => {
		const localhost = (port: number) => `http://localhost:${port}/callback`;

		it("takes a redirect at 127.0.0.1", async () => {
			const { port, queries } = await listening(localhost);
			const headers = { host: `localhost:${port}` };
			assert.equal((await ask(port, "/callback?code=a", { headers })).status, 200);
			assert.equal((await ask(port, "/callback?code=b")).status, 404, "127.0.0.1 as host is another address");
			assert.deepEqual(queries, ["code=a"]);
		});

		it("takes a redirect at ::1, the same twice as well", async function () {
			if (!(await machineHas("::1"))) {
				if (this.test) this.test.title += " (skipped: this machine has no ::1)";
				this.skip();
			}
			const { port, queries, listener } = await listening(localhost);
			const headers = { host: `localhost:${port}` };
			assert.equal((await ask(port, "/callback?code=a", { host: "::1", headers })).text, render(page));
			assert.equal((await ask(port, "/callback?code=a", { host: "127.0.0.1", headers })).text, render(page));
			assert.deepEqual(queries, ["code=a"]);
			listener.close();
			assert.deepEqual([await isRefused(port, "::1"), await isRefused(port, "127.0.0.1")], [true, true]);
		});

		it("leaves nothing listening where ::1 is taken", async function () {
			if (!(await machineHas("::1"))) {
				if (this.test) this.test.title += " (skipped: this machine has no ::1)";
				this.skip();
			}
			const port = await freePort();
			await occupy(port, "::1");
			await assert.rejects(
				listenOnLoopback(localhost(port), async () => page, render),
				{ code: "Network" },
			);
			assert.ok(await isRefused(port, "127.0.0.1"));
		});
	});

	it("on [::1] listens there only", async function () {
		if (!(await machineHas("::1"))) {
			if (this.test) this.test.title += " (skipped: this machine has no ::1)";
			this.skip();
		}
		const { port, queries } = await listening((port) => `http://[::1]:${port}/callback`);
		assert.equal(
			(await ask(port, "/callback?code=a", { host: "::1", headers: { host: `[::1]:${port}` } })).status,
			200,
		);
		assert.ok(await isRefused(port, "127.0.0.1"));
		assert.deepEqual(queries, ["code=a"]);
	});

	describe("answers 404, and tells nobody, for", () => {
		for (const [name, path, options] of [
			["another path", "/other?code=a&state=s"],
			["a longer path", "/callback/x?code=a"],
			["a trailing slash", "/callback/?code=a"],
			["another letter case", "/Callback?code=a"],
			["two slashes", "//callback?code=a"],
			["dots", "/x/../callback?code=a"],
			["the root", "/?code=a"],
			["the icon", "/favicon.ico"],
			["no query", "/callback"],
			["an empty query", "/callback?"],
			["a whole address as target", "http://127.0.0.1/callback?code=a"],
			["POST", "/callback?code=a", { method: "POST" }],
			["HEAD", "/callback?code=a", { method: "HEAD" }],
			["OPTIONS", "/callback?code=a", { method: "OPTIONS" }],
			["PUT", "/callback?code=a", { method: "PUT" }],
			["another host", "/callback?code=a", { headers: { host: "example.com" } }],
			["a host that resolves here", "/callback?code=a", { headers: { host: "localhost:PORT" } }],
			["another port in the host", "/callback?code=a", { headers: { host: "127.0.0.1:1" } }],
			["no port in the host", "/callback?code=a", { headers: { host: "127.0.0.1" } }],
		] as const satisfies readonly (readonly [string, string, http.RequestOptions?])[]) {
			it(name, async () => {
				const { port, queries } = await listening();
				const headers = Object.fromEntries(
					Object.entries(options?.headers ?? {}).map(([key, value]) => [
						key,
						String(value).replace("PORT", String(port)),
					]),
				);
				const { status, text } = await ask(port, path, { ...options, headers });
				assert.deepEqual([status, text], [404, ""]);
				assert.deepEqual(queries, []);
			});
		}
	});

	describe("cannot be had", () => {
		it("where the port is taken: the error names address and remedies, and nothing is left listening", async () => {
			const port = await freePort();
			await occupy(port, "127.0.0.1");
			for (const host of ["127.0.0.1", "localhost"]) {
				await assert.rejects(
					listenOnLoopback(`http://${host}:${port}/callback`, async () => page, render),
					(error) => {
						assert.ok(error instanceof TwitterTokensError);
						assert.equal(error.code, "Network");
						assert.match(error.message, new RegExp(`${host}:${port}.*used by another program.*"redirect_uri"`));
						return true;
					},
				);
			}
			assert.ok(await isRefused(port, "::1"));
		});

		it("twice, and again after the first was closed", async () => {
			const { uri, listener } = await listening();
			await assert.rejects(
				listenOnLoopback(uri, async () => page, render),
				{ code: "Network" },
			);
			listener.close();
			open.push(await listenOnLoopback(uri, async () => page, render));
		});
	});

	describe("survives", () => {
		const bytes = Buffer.alloc(1_000_000, "\u00ff\0GET\r\n:").subarray(0, 1_000_000);
		for (const [name, parts, status] of [
			["1 MB of garbage", [bytes], 400],
			["1 MB of nothing", [Buffer.alloc(1_000_000)], 400],
			["1 MB of letters", ["A".repeat(1_000_000)], 400],
			["1 MB of line ends, and then nothing that makes sense", ["\r\n".repeat(500_000), "x\r\n\r\n"], 400],
			["a target of 1 MB", [`GET /callback?code=${"a".repeat(1_000_000)} HTTP/1.1\r\n\r\n`], 431],
			["a header of 1 MB", [`GET /callback?code=a HTTP/1.1\r\nX: ${"a".repeat(1_000_000)}\r\n\r\n`], 431],
			["a header of 17 kB", [`GET /callback?code=a HTTP/1.1\r\nCookie: ${"a".repeat(17_000)}\r\n\r\n`], 431],
			["many headers", [`GET /callback?code=a HTTP/1.1\r\n${"X: y\r\n".repeat(200_000)}\r\n`], 431],
			["no host", ["GET /callback?code=a HTTP/1.1\r\n\r\n"], 400],
			["a TLS greeting", [Buffer.from("16030100c8010000c40303", "hex"), Buffer.alloc(200)], 400],
		] as const) {
			it(`${name}, and still works`, async () => {
				const { port, queries } = await listening();
				const answer = await sendRaw(port, ...parts);
				// A reset may outrun the answer.
				if (answer !== "") assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
				assert.deepEqual(queries, []);
				assert.equal((await ask(port, "/callback?code=a")).status, 200);
				assert.deepEqual(queries, ["code=a"]);
			});
		}

		it("a connection that is dropped in the middle of an answer", async () => {
			let finish = (_: Page) => {};
			const { port, queries } = await listening(undefined, () => new Promise((resolve) => (finish = resolve)));
			const socket = net.connect(port, "127.0.0.1");
			socket.write(`GET /callback?code=a HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
			while (queries.length === 0) await new Promise(setImmediate);
			socket.destroy();
			finish(page);
			assert.equal((await ask(port, "/callback?code=a")).text, render(page));
			assert.equal(queries.length, 1);
		});

		it("a callback that fails: the connection is closed, the next one is taken", async () => {
			let failing = true;
			const { port } = await listening(undefined, async () => {
				if (failing) throw new Error("failed");
				return page;
			});
			await assert.rejects(ask(port, "/callback?code=a"), { code: "ECONNRESET" });
			failing = false;
			assert.equal((await ask(port, "/callback?code=b")).status, 200);
		});
	});

	for (const [name, begin] of [
		["sends nothing", ""],
		["stops in the middle of its headers", "GET /callback?code=a HTTP/1.1\r\nHost: "],
	] as const) {
		it(`closes a connection that ${name}`, async () => {
			const { port, queries } = await listening(undefined, undefined, 200);
			const answer = await sendRaw(port, begin);
			assert.match(answer, /^HTTP\/1\.1 408 /);
			assert.deepEqual(queries, []);
		});
	}

	describe("when it is closed", () => {
		it("is gone at once, and can be closed again", async () => {
			const { port, listener } = await listening();
			listener.close();
			assert.ok(await isRefused(port, "127.0.0.1"));
			listener.close();
		});

		it("finishes the answer that is under way", async () => {
			let finish = (_: Page) => {};
			const { port, queries, listener } = await listening(
				undefined,
				() => new Promise((resolve) => (finish = resolve)),
			);
			const asked = ask(port, "/callback?code=a");
			while (queries.length === 0) await new Promise(setImmediate);
			listener.close();
			finish(page);
			assert.equal((await asked).text, render(page));
		});

		it("takes no request that was begun before", async () => {
			const { port, queries, listener } = await listening();
			const socket = net.connect(port, "127.0.0.1");
			socket.on("error", () => {});
			const closed = once(socket, "close");
			await once(socket, "connect");
			socket.write("GET /callback?code=a HTTP/1.1\r\nHost: ");
			// The listener has it once a later one has been answered.
			await ask(port, "/");
			listener.close();
			socket.write(`127.0.0.1:${port}\r\n\r\n`);
			await closed;
			assert.deepEqual(queries, []);
		});
	});
});
