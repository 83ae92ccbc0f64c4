import { askForAuth } from "../signIn/askForAuth.ts";
import { type LocatedAuth, readAuth } from "../signIn/authSource.ts";
import { authSetting } from "../signIn/settings.ts";
import { editorCallbackUrl } from "../signIn/uriHandler.ts";
import type { App } from "../vault/records.ts";
import type { Vault } from "../vault/vault.ts";
import type { Arguments } from "./arguments.ts";

/** The app a sign-in goes through, and where its settings were found. */
export interface ChosenApp {
	readonly app: App;
	readonly codeVerifier: string | undefined;
	readonly origin: "argument" | "setting" | "asked";
	readonly located: LocatedAuth;
}

/** From the command's argument, else the setting, else asked for; a secret that was moved here is put back in its place. */
export async function chooseApp(
	vault: Vault,
	{ auth, scopes }: Pick<Arguments, "auth" | "scopes">,
): Promise<ChosenApp> {
	const given = await readAuth(auth, "the argument auth");
	const set = given ?? (await readAuth(authSetting(), "the setting twitterTokens.auth"));
	const kept = (await vault.apps()).filter((app) => app.kept);
	const located = set ?? (await askForAuth(kept));
	const origin = given ? "argument" : set ? "setting" : "asked";

	const { clientId, clientSecret, redirectUri, scope, codeVerifier } = located.auth;
	const keptApp = kept.find((app) => app.clientId === clientId);
	const secret = clientSecret ?? keptApp?.clientSecret;
	const app: App = {
		clientId,
		...(secret ? { clientSecret: secret } : {}),
		redirectUri: redirectUri ?? editorCallbackUrl(),
		scope,
		...(origin === "asked" ? { kept: true } : {}),
	};
	if (origin === "asked") {
		// Before anything else: what was typed must not be typed twice.
		await vault.saveApp(app);
	}
	const wanted = typeof scopes === "string" ? scopes : scopes?.join(" ");
	return { app: wanted?.trim() ? { ...app, scope: wanted.trim() } : app, codeVerifier, origin, located };
}
