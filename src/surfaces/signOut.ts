import type { Endpoints } from "../oauth/endpoints.ts";
import { messageOf } from "../oauth/errors.ts";
import { revokeToken } from "../oauth/tokenEndpoint.ts";
import type { Transport } from "../oauth/transport.ts";
import { labelOf } from "../vault/records.ts";
import type { Vault } from "../vault/vault.ts";

/** Milliseconds that X gets to revoke both tokens; the account is forgotten whatever it answers. */
const revocationLimit = 10_000;

export interface SignOutParts {
	readonly vault: Vault;
	readonly transport: Transport;
	readonly endpoints: () => Endpoints;
	readonly log: { info(message: string): void; warn(message: string): void };
}

/** Whether X revoked the tokens; "notAsked": they were only forgotten here. */
export type Revoked = boolean | "notAsked";

/**
 * Forgets an account, and if wanted has its tokens revoked: the refresh token first, then the access token, whose
 * failure is left alone (fact sheet, section 8).
 */
export async function signOut(parts: SignOutParts, accountId: string, revoke: boolean): Promise<Revoked> {
	const { vault, transport, endpoints, log } = parts;
	// Asked for before the account goes: bad endpoints must not cost it.
	const { token: tokenEndpoint, revoke: revokeEndpoint } = endpoints();
	// Waits for a renewal under way, so these are the newest tokens.
	const account = await vault.remove(accountId);
	log.info(`${account ? labelOf(account) : accountId}: forgotten`);
	if (!account || !revoke) {
		return "notAsked";
	}
	if (account.tokenEndpoint !== tokenEndpoint) {
		log.warn(`${accountId}: not revoked, its tokens come from another token endpoint`);
		return false;
	}
	const client = (await vault.app(account.clientId)) ?? { clientId: account.clientId };
	const limit = AbortSignal.timeout(revocationLimit);
	const attempt = async (token: string, kind: "refresh_token" | "access_token") => {
		try {
			await revokeToken(transport, revokeEndpoint, client, token, kind, limit);
			return true;
		} catch (error) {
			log.warn(`${accountId}: ${kind} not revoked: ${messageOf(error)}`);
			return false;
		}
	};
	const { refreshToken, accessToken } = account.tokens;
	const refreshRevoked = refreshToken === undefined || (await attempt(refreshToken, "refresh_token"));
	const accessRevoked = await attempt(accessToken, "access_token");
	return refreshToken === undefined ? accessRevoked : refreshRevoked;
}
