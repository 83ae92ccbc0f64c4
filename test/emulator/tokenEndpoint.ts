import { createHash } from "node:crypto";
import type { App } from "./apps.ts";
import { checkClient } from "./clientCheck.ts";
import type { Code, Grant } from "./grants.ts";
import { type Incoming, isForm, json, parameterOf, type Reply } from "./http.ts";
import { oauthErrors, wrongRequest } from "./oauthErrors.ts";
import { inServerOrder, knownScopes, scopesOf } from "./scopes.ts";
import type { World } from "./world.ts";

export const tokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
export const oauth1TokenType = "urn:x:params:oauth:token-type:oauth1_token";

type GrantHandler = (world: World, app: App, form: URLSearchParams) => Reply;

/** What each grant type needs, in the order in which a missing one is named (E5). */
const grantTypes: Record<string, { readonly needs: readonly string[]; readonly handle: GrantHandler }> = {
	authorization_code: { needs: ["code", "redirect_uri", "code_verifier"], handle: exchangeCode },
	refresh_token: { needs: ["refresh_token"], handle: refresh },
	[tokenExchangeGrant]: {
		needs: ["subject_token", "subject_token_type", "oauth_token_secret"],
		handle: exchangeOAuth1Token,
	},
};

/** `POST /2/oauth2/token`, checks in the order of the fact sheet, section 13.1. */
export function tokenEndpoint(world: World, incoming: Incoming): Reply {
	const { form } = incoming;
	if (incoming.method !== "POST" || !isForm(incoming)) {
		return wrongRequest(world.switches, "grant_type");
	}
	const name = parameterOf(form, "grant_type");
	if (name === undefined) {
		return oauthErrors.E5("grant_type");
	}
	const grantType = Object.hasOwn(grantTypes, name) ? grantTypes[name] : undefined;
	if (!grantType) {
		return oauthErrors.E8();
	}
	const { app, failure } = checkClient(world, incoming);
	if (!app) {
		return failure ?? oauthErrors.E6();
	}
	const missing = grantType.needs.find((parameter) => parameterOf(form, parameter) === undefined);
	const early = failure ?? (missing === undefined ? undefined : oauthErrors.E5(missing));
	if (early) {
		const code = world.grants.usableCode(form.get("code") ?? "", app.clientId);
		if (name === "authorization_code" && code) {
			failedExchange(world, code);
		}
		return early;
	}
	return grantType.handle(world, app, form);
}

function exchangeCode(world: World, app: App, form: URLSearchParams): Reply {
	const code = world.grants.usableCode(form.get("code") ?? "", app.clientId);
	if (!code) {
		return oauthErrors.E2(world.switches);
	}
	const wrong =
		form.get("redirect_uri") !== code.redirectUri
			? oauthErrors.E4()
			: challengeOf(form.get("code_verifier") ?? "", code.method) !== code.challenge
				? oauthErrors.E3()
				: undefined;
	if (wrong) {
		failedExchange(world, code);
		return wrong;
	}
	code.used = true;
	world.counters.successfulExchanges++;
	return tokenAnswer(world, world.grants.open(app.clientId, code.userId, code.scopes), "exchanged");
}

function failedExchange(world: World, code: Code): void {
	if (world.switches.failedExchangeConsumesCode) {
		code.used = true;
	}
}

/** Fact sheet, section 2.2. */
function challengeOf(verifier: string, method: Code["method"]): string {
	return method === "plain" ? verifier : createHash("sha256").update(verifier).digest("base64url");
}

/** Fact sheet, section 7: single use, a new pair each time. */
function refresh(world: World, app: App, form: URLSearchParams): Reply {
	const { grants, counters, switches } = world;
	const token = grants.token(form.get("refresh_token") ?? "");
	if (token?.state === "consumed") {
		counters.consumedRefreshTokensSentAgain++;
		if (switches.refreshTokenReuse === "killsGrant" && token.grant.clientId === app.clientId) {
			grants.killGrant(token.grant);
		}
	}
	if (token?.kind !== "refresh" || token.grant.clientId !== app.clientId || !grants.isLive(token)) {
		return oauthErrors.E7(switches);
	}
	counters.successfulRefreshes++;
	return tokenAnswer(world, grants.rotate(token), "refreshed");
}

/**
 * An OAuth 1.0a token for a pair (fact sheet, section 9.3). Unknown there, and so invented: the scopes of a request
 * without `scope`.
 */
function exchangeOAuth1Token(world: World, app: App, form: URLSearchParams): Reply {
	if (form.get("subject_token_type") !== oauth1TokenType) {
		return oauthErrors.E9("invalid_request", "Value passed for the subject token type was invalid.");
	}
	const user = world.users.find(({ oauth1 }) => oauth1?.token === form.get("subject_token"));
	if (!user || user.oauth1?.tokenSecret !== form.get("oauth_token_secret")) {
		return oauthErrors.E9("invalid_grant", "Value passed for the subject token was invalid.");
	}
	const scopes = scopesOf(form.get("scope") ?? "tweet.read users.read");
	if (scopes.some((scope) => !knownScopes.has(scope))) {
		return oauthErrors.E9("invalid_scope", "Value passed for the scope was invalid.");
	}
	world.counters.successfulTokenExchanges++;
	const grant = world.grants.open(app.clientId, user.id, [...new Set([...scopes, "offline.access"])]);
	return tokenAnswer(world, grant, "oauth1 exchanged");
}

/** Fact sheet, section 6: without `offline.access` the key `refresh_token` is absent. */
function tokenAnswer(world: World, grant: Grant, outcome: string): Reply {
	const body = {
		token_type: "bearer",
		expires_in: world.switches.expiresIn,
		access_token: grant.access?.value,
		scope: inServerOrder(grant.scopes).join(" "),
		refresh_token: grant.refresh?.value,
	};
	return json(200, body, outcome, { "cache-control": "no-cache, no-store, must-revalidate" });
}
