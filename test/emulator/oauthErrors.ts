import { html, json, type Reply } from "./http.ts";
import type { Switches } from "./switches.ts";

/** The exact bodies of the fact sheet, section 5.3. */
export const oauthErrors = {
	E1: (): Reply =>
		json(401, { error: "unauthorized_client", error_description: "Missing valid authorization header" }, "E1"),
	E2: (switches: Switches): Reply =>
		failure("E2", switches.deadGrantError, "Value passed for the authorization code was invalid."),
	E3: (): Reply =>
		failure("E3", "invalid_request", "Value passed for the code verifier did not match the code challenge."),
	E4: (): Reply =>
		failure(
			"E4",
			"invalid_request",
			"Value passed for the redirect uri did not match the uri of the authorization code.",
		),
	E5: (name: string): Reply => failure("E5", "invalid_request", `Missing required parameter [${name}].`),
	E6: (): Reply => failure("E6", "invalid_client", "Value passed for the client id was invalid."),
	E7: (switches: Switches): Reply => failure("E7", switches.deadGrantError, "Value passed for the token was invalid."),
	E8: (): Reply =>
		failure(
			"E8",
			"invalid_request",
			"Value passed for the grant type was invalid. Grant type should be one of [authorization_code, refresh_token].",
		),
	/** Documented error names of the token exchange; the descriptions are invented (fact sheet, section 5.3, E9). */
	E9: (error: "invalid_grant" | "invalid_scope" | "invalid_request", description: string): Reply =>
		failure("E9", error, description),
};

function failure(outcome: string, error: string, error_description: string): Reply {
	return json(400, { error, error_description }, outcome);
}

/** For a GET, a JSON body and the like: nobody knows what X answers (fact sheet, section 13.2). */
export function wrongRequest(switches: Switches, parameter: string): Reply {
	switch (switches.wrongRequest) {
		case "E5":
			return oauthErrors.E5(parameter);
		case "415":
			return json(415, { title: "Unsupported Media Type", type: "about:blank", status: 415 }, "415");
		case "html":
			return html(400, "<html><head><title>400 Bad Request</title></head><body>Bad Request</body></html>", "html 400");
	}
}
