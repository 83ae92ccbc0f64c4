import type { App } from "./apps.ts";
import { type Incoming, parameterOf, type Reply } from "./http.ts";
import { oauthErrors } from "./oauthErrors.ts";
import { appOf, type World } from "./world.ts";

export interface Basic {
	readonly id: string;
	readonly secret: string;
}

/**
 * The pair of an `Authorization: Basic` header, joined raw in standard base64 with padding (fact sheet, section 5.1).
 * `malformed`: the word `Basic` without such a pair. Without the word it is as if there were no header.
 */
export function basicOf(incoming: Incoming): Basic | "malformed" | undefined {
	const [, encoded] = /^Basic +(.*)$/i.exec(incoming.headers.authorization ?? "") ?? [];
	if (encoded === undefined) {
		return undefined;
	}
	if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) {
		return "malformed";
	}
	const pair = Buffer.from(encoded, "base64").toString("utf8");
	const colon = pair.indexOf(":");
	return colon > 0 ? { id: pair.slice(0, colon), secret: pair.slice(colon + 1) } : "malformed";
}

/**
 * Client id present (E5), known (E6), confidential app: valid Basic (E1), in this order (fact sheet, section 13.1).
 * The app comes along with E1, because a failed exchange may consume its code.
 */
export function checkClient(world: World, incoming: Incoming): { app?: App; failure?: Reply } {
	const basic = basicOf(incoming);
	const clientId = parameterOf(incoming.form, "client_id") ?? (basic === "malformed" ? undefined : basic?.id);
	if (clientId === undefined) {
		return { failure: basic === "malformed" ? oauthErrors.E1() : oauthErrors.E5("client_id") };
	}
	const app = appOf(world, clientId);
	if (!app) {
		return { failure: oauthErrors.E6() };
	}
	if (app.clientSecret === undefined) {
		const strict = basic !== undefined && world.switches.basicOnPublicApp;
		return strict === "E1" || strict === "E6" ? { app, failure: oauthErrors[strict]() } : { app };
	}
	const valid = typeof basic === "object" && basic.id === app.clientId && basic.secret === app.clientSecret;
	return valid ? { app } : { app, failure: oauthErrors.E1() };
}
