import { accountState, needsRenewal, remaining } from "../vault/expiry.ts";
import { type Account, labelOf } from "../vault/records.ts";
import { countdown, untilNextText } from "./countdown.ts";

/** What the status bar knows when it paints. */
export interface StatusView {
	readonly account: Account | undefined;
	/** ms since 1970 */
	readonly now: number;
	readonly leadTimeMs: number;
	readonly renewing: boolean;
	/** It will be renewed without anybody's doing. */
	readonly renewsItself: boolean;
	readonly visibility: "always" | "whenSignedIn" | "never";
}

export interface Status {
	readonly kind: "none" | "valid" | "renewing" | "expired" | "signInNeeded";
	readonly text: string;
	readonly background?: "warning" | "error";
	/** Milliseconds until the text must be looked at again. */
	readonly validFor: number;
}

/** The table "Status bar" of the contract; undefined where nothing is shown. */
export function statusOf(view: StatusView): Status | undefined {
	const { account, now, visibility } = view;
	if (visibility === "never") {
		return undefined;
	}
	const never = Number.POSITIVE_INFINITY;
	if (!account) {
		return visibility === "always" ? { kind: "none", text: "$(key) Twitter: sign in", validFor: never } : undefined;
	}
	const label = labelOf(account);
	if (view.renewing) {
		return { kind: "renewing", text: `$(sync~spin) ${label} …`, validFor: never };
	}
	switch (accountState(account, now)) {
		case "signInNeeded":
			return { kind: "signInNeeded", text: `$(warning) ${label} sign in again`, background: "error", validFor: never };
		case "expired":
			return { kind: "expired", text: `$(warning) ${label} expired`, background: "error", validFor: never };
		case "valid": {
			const left = remaining(account.tokens, now);
			const warns = !view.renewsItself && needsRenewal(account.tokens, now, view.leadTimeMs);
			return {
				kind: "valid",
				text: `$(key) ${label} ${countdown(left)}`,
				...(warns ? { background: "warning" as const } : {}),
				validFor: untilNextText(left),
			};
		}
	}
}
