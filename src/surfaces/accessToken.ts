import * as vscode from "vscode";
import { TwitterTokensError } from "../oauth/errors.ts";
import type { Renewer } from "../vault/renewer.ts";
import type { Vault } from "../vault/vault.ts";
import type { Consent } from "./consent.ts";

export interface AccessTokenParts {
	readonly vault: Vault;
	readonly renewer: Renewer;
	readonly consent: Consent;
}

/**
 * The access token for `${command:twitterTokens.accessToken}` and for inputs of type `command`. Never asks which account: a launch
 * must not stop at a menu each time.
 *
 * @throws AccessDenied in a workspace that is not trusted, NoAccount, Cancelled when the user does not allow it
 */
export async function accessToken({ vault, renewer, consent }: AccessTokenParts, argument: unknown): Promise<string> {
	if (!vscode.workspace.isTrusted) {
		throw new TwitterTokensError(
			"AccessDenied",
			vscode.l10n.t("This workspace is not trusted, so it gets no access token. Trust the workspace first."),
		);
	}
	const account = await vault.account(accountArgument(argument));
	await consent.require(account);
	const { tokens } = await renewer.fresh(account.id);
	return tokens.accessToken;
}

/** `${command:…}` in launch.json passes the whole launch configuration: nothing else in it is ours to check. */
function accountArgument(argument: unknown): string | undefined {
	return typeof argument === "object" &&
		argument !== null &&
		"account" in argument &&
		typeof argument.account === "string"
		? argument.account
		: undefined;
}
