import type { User } from "./apps.ts";
import { apiRateLimited, rateLimitHeaders } from "./faults.ts";
import type { Grant } from "./grants.ts";
import { type Incoming, json, problemType, type Reply } from "./http.ts";
import { appOf, userOf, type World } from "./world.ts";

/** Fact sheet, section 1.2. */
const limit = 75;
const windowMs = 15 * 60_000;

const unauthorized = { title: "Unauthorized", type: "about:blank", status: 401, detail: "Unauthorized" };
const forbidden = { title: "Forbidden", type: "about:blank", status: 403, detail: "Forbidden" };
const unsupportedAuthentication = {
	title: "Unsupported Authentication",
	detail:
		"Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  Supported authentication " +
		"types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
	type: "https://api.twitter.com/2/problems/unsupported-authentication",
	status: 403,
};

/** `GET /2/users/me` (fact sheet, sections 1.2, 9.5 and 13.1). */
export function usersEndpoint(world: World, incoming: Incoming): Reply {
	const [, bearer = ""] = /^Bearer +(\S+)$/i.exec(incoming.headers.authorization ?? "") ?? [];
	if ([...world.appOnlyTokens.values()].includes(bearer)) {
		return json(403, unsupportedAuthentication, "403 app-only", {}, problemType);
	}
	const token = world.grants.token(bearer);
	const user = userOf(world, token?.grant.userId);
	if (token?.kind !== "access" || !user || !world.grants.isLive(token) || !appOf(world, token.grant.clientId)) {
		return json(401, unauthorized, "401", {}, problemType);
	}
	const { allowed, headers } = countCall(world, user);
	if (!allowed) {
		return apiRateLimited(headers);
	}
	if (!token.grant.scopes.includes("tweet.read") || !token.grant.scopes.includes("users.read")) {
		return json(403, forbidden, "403", headers, problemType);
	}
	return json(200, { data: profile(user, token.grant, incoming.query) }, "200", headers);
}

function countCall(world: World, user: User): { allowed: boolean; headers: Record<string, string> } {
	const now = world.now();
	const calls = (world.calls.get(user.id) ?? []).filter((at) => at > now - windowMs);
	const allowed = calls.length < limit;
	if (allowed) {
		calls.push(now);
	}
	world.calls.set(user.id, calls);
	const reset = Math.ceil(((calls[0] ?? now) + windowMs) / 1000);
	return { allowed, headers: rateLimitHeaders(limit, limit - calls.length, reset) };
}

function profile(user: User, grant: Grant, query: URLSearchParams): Record<string, unknown> {
	const data: Record<string, unknown> = { id: user.id, name: user.name, username: user.username };
	for (const field of (query.get("user.fields") ?? "").split(",").filter(Boolean)) {
		const allowed = field !== "confirmed_email" || grant.scopes.includes("users.email");
		if (allowed && user.fields && Object.hasOwn(user.fields, field)) {
			data[field] = user.fields[field];
		}
	}
	return data;
}
