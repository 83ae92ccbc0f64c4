import * as vscode from "vscode";
import type { SignInReason } from "../vault/records.ts";

/** Why X does not renew an account any more, and what to do about it (fact sheet, section 7). */
export function reasonText(reason: SignInReason): string {
	switch (reason) {
		case "replacedElsewhere":
			return vscode.l10n.t(
				"X ended this sign-in before its time. It does so when the same account signs in to the same app on another computer or in another tool, or revokes the app. Sign in again; to use both side by side, give each its own app.",
			);
		case "unusedTooLong":
			return vscode.l10n.t(
				"This sign-in was not used for about six months, which is as long as X keeps it. Sign in again.",
			);
		case "answerLost":
			return vscode.l10n.t(
				"X renewed the tokens, but its answer never reached this computer, and X gives it only once. Sign in again.",
			);
	}
}
