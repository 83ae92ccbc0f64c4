import { TwitterTokensError } from "./errors.ts";

/** What the placeholders of a path stand for. */
export interface PathPlaces {
	readonly home: string;
	readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A path of the auth settings: on the user's computer, or below the first workspace folder (which may be remote). */
export type AuthPath =
	| { readonly kind: "absolute"; readonly path: string }
	| { readonly kind: "inWorkspace"; readonly path: string };

/**
 * Expands `~/`, `${userHome}`, `${env:NAME}` and `${workspaceFolder}`; any other relative path is relative to
 * the first workspace folder (contract, "Accepted forms").
 *
 * @throws {TwitterTokensError} `InvalidAuthSettings` for a variable that is unknown or not set
 */
export function expandAuthPath(path: string, { home, environment }: PathPlaces): AuthPath {
	const inWorkspace = /^\$\{workspaceFolder\}[/\\]*(.*)$/.exec(path);
	const expanded = (inWorkspace?.[1] ?? path)
		.replace(/^~(?=[/\\])/, () => home)
		.replace(/\$\{([^}]*)\}/g, (_, name) => {
			const value = name === "userHome" ? home : name.startsWith("env:") ? environment[name.slice(4)] : undefined;
			// Not text: a name of Object.prototype.
			if (typeof value !== "string" || value === "") {
				const known = name.startsWith("env:") ? "the environment variable is not set" : "it is not a known variable";
				throw new TwitterTokensError(
					"InvalidAuthSettings",
					`The path to the auth JSON contains \${${name}}, but ${known}. Use an absolute path, ~/…, \${userHome}, \${workspaceFolder} or \${env:NAME}.`,
				);
			}
			return value;
		});
	return !inWorkspace && isAbsolute(expanded)
		? { kind: "absolute", path: expanded }
		: { kind: "inWorkspace", path: expanded };
}

/** Absolute on any system: the file may lie on a remote one. */
function isAbsolute(path: string): boolean {
	return /^([/\\]|[A-Za-z]:[/\\])/.test(path);
}
