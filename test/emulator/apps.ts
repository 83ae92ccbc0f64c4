/** An app as its developer registered it in X's console (fact sheet, sections 3 and 5.2). */
export interface App {
	name: string;
	clientId: string;
	/** Present: a confidential app. Absent: a public one (Native App, Single Page App). */
	clientSecret?: string;
	/** Compared as exact strings; ten at most. */
	redirectUris: string[];
	/** API key and secret, for the app-only token (fact sheet, section 9.2). */
	apiKey?: string;
	apiSecret?: string;
}

/** An account that can be chosen on the consent page. */
export interface User {
	/** Decimal, beyond 2^53: a client that makes a number of it loses digits (fact sheet, section 1.2). */
	id: string;
	name: string;
	username: string;
	/** OAuth 1.0a token of this account, for the token exchange (fact sheet, section 9.3). */
	oauth1?: { token: string; tokenSecret: string };
	/** What `user.fields` can add at `/2/users/me`. */
	fields?: Record<string, unknown>;
}

/** Synthetic, correct in form (fact sheet, section 6.1). */
export const publicClientId = "RXhhbXBsZUNsaWVudElkMDEyMzQ6MTpjaQ";
export const confidentialClientId = clientIdOf("ExampleConfidential1");
/** Fifty characters; begins with `-`, as X's own example does (fact sheet, section 5.2). */
export const confidentialClientSecret = "-EmulatorOnlyNotARealSecret_0123456789-abcdefghijk";

export const defaultRedirectUris: readonly string[] = [
	"http://127.0.0.1:8737/callback",
	"http://localhost:8737/callback",
	"vscode://twitter-tokens.twitter-tokens/callback",
	"code-oss://twitter-tokens.twitter-tokens/callback",
];

/** @param more redirect URIs to register beside the usual ones */
export function defaultApps(more: readonly string[] = []): App[] {
	const redirectUris = [...new Set([...defaultRedirectUris, ...more])];
	return [
		{
			name: "Example Native App",
			clientId: publicClientId,
			redirectUris: [...redirectUris],
			apiKey: "EmulatorOnlyApiKey0000001",
			apiSecret: "EmulatorOnlyApiSecret0000000000000000000000000001",
		},
		{
			name: "Example Web App",
			clientId: confidentialClientId,
			clientSecret: confidentialClientSecret,
			redirectUris: [...redirectUris],
			apiKey: "EmulatorOnlyApiKey0000002",
			apiSecret: "EmulatorOnlyApiSecret0000000000000000000000000002",
		},
	];
}

export function defaultUsers(): User[] {
	return [
		user("1965012345678901235", "Ada", "ada_dev", "ada@example.com"),
		user("1965012345678901237", "Grace", "grace_dev", "grace@example.com"),
	];
}

function user(id: string, name: string, username: string, email: string): User {
	return {
		id,
		name,
		username,
		oauth1: { token: `${id}-EmulatorOnly${name}Token`, tokenSecret: `EmulatorOnly${name}TokenSecret` },
		fields: {
			created_at: "2025-09-08T08:01:52.000Z",
			verified: false,
			verified_type: "none",
			profile_image_url: "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png",
			confirmed_email: email,
		},
	};
}

/** Base64url of `<20 characters>:1:ci` (fact sheet, section 5.2). */
export function clientIdOf(twentyCharacters: string): string {
	return Buffer.from(`${twentyCharacters}:1:ci`).toString("base64url");
}

const forbiddenSchemes = new Set(
	(
		"vbscript javascript vbs data mocha keyword livescript ftp file gopher acrobat callto daap itpc itms firefoxurl " +
		"hcp ldap mailto mmst mmsu msbd rtsp mso-offdap snews news nntp outlook stssync rlogin telnet tn3270 shell sip"
	).split(" "),
);

/** Throws where X's console would refuse the registration (fact sheet, section 3). */
export function checkApp(app: App): void {
	if (app.redirectUris.length > 10) {
		throw new Error(`App "${app.name}" has ${app.redirectUris.length} redirect URIs; X registers ten at most.`);
	}
	for (const uri of app.redirectUris) {
		const scheme = /^([a-z][a-z0-9+.-]*):\/\/[^/]/i.exec(uri)?.[1]?.toLowerCase();
		if (scheme === undefined) {
			throw new Error(`"${uri}" of app "${app.name}" has no scheme or no authority.`);
		}
		if (forbiddenSchemes.has(scheme)) {
			throw new Error(`"${uri}" of app "${app.name}" has a scheme that X forbids.`);
		}
	}
}
