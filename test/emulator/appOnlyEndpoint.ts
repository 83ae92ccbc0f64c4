import { randomBytes } from "node:crypto";
import { basicOf } from "./clientCheck.ts";
import { type Incoming, isForm, json, type Reply } from "./http.ts";
import type { World } from "./world.ts";

/** `POST /oauth2/token`: another thing, easily confused (fact sheet, section 9.2). */
export function appOnlyEndpoint(world: World, incoming: Incoming): Reply {
	const basic = basicOf(incoming);
	const app =
		typeof basic === "object"
			? world.apps.find(({ apiKey, apiSecret }) => apiKey === basic.id && apiSecret === basic.secret)
			: undefined;
	const asked =
		incoming.method === "POST" && isForm(incoming) && incoming.form.get("grant_type") === "client_credentials";
	if (!app || !asked) {
		const error = { code: 99, label: "authenticity_token_error", message: "Unable to verify your credentials" };
		return json(403, { errors: [error] }, "403 app-only");
	}
	const token =
		world.appOnlyTokens.get(app.clientId) ?? `${"A".repeat(22)}${randomBytes(66).toString("base64url").slice(0, 88)}`;
	world.appOnlyTokens.set(app.clientId, token);
	return json(200, { token_type: "bearer", access_token: token }, "app-only");
}
