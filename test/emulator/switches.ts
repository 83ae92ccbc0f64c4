/**
 * What nobody outside X knows, each with the default that we think likeliest or that is the hardest on a client
 * (fact sheet, section 13.2; the last five are from section 13.1).
 */
export interface Switches {
	/** The access token that a refresh replaced. */
	oldAccessTokenAfterRefresh: "dies" | "livesUntilExpiry";
	/** A refresh token that was already used: refused, or refused and the whole grant dies. */
	refreshTokenReuse: "refused" | "killsGrant";
	failedExchangeConsumesCode: boolean;
	revokeKillsPartner: boolean;
	revokeOfUnknownToken: "ok" | "E7";
	basicOnPublicApp: "ignored" | "E6" | "E1";
	/** GET, JSON body or any other content type at the token and revoke endpoints. */
	wrongRequest: "E5" | "415" | "html";
	cancel: "access_denied" | "denied" | "noRedirect";
	/** `error` of E2 and E7. */
	deadGrantError: "invalid_request" | "invalid_grant";
	/** Redirect URIs whose scheme is neither `http` nor `https`. */
	editorRedirects: "allowed" | "refused";
	missingState: "errorPage" | "allowed";
	unknownScope: "redirect" | "errorPage";
	/** From when on a second sign-in has killed the pair of the first. */
	newApprovalKillsAt: "exchange" | "approval";
	/** `expires_in`, and how long an access token really lives, in seconds. */
	expiresIn: number;
	/** Counted anew at each refresh, in seconds (fact sheet, section 7: about six months). */
	refreshTokenLifetime: number;
}

export const defaultSwitches: Readonly<Switches> = {
	oldAccessTokenAfterRefresh: "dies",
	refreshTokenReuse: "refused",
	failedExchangeConsumesCode: true,
	revokeKillsPartner: true,
	revokeOfUnknownToken: "ok",
	basicOnPublicApp: "ignored",
	wrongRequest: "E5",
	cancel: "access_denied",
	deadGrantError: "invalid_request",
	editorRedirects: "allowed",
	missingState: "errorPage",
	unknownScope: "redirect",
	newApprovalKillsAt: "exchange",
	expiresIn: 7200,
	refreshTokenLifetime: 182 * 24 * 3600,
};
