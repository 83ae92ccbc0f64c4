import { randomBytes } from "node:crypto";
import type { App } from "./apps.ts";
import type { CallbackFault } from "./faults.ts";
import type { Code } from "./grants.ts";
import { parameterOf } from "./http.ts";
import { knownScopes, scopesOf } from "./scopes.ts";
import { appOf, type World } from "./world.ts";

/** A request that X would show its consent page for. */
export interface AuthorizationRequest {
	readonly app: App;
	readonly redirectUri: string;
	readonly scopes: readonly string[];
	readonly state: string | undefined;
	readonly challenge: string;
	readonly method: Code["method"];
}

export type CheckedAuthorization =
	| { readonly kind: "consent"; readonly request: AuthorizationRequest }
	/** X's own error page: the app is never called back. */
	| { readonly kind: "errorPage"; readonly reason: string }
	| { readonly kind: "redirect"; readonly address: string };

/** The checks of the fact sheet, sections 2.4 and 13.1. */
export function checkAuthorization(world: World, query: URLSearchParams): CheckedAuthorization {
	const errorPage = (reason: string): CheckedAuthorization => ({ kind: "errorPage", reason });
	const app = appOf(world, parameterOf(query, "client_id"));
	if (!app) {
		return errorPage("client_id is not that of an app");
	}
	for (const name of ["redirect_uri", "response_type", "scope", "code_challenge"]) {
		if (parameterOf(query, name) === undefined) {
			return errorPage(`${name} is missing`);
		}
	}
	const redirectUri = query.get("redirect_uri") ?? "";
	if (!app.redirectUris.includes(redirectUri)) {
		return errorPage("redirect_uri is not registered character for character");
	}
	if (world.switches.editorRedirects === "refused" && !/^https?:/i.test(redirectUri)) {
		return errorPage("redirect_uri has a scheme that the switch editorRedirects refuses");
	}
	if (query.get("response_type") !== "code") {
		return errorPage("response_type is not code");
	}
	const method = methodOf(query.get("code_challenge_method"));
	if (!method) {
		return errorPage("code_challenge_method is neither S256 nor plain");
	}
	const state = parameterOf(query, "state");
	if (state === undefined && world.switches.missingState === "errorPage") {
		return errorPage("state is missing");
	}
	if (state !== undefined && state.length > 500) {
		return errorPage("state is longer than 500 characters");
	}
	const scopes = scopesOf(query.get("scope") ?? "");
	const unknown = scopes.find((scope) => !knownScopes.has(scope));
	if (scopes.length === 0) {
		return errorPage("scope is missing");
	}
	if (unknown !== undefined) {
		return world.switches.unknownScope === "errorPage"
			? errorPage(`scope has an unknown name: ${unknown}`)
			: { kind: "redirect", address: withParameters(redirectUri, { error: "invalid_scope", state }) };
	}
	const challenge = query.get("code_challenge") ?? "";
	return { kind: "consent", request: { app, redirectUri, scopes, state, challenge, method } };
}

/** Lower case is accepted, and `plain` stands in for a missing one (fact sheet, sections 2.1 and 13.1). */
function methodOf(text: string | null): Code["method"] | undefined {
	if (text === "S256" || text === "s256") {
		return "S256";
	}
	return text === null || text === "" || text === "plain" ? "plain" : undefined;
}

/** Where the browser goes after *Authorize* (fact sheet, section 2.4: state first, then code). */
export function approvedAddress(
	world: World,
	request: AuthorizationRequest,
	userId: string,
	fault: CallbackFault | undefined,
): string {
	const { app, redirectUri, scopes, challenge, method } = request;
	const code = world.grants.issueCode({ clientId: app.clientId, userId, redirectUri, scopes, challenge, method });
	const state = fault?.kind === "foreignState" ? randomBytes(32).toString("base64url") : request.state;
	const error = fault?.kind === "codeAndError" ? "access_denied" : undefined;
	return withParameters(redirectUri, { state, code, error });
}

/** Where the browser goes after *Cancel*; undefined: nowhere (fact sheet, sections 2.4 and 13.2). */
export function deniedAddress(
	world: World,
	request: AuthorizationRequest,
	fault: CallbackFault | undefined,
): string | undefined {
	const state = fault?.kind === "foreignState" ? randomBytes(32).toString("base64url") : request.state;
	switch (world.switches.cancel) {
		case "access_denied":
			return withParameters(request.redirectUri, { error: "access_denied", state });
		case "denied":
			return withParameters(request.redirectUri, { denied: randomBytes(20).toString("base64url"), state });
		case "noRedirect":
			return undefined;
	}
}

function withParameters(address: string, parameters: Record<string, string | undefined>): string {
	const text = Object.entries(parameters)
		.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]))
		.join("&");
	return `${address}${address.includes("?") ? "&" : "?"}${text}`;
}
