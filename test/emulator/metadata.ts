import { json, type Reply } from "./http.ts";

/** `scopes_supported` as captured (fact sheet, sections 1.1 and 2.3, column W). */
const scopes = (
	"tweet.read users.read follows.read follows.write offline.access space.read mute.read like.read list.read list.write " +
	"block.read block.write bookmark.read bookmark.write dm.read dm.write ads.read ads.write developer.write " +
	"developer.billing.write"
).split(" ");

/** `/.well-known/oauth-authorization-server` with our own addresses (fact sheet, section 1.1). */
export function metadataEndpoint(origin: string): Reply {
	const body = {
		issuer: origin,
		authorization_endpoint: `${origin}/i/oauth2/authorize`,
		token_endpoint: `${origin}/2/oauth2/token`,
		response_types_supported: ["code"],
		grant_types_supported: ["authorization_code", "refresh_token"],
		code_challenge_methods_supported: ["S256"],
		token_endpoint_auth_methods_supported: ["none", "client_secret_basic"],
		scopes_supported: scopes,
	};
	return json(200, body, "metadata");
}
