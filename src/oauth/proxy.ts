import { isIPv4 } from "node:net";
import { ConnectFailure } from "./networkErrors.ts";
import type { NetworkRules } from "./transport.ts";

/** Where a connection is to go, as undici tells its connector. */
export interface Target {
	/** "https:" or "http:" */
	readonly protocol: string;
	/** IPv6 addresses without brackets. */
	readonly hostname: string;
	/** Empty for the scheme's usual port. */
	readonly port: string;
}

export interface ProxyRoute {
	/** Without credentials. */
	readonly url: URL;
	/** Host and port, for messages. */
	readonly name: string;
	/** The value of `Proxy-Authorization`. */
	readonly authorization: string | undefined;
}

/**
 * The proxy for a target, undefined for a direct connection. VS Code's order: loopback hosts never go through a
 * proxy, then the settings, then the environment.
 */
export function proxyFor(target: Target, rules: NetworkRules): ProxyRoute | undefined {
	if (rules.proxySupport === "off" || isLoopback(target.hostname)) return undefined;
	const address = rules.proxy?.trim() || environmentProxy(target.protocol, rules.environment);
	if (!address) return undefined;
	const exceptions = rules.noProxy?.some((entry) => entry.trim())
		? rules.noProxy
		: (variable(rules.environment, "NO_PROXY") ?? "").split(/[,\s]+/);
	if (exceptions.some((entry) => matches(target, entry.trim()))) return undefined;
	return toRoute(address, rules.proxyAuthorization);
}

/** The port that is really meant. */
export function portOf(target: Target): string {
	return target.port || (target.protocol === "https:" ? "443" : "80");
}

function isLoopback(hostname: string): boolean {
	return hostname === "localhost" || hostname === "::1" || (isIPv4(hostname) && hostname.startsWith("127."));
}

function environmentProxy(protocol: string, environment: NetworkRules["environment"]): string | undefined {
	const forHttp = variable(environment, "HTTP_PROXY");
	return protocol === "https:" ? (variable(environment, "HTTPS_PROXY") ?? forHttp) : forHttp;
}

/** An environment variable in either letter case; an empty one counts as not set. */
function variable(environment: NetworkRules["environment"], name: string): string | undefined {
	return environment[name]?.trim() || environment[name.toLowerCase()]?.trim() || undefined;
}

/** `*`, `host`, `.host` and `*.host` (each with its subdomains), any of them with `:port`. */
function matches(target: Target, entry: string): boolean {
	if (entry === "*") return true;
	// Several colons without brackets are an IPv6 address, not a port.
	const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+|.+:.*:.+|::.*))(?::(\d+))?$/.exec(entry) ?? [];
	const host = (bracketed ?? plain ?? "").toLowerCase().replace(/^\*?\./, "");
	if (!host || (port && port !== portOf(target))) return false;
	return target.hostname === host || target.hostname.endsWith(`.${host}`);
}

function toRoute(address: string, authorization: string | undefined): ProxyRoute {
	const url = URL.parse(address.includes("://") ? address : `http://${address}`);
	if (!url?.hostname) throw new ConnectFailure("proxySettings", "The proxy's address is not a valid URL.");
	if (url.protocol !== "http:" && url.protocol !== "https:") {
		throw new ConnectFailure("proxySettings", `Proxies of the kind ${url.protocol}// are not supported here.`);
	}
	const credentials = url.username || url.password ? basic(url) : undefined;
	return { url: new URL(url.origin), name: url.host, authorization: authorization?.trim() || credentials };
}

function basic(url: URL): string {
	const pair = [url.username, url.password].map(decode).join(":");
	return `Basic ${Buffer.from(pair).toString("base64")}`;
}

/** A password with a bare "%" is common; it is meant literally. */
function decode(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
