import * as vscode from "vscode";

/** The path of the callback URI. */
const callbackPath = "/callback";

/** The redirect URI of this editor (contract, "Identity"): VS Code, Insiders and every fork have a scheme of their own. */
export function editorCallbackUrl(): string {
	return `${vscode.env.uriScheme}://twitter-tokens.twitter-tokens${callbackPath}`;
}

/** Hands redirects to the sign-in. VS Code calls the last active window, which need not be the one that began it. */
export function registerUriHandler(arrive: (query: string) => void): vscode.Disposable {
	return vscode.window.registerUriHandler({
		handleUri: ({ path, query }) => {
			if (path === callbackPath) {
				arrive(query);
			}
		},
	});
}
