import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import tls from "node:tls";
import { buildConnector, Client } from "undici";
import { ConnectFailure, toConnectFailure } from "./networkErrors.ts";
import { type ProxyRoute, portOf, proxyFor } from "./proxy.ts";
import type { NetworkRules } from "./transport.ts";

type Socket = Parameters<buildConnector.Callback>[1];

/**
 * How undici gets its connections: directly or through the proxy that the rules name. Own code instead of undici's
 * ProxyAgent, which hides the proxy's status, knows no time limit for the tunnel and tries again without end when the
 * proxy hangs up. A failure is always a `ConnectFailure`.
 */
export function createConnector(rules: NetworkRules, connectMs: number): buildConnector.connector {
	const open = createOpener(rules, connectMs);
	return (options, callback) => {
		connect(options).then(
			(socket) => (socket ? callback(null, socket) : undefined),
			(error: unknown) => callback(toConnectFailure(error, options.hostname), null),
		);
	};

	async function connect(options: buildConnector.Options): Promise<Socket> {
		const proxy = proxyFor(options, rules);
		if (!proxy) return open(options);
		const httpSocket = await tunnel(proxy, options, open, connectMs);
		return options.protocol === "https:" ? open({ ...options, httpSocket }) : httpSocket;
	}
}

type Opener = (options: buildConnector.Options) => Promise<Socket>;

function createOpener(rules: NetworkRules, connectMs: number): Opener {
	const plain = buildConnector({ timeout: connectMs });
	let secured: buildConnector.connector | undefined;
	return (options) =>
		new Promise((resolve, reject) => {
			if (options.protocol === "https:") {
				// Made once and only when needed: reading some hundred certificates takes tens of milliseconds.
				secured ??= buildConnector({
					timeout: connectMs,
					secureContext: tls.createSecureContext({ ca: trustedCertificates(rules) }),
					rejectUnauthorized: rules.proxyStrictSSL,
				});
			}
			const connector = options.protocol === "https:" && secured ? secured : plain;
			connector(options, (error, socket) => (error ? reject(error) : resolve(socket)));
		});
}

/** A connection to the target through the proxy. */
async function tunnel(proxy: ProxyRoute, target: buildConnector.Options, open: Opener, connectMs: number) {
	const party = `the proxy ${proxy.name}`;
	const client = new Client(proxy.url, {
		headersTimeout: 0,
		connect: (options, callback) => {
			// undici takes the server name from the Host header, which here names the target.
			const { servername: _, ...toProxy } = options;
			open(toProxy).then(
				(socket) => (socket ? callback(null, socket) : undefined),
				(error: unknown) => callback(toConnectFailure(error, party), null),
			);
		},
	});
	const timer = setTimeout(() => {
		void client.destroy(new ConnectFailure("unreachable", `${proxy.name} (a proxy) did not answer in time.`));
	}, connectMs);
	try {
		const { hostname } = target;
		const authority = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${portOf(target)}`;
		const { statusCode, socket } = await client.connect({
			path: authority,
			headers: {
				host: authority,
				...(proxy.authorization ? { "proxy-authorization": proxy.authorization } : {}),
			},
		});
		if (statusCode === 200) {
			// The tunnel no longer belongs to the client.
			void client.close();
			return socket as NonNullable<Socket>;
		}
		socket.on("error", () => {}).destroy();
		throw statusCode === 407
			? new ConnectFailure("proxyLogin", `The proxy ${proxy.name} demands a login (407).`)
			: new ConnectFailure(
					"proxyRefused",
					`The proxy ${proxy.name} refused a connection to ${hostname} (${statusCode}).`,
				);
	} catch (error) {
		void client.destroy();
		throw toConnectFailure(error, party);
	} finally {
		clearTimeout(timer);
	}
}

/** The certificates to trust, in PEM. With a list of its own, Node heeds none of its usual sources. */
function trustedCertificates(rules: NetworkRules): string[] {
	const files = [rules.environment.NODE_EXTRA_CA_CERTS, rules.environment.SSL_CERT_FILE];
	const all = [
		...tls.rootCertificates,
		...files.flatMap(readCertificates),
		...(rules.systemCertificates ? systemCertificates() : []),
	];
	// The system's list repeats most of Node's, and each one costs time in the extension host.
	return [...new Set(all.map((pem) => pem.replaceAll("\r", "").trim()))];
}

/** What cannot be read or parsed is left out, as Node does. */
function readCertificates(file: string | undefined): string[] {
	if (!file) return [];
	try {
		const text = readFileSync(file, "latin1");
		const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
		return blocks.filter(isCertificate);
	} catch {
		return [];
	}
}

function isCertificate(pem: string): boolean {
	try {
		return new X509Certificate(pem).raw.length > 0;
	} catch {
		return false;
	}
}

/** Node keeps the list after the first, slow, call. */
function systemCertificates(): string[] {
	try {
		// Absent in Node before 22.15.
		return typeof tls.getCACertificates === "function" ? tls.getCACertificates("system") : [];
	} catch {
		return [];
	}
}
