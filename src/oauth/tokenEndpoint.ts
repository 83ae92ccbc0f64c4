// Why not oauth4webapi: it refuses a whole token response over an odd side field (`expires_in` as text), after the
// refresh token was spent on it; it throws away X's error descriptions' meaning (X says `invalid_request` for all);
// and its Basic is form-encoded, which X refuses. What would be left of it is two URLSearchParams.
import * as v from "valibot";
import { errorFromAnswer, type Grant, jsonOf } from "./answers.ts";
import { TwitterTokensError } from "./errors.ts";
import { scopesOf, TokenResponse, type TokenSet, tokenSetFrom } from "./tokens.ts";
import type { HttpAnswer, Transport } from "./transport.ts";

/** An app as the token endpoint knows it: with a secret it is confidential, without it public. */
export interface Client {
	readonly clientId: string;
	readonly clientSecret?: string | undefined;
}

/** Exchanges a code. Once: a code that was refused must not be sent again (fact sheet, section 4). */
export async function exchangeCode(
	transport: Transport,
	tokenEndpoint: string,
	client: Client,
	grant: { readonly code: string; readonly redirectUri: string; readonly codeVerifier: string; readonly scope: string },
): Promise<TokenSet> {
	const parameters = {
		grant_type: "authorization_code",
		code: grant.code,
		redirect_uri: grant.redirectUri,
		code_verifier: grant.codeVerifier,
	};
	const answer = await post(transport, tokenEndpoint, client, parameters);
	// An answer without `scope` means "as requested" (RFC 6749, section 5.1).
	return tokensFrom(answer, "code", secretsOf(client, parameters), { scopes: scopesOf(grant.scope) });
}

/**
 * Spends a refresh token for a new pair (fact sheet, section 7). Only to be called by who holds the account's lock.
 *
 * @throws {TwitterTokensError} `GrantLost` if, and only if, X says that the token was invalid
 */
export async function refreshGrant(
	transport: Transport,
	tokenEndpoint: string,
	client: Client,
	refreshToken: string,
	before: Pick<TokenSet, "scopes">,
): Promise<TokenSet> {
	const parameters = { grant_type: "refresh_token", refresh_token: refreshToken };
	const answer = await post(transport, tokenEndpoint, client, parameters);
	return tokensFrom(answer, "refresh", secretsOf(client, parameters), { refreshToken, scopes: before.scopes });
}

/** Revokes one token (fact sheet, section 8). A token that X does not know any more is as good as revoked. */
export async function revokeToken(
	transport: Transport,
	revokeEndpoint: string,
	client: Client,
	token: string,
	kind: "access_token" | "refresh_token",
	signal?: AbortSignal,
): Promise<void> {
	const parameters = { token, token_type_hint: kind };
	const answer = await post(transport, revokeEndpoint, client, parameters, signal);
	if (answer.status === 200) {
		return;
	}
	const error = errorFromAnswer(answer, "revocation", secretsOf(client, parameters));
	if (error.code !== "GrantLost") {
		throw error;
	}
}

export function post(
	transport: Transport,
	url: string,
	{ clientId, clientSecret }: Client,
	parameters: Readonly<Record<string, string>>,
	signal?: AbortSignal,
): Promise<HttpAnswer> {
	return transport({
		method: "POST",
		url,
		headers: {
			"content-type": "application/x-www-form-urlencoded",
			accept: "application/json",
			// Raw, not form-encoded as RFC 6749 section 2.3.1 would have it: X answers 401 to that (fact sheet, section 5.1).
			...(clientSecret
				? { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` }
				: {}),
		},
		body: new URLSearchParams(clientSecret ? parameters : { ...parameters, client_id: clientId }).toString(),
		...(signal ? { signal } : {}),
	});
}

export function tokensFrom(
	answer: HttpAnswer,
	grant: Grant,
	secrets: readonly string[],
	before?: Parameters<typeof tokenSetFrom>[2],
): TokenSet {
	const response = v.safeParse(TokenResponse, jsonOf(answer));
	if (answer.status === 200 && response.success) {
		return tokenSetFrom(response.output, answer.sentAt, before);
	}
	throw errorFromAnswer(answer, grant, secrets);
}

export /** All that was sent, but for the words of the protocol, which stand in X's explanations. */
function secretsOf(client: Client, parameters: Readonly<Record<string, string>>): string[] {
	const { grant_type, token_type_hint, ...values } = parameters;
	return [client.clientSecret ?? "", ...Object.values(values)];
}

/**
 * Asks X about the app's credentials without a browser and without using anything up, by offering a nonsense
 * refresh token (fact sheet, section 5.4). Resolves where X knows the app and accepts its credentials.
 *
 * @throws {TwitterTokensError} `ClientUnknown`, `ClientAuthenticationFailed`, or what kept X from answering
 */
export async function probeCredentials(transport: Transport, tokenEndpoint: string, client: Client): Promise<void> {
	try {
		await refreshGrant(transport, tokenEndpoint, client, "credentials-check", { scopes: [] });
	} catch (error) {
		if (error instanceof TwitterTokensError && error.code === "GrantLost") {
			return;
		}
		throw error;
	}
}
