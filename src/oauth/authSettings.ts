import JSON5 from "json5"; // 10 years old, no dependencies: comments, trailing commas and the single quotes of the OpenIntegrations docs
import * as v from "valibot"; // schemas in a few kilobytes, no dependencies: all that comes from outside passes one
import { TwitterTokensError } from "./errors.ts";

/** What is asked for when the auth settings name no scope: reading, and a refresh token. */
export const defaultScope = "tweet.read users.read offline.access";

/** An auth JSON is a few hundred bytes; what is larger is something else. */
const maxCharacters = 1_000_000;

/** No system has longer paths. */
const maxPathCharacters = 32_767;

/** One object of the contract's "Auth settings". Empty values count as missing. */
export interface AuthSettings {
	readonly clientId: string;
	/** Present: confidential client, HTTP Basic. Absent: public client. */
	readonly clientSecret?: string;
	/** Exact string registered with X; absent: the editor's callback URI. */
	readonly redirectUri?: string;
	/** Blank-separated scope names. */
	readonly scope: string;
	/** Verifier of a code whose link was made elsewhere. */
	readonly codeVerifier?: string;
}

/** Blanks and line ends that came along when a value was copied are the commonest cause of X's 401 (fact sheet, section 5.1). */
const Value = v.optional(
	v.nullable(
		v.pipe(
			// The type only: a secret of digits without quotation marks is a secret all the same.
			v.string(({ input }) => `is of the type ${Array.isArray(input) ? "array" : typeof input}, not text`),
			v.trim(),
		),
	),
);

const AuthJson = v.object({
	client_id: Value,
	client_secret: Value,
	redirect_uri: Value,
	scope: Value,
	code_verifier: Value,
});

/** The auth settings from an object that has already been read. `place` says where it came from, for error texts. */
export function authSettingsFrom(value: unknown, place: string): AuthSettings {
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw invalid(`${place} holds no JSON object. Expected {"client_id": "…", …}.`);
	}
	const parsed = v.safeParse(AuthJson, value);
	if (!parsed.success) {
		const issue = parsed.issues[0];
		throw invalid(`"${v.getDotPath(issue) ?? "?"}" in ${place} ${issue.message}. Put the value in quotation marks.`);
	}
	const { client_id, client_secret, redirect_uri, scope, code_verifier } = parsed.output;
	if (!client_id) {
		throw invalid(
			`"client_id" is missing in ${place}. Add the OAuth 2.0 Client ID of your X app (34 characters, usually ending in 6MTpjaQ; not the API Key), found at console.x.com.`,
		);
	}
	if (redirect_uri) {
		assertRedirectUri(redirect_uri, `"redirect_uri" in ${place}`);
	}
	return {
		clientId: client_id,
		scope: scope?.split(/\s+/).join(" ") || defaultScope,
		...(client_secret ? { clientSecret: client_secret } : {}),
		...(redirect_uri ? { redirectUri: redirect_uri } : {}),
		...(code_verifier ? { codeVerifier: code_verifier } : {}),
	};
}

/** The object inside an auth JSON text; lenient as the contract says. */
export function parseAuthText(text: string, place: string): unknown {
	if (text.length > maxCharacters) {
		throw invalid(`${place} is longer than an auth JSON can be (${text.length} characters). Choose the right file.`);
	}
	try {
		return JSON5.parse(text.replace(/^\uFEFF/, ""));
	} catch (error) {
		// JSON5 names one character and its position, never a longer piece of the text: no secret gets out.
		const position = error instanceof SyntaxError ? error.message.replace(/^JSON5: /, "") : "unreadable";
		throw invalid(`${place} is not valid JSON: ${position}. Correct it there.`);
	}
}

/** Where an auth value can be found: in itself, or in a file. */
export type AuthSource =
	| { readonly kind: "none" }
	| { readonly kind: "value"; readonly value: unknown }
	| { readonly kind: "file"; readonly path: string };

/** Sorts an auth value (setting, prompt, command argument) into the contract's accepted forms. */
export function authSourceOf(value: unknown, place: string): AuthSource {
	if (value === undefined || value === null) {
		return { kind: "none" };
	}
	if (typeof value !== "string") {
		return isEmptyObject(value) ? { kind: "none" } : { kind: "value", value };
	}
	const text = value.trim();
	if (text === "") {
		return { kind: "none" };
	}
	if (text.startsWith("{")) {
		return { kind: "value", value: parseAuthText(text, place) };
	}
	if (/\.json$/i.test(text) && !text.includes("\n") && text.length <= maxPathCharacters) {
		return { kind: "file", path: text };
	}
	throw invalid(
		`${place} is neither an auth JSON (it does not begin with "{") nor a path to a .json file (it does not end in ".json"). Give one of the two.`,
	);
}

/** `{}` is what the settings editor leaves behind when its rows are deleted. */
function isEmptyObject(value: unknown): boolean {
	return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}

/** Schemes that X refuses (fact sheet, section 3); some could do harm when opened. */
const forbiddenSchemes: ReadonlySet<string> = new Set(
	(
		"vbscript javascript vbs data mocha keyword livescript ftp file gopher acrobat callto daap itpc itms firefoxurl " +
		"hcp ldap mailto mmst mmsu msbd rtsp mso-offdap snews news nntp outlook stssync rlogin telnet tn3270 shell sip"
	).split(" "),
);

/**
 * @param what how the value is called in the error text
 * @throws {TwitterTokensError} `InvalidAuthSettings`
 */
export function assertRedirectUri(redirectUri: string, what: string): void {
	// The scheme as a browser reads it: it overlooks letter case and line breaks.
	const scheme = URL.canParse(redirectUri) ? new URL(redirectUri).protocol.slice(0, -1) : undefined;
	if (scheme === undefined || forbiddenSchemes.has(scheme) || redirectUri.includes("#")) {
		throw invalid(
			`${what} is not an address that X accepts. Use the exact callback URL that is registered for your app at console.x.com, for example http://127.0.0.1:8737/callback.`,
		);
	}
}

function invalid(message: string): TwitterTokensError {
	return new TwitterTokensError("InvalidAuthSettings", message);
}
