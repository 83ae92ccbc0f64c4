/** What the setting `twitterTokens.terminal.variables` says where it says nothing. */
const defaultNames = ["X_ACCESS_TOKEN"];

/** Names that shells, loaders, interpreters and VS Code read for themselves: a token there breaks programs, or shows up in their messages. */
const taken = new Set(
	(
		"PATH PATHEXT HOME USER LOGNAME USERPROFILE USERNAME APPDATA LOCALAPPDATA PROGRAMDATA SYSTEMROOT WINDIR SYSTEMDRIVE COMSPEC " +
		"SHELL TERM PWD OLDPWD TMP TEMP TMPDIR LANG DISPLAY EDITOR VISUAL PAGER BROWSER IFS ENV BASH_ENV BASHOPTS SHELLOPTS CDPATH " +
		"PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 ZDOTDIR HISTFILE PERL5LIB PERL5OPT PERL5DB RUBYOPT RUBYLIB CLASSPATH JAVA_TOOL_OPTIONS " +
		"JDK_JAVA_OPTIONS _JAVA_OPTIONS PSMODULEPATH HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR"
	).split(" "),
);
const takenPrefixes = ["LD_", "DYLD_", "NODE_", "PYTHON", "LC_", "GIT_", "SSH_", "NPM_CONFIG_", "VSCODE_", "ELECTRON_"];

/** The names to set, without repeats, and those that are refused. Any case: Windows knows no difference. */
export function variableNames(setting: unknown): { readonly names: string[]; readonly refused: string[] } {
	const asked: unknown[] = Array.isArray(setting) ? setting : defaultNames;
	const names = new Set<string>();
	const refused: string[] = [];
	for (const name of asked) {
		if (typeof name === "string" && isAllowed(name)) {
			names.add(name);
		} else {
			refused.push(String(name));
		}
	}
	return { names: [...names], refused };
}

function isAllowed(name: string): boolean {
	const upper = name.toUpperCase();
	return (
		/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
		!taken.has(upper) &&
		!takenPrefixes.some((prefix) => upper.startsWith(prefix))
	);
}
