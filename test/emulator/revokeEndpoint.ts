import { checkClient } from "./clientCheck.ts";
import { type Incoming, isForm, json, parameterOf, type Reply } from "./http.ts";
import { oauthErrors, wrongRequest } from "./oauthErrors.ts";
import type { World } from "./world.ts";

/** `POST /2/oauth2/revoke` (fact sheet, sections 8 and 13.1). `token_type_hint` is tolerated and ignored. */
export function revokeEndpoint(world: World, incoming: Incoming): Reply {
	if (incoming.method !== "POST" || !isForm(incoming)) {
		return wrongRequest(world.switches, "token");
	}
	const { app, failure } = checkClient(world, incoming);
	if (!app || failure) {
		return failure ?? oauthErrors.E6();
	}
	const value = parameterOf(incoming.form, "token");
	if (value === undefined) {
		return oauthErrors.E5("token");
	}
	const token = world.grants.token(value);
	if (!token || token.grant.clientId !== app.clientId || !world.grants.isLive(token)) {
		return world.switches.revokeOfUnknownToken === "E7"
			? oauthErrors.E7(world.switches)
			: json(200, { revoked: true }, "revoked nothing");
	}
	world.grants.revoke(token);
	world.counters.successfulRevocations++;
	return json(200, { revoked: true }, "revoked");
}
