import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { xEndpoints } from "../../src/oauth/endpoints.ts";

interface Command {
	readonly command: string;
	readonly title: string;
	readonly category?: string;
	readonly enablement?: string;
}

interface Setting {
	readonly type: string | readonly string[];
	readonly default: unknown;
	readonly scope: string;
	readonly ignoreSync?: boolean;
	readonly enum?: readonly string[];
	readonly minimum?: number;
	readonly description?: string;
	readonly markdownDescription?: string;
	readonly properties?: Readonly<Record<string, unknown>>;
	readonly additionalProperties?: boolean;
}

interface Manifest {
	readonly name: string;
	readonly publisher: string;
	readonly displayName: string;
	readonly main: string;
	readonly icon: string;
	readonly engines: { readonly vscode: string };
	readonly extensionKind: readonly string[];
	readonly activationEvents: readonly string[];
	readonly capabilities: {
		readonly untrustedWorkspaces: { readonly supported: string; readonly restrictedConfigurations: readonly string[] };
	};
	readonly contributes: {
		readonly commands: readonly Command[];
		readonly menus?: { readonly commandPalette?: readonly { readonly command: string; readonly when?: string }[] };
		readonly configuration: { readonly properties: Readonly<Record<string, Setting>> };
		readonly authentication?: readonly { readonly id: string; readonly label: string }[];
	};
	readonly dependencies?: unknown;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (name: string) => readFileSync(join(root, name), "utf8");
const manifest = JSON.parse(read("package.json")) as Manifest;
const texts = JSON.parse(read("package.nls.json")) as Record<string, string>;
const { contributes } = manifest;

/** Contract, "Commands": id and palette title; those that are not in the palette have none. */
const contractCommands: Readonly<Record<string, string | undefined>> = {
	getToken: "Get Token",
	signIn: "Sign In with Browser",
	getAuthorizationLink: "Copy Authorization Link",
	refreshToken: "Refresh Token",
	manageAccounts: "Manage Accounts",
	copyAccessToken: "Copy Access Token",
	copyTokenResponse: "Copy Token Response",
	signOut: "Sign Out",
	setUpApp: "Set Up X App",
	copyCallbackUrl: "Copy Callback URL",
	checkCredentials: "Check App Credentials",
	importTokens: "Import Tokens",
	showLog: "Show Log",
	accessToken: undefined,
};

/** Contract, "Settings": type, default, scope. */
const contractSettings: Readonly<Record<string, Pick<Setting, "type" | "default" | "scope">>> = {
	auth: { type: ["string", "object"], default: "", scope: "window" },
	endpoints: { type: "object", default: xEndpoints, scope: "application" },
	"refresh.automatic": { type: "boolean", default: true, scope: "application" },
	"refresh.leadTime": { type: "number", default: 10, scope: "application" },
	statusBar: { type: "string", default: "whenSignedIn", scope: "window" },
	"clipboard.clearAfter": { type: "integer", default: 60, scope: "application" },
	"terminal.variables": { type: "array", default: ["X_ACCESS_TOKEN"], scope: "application" },
	"mcp.enabled": { type: "boolean", default: false, scope: "application" },
};

/** Every text below `value`, with where it stands. */
function textsIn(value: unknown, path = ""): [path: string, text: string][] {
	if (typeof value === "string") return [[path, value]];
	if (typeof value !== "object" || value === null) return [];
	return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, `${path}.${key}`));
}

const keyOf = (text: string) => /^%(.+)%$/.exec(text)?.[1];
const settingNames = Object.keys(contributes.configuration.properties).map((key) =>
	key.replace(/^twitterTokens\./, ""),
);

describe("package.json", () => {
	it("has the identity of the contract", () => {
		assert.deepEqual(
			[manifest.publisher, manifest.name, manifest.displayName, manifest.engines.vscode, manifest.extensionKind],
			["twitter-tokens", "twitter-tokens", "Twitter Tokens", "^1.101.0", ["ui", "workspace"]],
		);
	});

	it("starts in time to take a redirect and to show the status", () => {
		assert.ok(manifest.activationEvents.includes("onUri"));
		assert.ok(manifest.activationEvents.includes("onStartupFinished"));
	});

	it("ignores the workspace's auth settings while the workspace is not trusted", () => {
		const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
		assert.deepEqual([supported, restrictedConfigurations], ["limited", ["twitterTokens.auth"]]);
	});

	it("needs no package at run time: everything is in the bundle", () => {
		assert.equal(manifest.dependencies, undefined);
		assert.match(manifest.main, /^\.\/dist\//);
	});

	it("has a picture", () => assert.ok(existsSync(join(root, manifest.icon))));

	it("names the authentication provider of the contract, if any", () => {
		for (const provider of contributes.authentication ?? []) {
			assert.deepEqual(provider, { id: "twitter", label: "Twitter (X)" });
		}
	});

	describe("commands", () => {
		for (const { command, title, category } of contributes.commands) {
			it(`${command} is in the contract, with its title`, () => {
				const name = command.replace(/^twitterTokens\./, "");
				assert.equal(command, `twitterTokens.${name}`);
				assert.ok(Object.hasOwn(contractCommands, name));
				assert.equal(category, "Twitter Tokens");
				const wanted = contractCommands[name];
				if (wanted !== undefined) assert.equal(texts[keyOf(title) ?? ""], wanted);
			});
		}

		it("are named once", () => {
			const ids = contributes.commands.map(({ command }) => command);
			assert.equal(new Set(ids).size, ids.length);
		});

		it("that hand out a token to programs are not in the palette", () => {
			if (contributes.commands.some(({ command }) => command === "twitterTokens.accessToken")) {
				const hidden = contributes.menus?.commandPalette?.find(
					({ command }) => command === "twitterTokens.accessToken",
				);
				assert.equal(hidden?.when, "false");
			}
		});

		it("of menus exist", () => {
			for (const [path, text] of textsIn(contributes.menus ?? {})) {
				if (path.endsWith(".command")) {
					assert.ok(
						contributes.commands.some(({ command }) => command === text),
						text,
					);
				}
			}
		});
	});

	describe("settings", () => {
		for (const name of settingNames) {
			it(`twitterTokens.${name} has the type, default and scope of the contract, and a description`, () => {
				const setting = contributes.configuration.properties[`twitterTokens.${name}`];
				const wanted = contractSettings[name];
				assert.ok(setting && wanted);
				const type = setting.type === "integer" && wanted.type === "number" ? "number" : setting.type;
				assert.deepEqual({ type, default: setting.default, scope: setting.scope }, wanted);
				assert.ok(keyOf(setting.markdownDescription ?? setting.description ?? ""), "described");
			});
		}

		it("keep the auth settings, and nothing else, out of Settings Sync", () => {
			const kept = Object.entries(contributes.configuration.properties).filter(([, { ignoreSync }]) => ignoreSync);
			assert.deepEqual(
				kept.map(([key]) => key),
				["twitterTokens.auth"],
			);
		});

		it("offer the status bar's three choices", () => {
			const { statusBar } = Object.fromEntries(
				settingNames.map((name) => [name, contributes.configuration.properties[`twitterTokens.${name}`]]),
			);
			assert.deepEqual(statusBar?.enum, ["always", "whenSignedIn", "never"]);
		});

		it("describe each endpoint and no other", () => {
			const endpoints = contributes.configuration.properties["twitterTokens.endpoints"];
			assert.deepEqual(Object.keys(endpoints?.properties ?? {}), Object.keys(xEndpoints));
			assert.equal(endpoints?.additionalProperties, false);
		});

		it("let 0 mean never for the clipboard", () => {
			assert.equal(contributes.configuration.properties["twitterTokens.clipboard.clearAfter"]?.minimum, 0);
		});

		it("that the sources read exist", () => {
			const settings = read("src/signIn/settings.ts");
			const readThere = [...settings.matchAll(/(?:ours\(\)\.get(?:<[^>]+>)?|number)\("([\w.]+)"/g)].map(
				([, name]) => name,
			);
			assert.ok(readThere.length > 3);
			for (const name of readThere) assert.ok(name && settingNames.includes(name), name);
		});
	});

	describe("texts", () => {
		const used = textsIn(manifest)
			.map(([, text]) => keyOf(text))
			.filter((key) => key !== undefined);

		it("all exist in package.nls.json", () => {
			for (const key of used) assert.ok(texts[key]?.trim(), key);
		});

		it("of package.nls.json are all used", () => {
			assert.deepEqual(
				Object.keys(texts).filter((key) => !used.includes(key)),
				[],
			);
		});

		it("that a person sees all come from package.nls.json", () => {
			for (const [path, text] of textsIn(contributes)) {
				if (
					/\.(title|description|markdownDescription|enumDescriptions\.\d+)$/.test(path) &&
					path !== ".configuration.title"
				) {
					assert.ok(keyOf(text), `${path}: ${text}`);
				}
			}
		});

		it("of other languages translate the same keys", () => {
			for (const name of readdirSync(root).filter((each) => /^package\.nls\..+\.json$/.test(each))) {
				assert.deepEqual(Object.keys(JSON.parse(read(name))).sort(), Object.keys(texts).sort(), name);
			}
		});
	});
});
