import type { FoundOAuth1 } from "./importable.ts";
import { type Client, post, secretsOf, tokensFrom } from "./tokenEndpoint.ts";
import { scopesOf, type TokenSet } from "./tokens.ts";
import type { Transport } from "./transport.ts";

/**
 * Exchanges an OAuth 1.0a token for a pair, without a browser (fact sheet, section 9.3). The 1.0a token stays valid; the
 * pair of an earlier exchange dies, so never two at once.
 *
 * @param scope blank-separated names
 */
export async function exchangeOAuth1(
	transport: Transport,
	tokenEndpoint: string,
	client: Client,
	{ token, tokenSecret }: FoundOAuth1,
	scope: string,
): Promise<TokenSet> {
	const parameters = {
		grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
		subject_token: token,
		subject_token_type: "urn:x:params:oauth:token-type:oauth1_token",
		oauth_token_secret: tokenSecret,
		scope,
	};
	const answer = await post(transport, tokenEndpoint, client, parameters);
	return tokensFrom(answer, "exchange", secretsOf(client, parameters), { scopes: scopesOf(scope) });
}
