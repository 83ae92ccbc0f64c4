import * as v from "valibot";
import { TwitterTokensError } from "./errors.ts";

/** Where X is asked; the setting `twitterTokens.endpoints`. */
export interface Endpoints {
	readonly authorize: string;
	readonly token: string;
	readonly revoke: string;
	readonly api: string;
}

/** X's own addresses (fact sheet, section 1). The legacy twitter.com names ask people to log in again and again. */
export const xEndpoints: Endpoints = {
	authorize: "https://x.com/i/oauth2/authorize",
	token: "https://api.x.com/2/oauth2/token",
	revoke: "https://api.x.com/2/oauth2/revoke",
	api: "https://api.x.com",
};

const names = ["authorize", "token", "revoke", "api"] as const;

const Address = v.optional(v.string());
const PartialEndpoints = v.object({ authorize: Address, token: Address, revoke: Address, api: Address });

/**
 * The setting's value laid over X's own addresses.
 *
 * @throws {TwitterTokensError} `InvalidAuthSettings` for an address that would carry credentials in clear
 */
export function endpointsFrom(setting: unknown): Endpoints {
	if (setting !== undefined && (typeof setting !== "object" || Array.isArray(setting))) {
		throw invalid("", "is not an object");
	}
	const parsed = v.safeParse(PartialEndpoints, setting ?? {});
	if (!parsed.success) {
		throw invalid(v.getDotPath(parsed.issues[0]) ?? "", "is not text");
	}
	const endpoints: Record<(typeof names)[number], string> = { ...xEndpoints };
	for (const name of names) {
		const address = parsed.output[name]?.trim();
		if (address) {
			assertConfidential(name, address);
			endpoints[name] = address.replace(/\/+$/, "");
		}
	}
	return endpoints;
}

function assertConfidential(name: string, address: string): void {
	const url = URL.canParse(address) ? new URL(address) : undefined;
	if (!url) {
		throw invalid(name, "is not an address");
	}
	if (url.username || url.password) {
		throw invalid(name, "must not contain a user name or password");
	}
	if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackHost(url.hostname))) {
		throw invalid(name, "must begin with https:// (http:// is accepted for a loopback host only)");
	}
}

/** `localhost`, 127.0.0.0/8 and ::1, as `URL.hostname` spells them. */
export function isLoopbackHost(hostname: string): boolean {
	return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function invalid(name: string, problem: string): TwitterTokensError {
	return new TwitterTokensError(
		"InvalidAuthSettings",
		`The setting twitterTokens.endpoints${name && `: "${name}"`} ${problem}. Correct it in your user settings, or remove it to use X's own addresses. Nothing was sent.`,
	);
}
