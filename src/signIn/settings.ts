import * as vscode from "vscode";
import { type Endpoints, endpointsFrom } from "../oauth/endpoints.ts";
import type { NetworkRules } from "../oauth/transport.ts";

// Read at each use, never kept: a changed setting counts at once.

function ours(): vscode.WorkspaceConfiguration {
	return vscode.workspace.getConfiguration("twitterTokens");
}

/** `twitterTokens.auth` as it stands; VS Code leaves the workspace's value out while the workspace is not trusted. */
export function authSetting(): unknown {
	return ours().get("auth");
}

/** @throws {TwitterTokensError} `InvalidAuthSettings` */
export function endpoints(): Endpoints {
	return endpointsFrom(ours().get("endpoints"));
}

export function statusBarVisibility(): "always" | "whenSignedIn" | "never" {
	const value = ours().get<string>("statusBar");
	return value === "always" || value === "never" ? value : "whenSignedIn";
}

export function renewalRules(): { readonly automatic: boolean; readonly leadTimeMs: number } {
	return { automatic: ours().get("refresh.automatic", true), leadTimeMs: number("refresh.leadTime", 10) * 60_000 };
}

/** The user's consent that agents may use the default account through X's MCP server. */
export function mcpEnabled(): boolean {
	return ours().get<unknown>("mcp.enabled") === true;
}

/** Seconds; 0 means never. */
export function clipboardClearAfter(): number {
	return number("clipboard.clearAfter", 60);
}

function number(name: string, otherwise: number): number {
	const value = ours().get<unknown>(name);
	return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : otherwise;
}

const networkVariables = [
	...["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
	"SSL_CERT_FILE",
	"NODE_EXTRA_CA_CERTS",
];

/** The editor's own network settings, which undici does not know (host facts, section 6). */
export function networkRules(): NetworkRules {
	const http = vscode.workspace.getConfiguration("http");
	const support = http.get<string>("proxySupport");
	const proxy = http.get<string>("proxy");
	const proxyAuthorization = http.get<string | null>("proxyAuthorization");
	const noProxy = http.get<readonly string[]>("noProxy");
	return {
		proxyStrictSSL: http.get("proxyStrictSSL", true),
		proxySupport: support === "off" || support === "on" || support === "fallback" ? support : "override",
		systemCertificates: http.get("systemCertificates", true),
		environment: Object.fromEntries(networkVariables.map((name) => [name, process.env[name]])),
		...(proxy ? { proxy } : {}),
		...(proxyAuthorization ? { proxyAuthorization } : {}),
		...(noProxy?.length ? { noProxy } : {}),
	};
}
