import { TwitterTokensError } from "./errors.ts";
import type { TokenSet } from "./tokens.ts";

/** What an auth JSON says of an app. */
export interface ExportedApp {
	readonly clientId: string;
	readonly clientSecret?: string | undefined;
	readonly redirectUri: string;
	readonly scope: string;
}

/** X's token response, keys untouched; ends with a line end. */
export function tokenResponseText(tokens: TokenSet): string {
	return `${JSON.stringify(tokens.response, undefined, 2)}\n`;
}

/** Lines of a `.env` file. */
export function envLines(tokens: TokenSet, withRefreshToken: boolean): string {
	const lines = [`X_ACCESS_TOKEN=${plain(tokens.accessToken)}`];
	if (withRefreshToken && tokens.refreshToken) {
		lines.push(`X_REFRESH_TOKEN=${plain(tokens.refreshToken)}`);
	}
	return `${lines.join("\n")}\n`;
}

/**
 * A command line that asks X who the token is; the same in POSIX shells, PowerShell and cmd.
 *
 * @param api base address without a slash at its end
 */
export function curlCommand(api: string, tokens: TokenSet): string {
	const url = `${new URL(api).href.replace(/\/$/, "")}/2/users/me`.replace(
		/["$`\\!]/g,
		(character) => `%${character.charCodeAt(0).toString(16)}`,
	);
	return `curl "${url}" -H "Authorization: Bearer ${plain(tokens.accessToken)}"\n`;
}

/** An auth JSON that this extension and OpenIntegrations read (fact sheet, section 10.3). */
export function authJsonText(app: ExportedApp, tokens: TokenSet): string {
	const auth = {
		client_id: app.clientId,
		...(app.clientSecret ? { client_secret: app.clientSecret } : {}),
		redirect_uri: app.redirectUri,
		scope: tokens.scopes.length > 0 ? tokens.scopes.join(" ") : app.scope,
		access_token: tokens.accessToken,
		...(tokens.refreshToken ? { refresh_token: tokens.refreshToken } : {}),
	};
	return `${JSON.stringify(auth, undefined, 2)}\n`;
}

/** A token goes into a shell or a `.env` file unquoted, so it must hold nothing that means something there. */
function plain(token: string): string {
	if (!/^[\w.~+/=-]+$/.test(token)) {
		throw new TwitterTokensError(
			"UnexpectedResponse",
			"This token holds characters that do not belong into a command line or a .env file. Export it as JSON.",
		);
	}
	return token;
}
