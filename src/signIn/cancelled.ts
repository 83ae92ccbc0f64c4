import * as vscode from "vscode";
import { TwitterTokensError } from "../oauth/errors.ts";

/** Who leaves a question by Escape or says no. */
export function cancelled(): TwitterTokensError {
	return new TwitterTokensError("Cancelled", vscode.l10n.t("Cancelled. Nothing was changed."));
}

/** What was chosen or typed. @throws Cancelled where the question was left */
export function answerOf<T>(answer: T | undefined): T {
	if (answer === undefined) throw cancelled();
	return answer;
}
