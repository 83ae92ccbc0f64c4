import * as vscode from "vscode";
import { TwitterTokensError } from "../oauth/errors.ts";
import { probeCredentials } from "../oauth/tokenEndpoint.ts";
import type { Transport } from "../oauth/transport.ts";
import type { App } from "../vault/records.ts";
import { showError } from "./commandRunner.ts";

/** What X thinks of an app's credentials. */
export interface Verdict {
	readonly ok: boolean;
	/** What is wrong and what to do about it; a failure to reach X is no verdict and is thrown. */
	readonly problem?: string;
}

/** @throws {TwitterTokensError} where X could not be asked */
export async function checkCredentials(transport: Transport, tokenEndpoint: string, app: App): Promise<Verdict> {
	try {
		await probeCredentials(transport, tokenEndpoint, app);
		return { ok: true };
	} catch (error) {
		const wrong =
			error instanceof TwitterTokensError &&
			(error.code === "ClientUnknown" || error.code === "ClientAuthenticationFailed");
		if (!wrong) {
			throw error;
		}
		return { ok: false, problem: error.message };
	}
}

/** The verdict for a person. */
export function tellVerdict({ ok, problem }: Verdict): void {
	if (ok) {
		void vscode.window.showInformationMessage(vscode.l10n.t("X knows this app and accepts its credentials."));
	} else if (problem !== undefined) {
		void showError(new TwitterTokensError("ClientAuthenticationFailed", problem));
	}
}
