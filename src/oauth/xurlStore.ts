import * as v from "valibot";
import { parseDocument } from "yaml"; // the parser of npm and Prettier, no dependencies
import { type AuthSettings, authSettingsFrom } from "./authSettings.ts";
import { TwitterTokensError } from "./errors.ts";
import { type FoundApp, type FoundGrant, grantOf } from "./importable.ts";

/** An account in a store takes about 350 characters. */
const maxCharacters = 100_000;

const Text = v.optional(
	v.nullable(
		v.pipe(
			v.union([v.string(), v.number()], "is not text"),
			v.transform((value) => String(value).trim()),
		),
	),
);
const MapOf = <T extends v.GenericSchema>(values: T) =>
	v.optional(v.nullable(v.record(v.string(), values, "is not a map")));

const OAuth2Token = v.object(
	{
		oauth2: v.optional(
			v.nullable(
				v.object(
					{ access_token: Text, refresh_token: Text, expiration_time: v.optional(v.unknown()) },
					"is not a token entry",
				),
			),
		),
	},
	"is not a token entry",
);

const Tokens = MapOf(OAuth2Token);

const App = v.object({ client_id: Text, client_secret: Text, redirect_uri: Text, oauth2_tokens: Tokens }, "is no app");

const Store = v.object({ apps: MapOf(App), default_app: Text, oauth2_tokens: Tokens }, "is not what xurl writes");

/**
 * The apps in xurl's token store, its default app first (fact sheet, section 11.1). Knows the YAML of 1.0 and later, and
 * the JSON before it, which names no app. What is read is only read: xurl's OAuth 1.0a and app-only tokens stay where
 * they are.
 *
 * @param environment xurl before 1.0 took the app from `CLIENT_ID` and `CLIENT_SECRET`
 * @throws {TwitterTokensError} `InvalidAuthSettings` naming the entry, never a value
 */
export async function readXurlStore(
	text: string,
	place: string,
	environment: Readonly<Record<string, string | undefined>> = {},
): Promise<readonly FoundApp[]> {
	if (text.length > maxCharacters) {
		throw invalid(`${place} is longer than xurl's token store can be (${text.length} characters).`);
	}
	const parsed = v.safeParse(Store, await contentOf(text, place));
	if (!parsed.success) {
		const issue = parsed.issues[0];
		throw invalid(`"${v.getDotPath(issue) ?? "the whole"}" in ${place} ${issue.message}. Nothing was imported.`);
	}
	const { apps, default_app, oauth2_tokens } = parsed.output;
	const named = Object.entries(apps ?? {});
	// JSON is YAML too: the key decides, not the syntax.
	if (named.length === 0) {
		const grants = grantsOf(oauth2_tokens, place);
		if (grants.length === 0) {
			throw invalid(`${place} holds neither an app nor OAuth 2.0 tokens. Nothing was imported.`);
		}
		const auth = authFromEnvironment(environment, place);
		return [{ name: "xurl", ...(auth ? { auth } : {}), grants }];
	}
	const first = ([name]: (typeof named)[number]) => Number(name === default_app);
	return named
		.sort((a, b) => first(b) - first(a))
		.flatMap(([name, app]) => {
			const entry = `${place}, app ${name}`;
			const grants = grantsOf(app.oauth2_tokens, entry);
			// The migration from before 1.0 may leave an app without an id.
			const auth = app.client_id ? authSettingsFrom(app, entry) : authFromEnvironment(environment, place);
			return auth || grants.length > 0 ? [{ name, ...(auth ? { auth } : {}), grants }] : [];
		});
}

function grantsOf(tokens: v.InferOutput<typeof Tokens>, place: string): readonly FoundGrant[] {
	return Object.entries(tokens ?? {}).flatMap(([handle, { oauth2 }]) => {
		const { access_token, refresh_token, expiration_time } = oauth2 ?? {};
		const seconds = Number(expiration_time);
		const grant = grantOf(
			{
				...(access_token ? { accessToken: access_token } : {}),
				...(refresh_token ? { refreshToken: refresh_token } : {}),
				scopes: [],
				// 0: xurl does not know.
				...(Number.isFinite(seconds) && seconds > 0 ? { expiresAt: seconds * 1000 } : {}),
				...(handle ? { handle } : {}),
			},
			place,
		);
		return grant ? [grant] : [];
	});
}

/** Other programs have a `CLIENT_ID` too: only what looks like one of X is taken. */
function authFromEnvironment(
	{ CLIENT_ID: id, CLIENT_SECRET: secret }: Readonly<Record<string, string | undefined>>,
	place: string,
): AuthSettings | undefined {
	return id?.trim().endsWith("6MTpjaQ") ? authSettingsFrom({ client_id: id, client_secret: secret }, place) : undefined;
}

/** What the parser says is left out of the error: it quotes the line, and the line may hold a token. */
async function contentOf(text: string, place: string): Promise<unknown> {
	if (text.trimStart().startsWith("{")) {
		try {
			return JSON.parse(text);
		} catch {
			// YAML may begin with a brace too.
		}
	}
	if (!isTame(text)) {
		throw invalid(`${place} is not a token store of xurl: it is laid out as xurl never does. Nothing was imported.`);
	}
	// Loaded with the first import, not with the extension; the YAML package of npm: no dependencies, kept for over ten years.

	try {
		const document = parseDocument(text, {
			prettyErrors: false,
			logLevel: "silent",
			uniqueKeys: false,
			schema: "core",
		});
		if (document.errors.length === 0) {
			// xurl writes no aliases, and a few of them can make gigabytes of a page.
			return document.toJS({ maxAliasCount: 0 });
		}
	} catch {
		// Nested too deeply, or aliases.
	}
	throw invalid(`${place} is not a token store of xurl: it is not valid YAML. Nothing was imported.`);
}

/**
 * Whether a text is as flat as xurl's store is: a few levels, set off by indentation, one key on a line. The parser takes
 * minutes for some kilobytes of nested brackets, and a line of a thousand `?` ends the whole process.
 */
function isTame(text: string): boolean {
	const count = (of: string, what: RegExp) => of.match(what)?.length ?? 0;
	return (
		count(text, /[[{]/g) <= 500 &&
		text
			.split(/\r\n|\r|\n/)
			.every(
				(line) => !/^[ \t]{64}/.test(line) && count(line, /(?:^|[ \t])[-?](?=[ \t]|$)|:(?=[ \t]|$)|[!&*](?=\S)/g) <= 16,
			)
	);
}

function invalid(message: string): TwitterTokensError {
	return new TwitterTokensError("InvalidAuthSettings", message);
}
