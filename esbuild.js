import { rmSync } from "node:fs";
import { basename, resolve } from "node:path";
import esbuild from "esbuild";

/*
 * Three bundles. `extension.cjs` is what VS Code loads at activation. The HTTP client is loaded by the first request and
 * the reader of xurl's store, with its YAML parser, by the first import: each is larger than most of the rest. esbuild
 * splits only ES modules, so the dynamic imports that lead there are pointed at the other bundles by hand.
 *
 *   --production  minified, without source maps    --watch  rebuild on change    --metafile  print what is in the bundles
 */

const flags = new Set(process.argv.slice(2));
const production = flags.has("--production");

const lazy = ["src/oauth/http.ts", "src/oauth/xurlStore.ts"];

/** @type {import("esbuild").Plugin} */
const lazyBundles = {
	name: "lazy bundles",
	setup(build) {
		build.onResolve({ filter: /\.ts$/ }, ({ path, kind, importer, resolveDir }) => {
			const module = lazy.find((entry) => resolve(entry) === resolve(resolveDir, path));
			if (!module || kind === "entry-point") return undefined;
			if (kind === "dynamic-import") return { path: `./${basename(module, ".ts")}.cjs`, external: true };
			return {
				errors: [{ text: `${path} has to be imported dynamically, not as ${importer} does: it is loaded late` }],
			};
		});
	},
};

/*
 * undici keeps fetch, WebSocket, caches and mocks in one module with what is used here: three quarters of it. As ES
 * exports, so that an import of anything else fails the build.
 */
/** @type {import("esbuild").Plugin} */
const usedUndici = {
	name: "used undici",
	setup(build) {
		build.onResolve({ filter: /^undici$/ }, () => ({ path: "undici", namespace: "used-undici" }));
		build.onLoad({ filter: /./, namespace: "used-undici" }, () => ({
			resolveDir: import.meta.dirname,
			contents: `
				import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
				import connect from "undici/lib/api/api-connect.js";
				Dispatcher.prototype.connect = connect;
				export { default as Agent } from "undici/lib/dispatcher/agent.js";
				export { default as Client } from "undici/lib/dispatcher/client.js";
				export { default as buildConnector } from "undici/lib/core/connect.js";
			`,
		}));
	},
};

/** @type {import("esbuild").BuildOptions} */
const common = {
	bundle: true,
	format: "cjs",
	platform: "node",
	target: "node20",
	// ES modules where a package has both: json5's CommonJS build cannot be shaken.
	mainFields: ["module", "main"],
	external: ["vscode"],
	outdir: "dist",
	outExtension: { ".js": ".cjs" },
	minify: production,
	sourcemap: production ? false : "linked",
	legalComments: "none",
	metafile: flags.has("--metafile"),
	logLevel: "info",
};

const entries = ["src/extension.ts", ...lazy];

rmSync("dist", { recursive: true, force: true });
const builds = entries.map((entry) => ({
	...common,
	entryPoints: [{ in: entry, out: basename(entry, ".ts") }],
	plugins: [lazyBundles, usedUndici],
}));

if (flags.has("--watch")) {
	for (const options of builds) await (await esbuild.context(options)).watch();
} else {
	for (const options of builds) {
		const { metafile } = await esbuild.build(options);
		if (metafile !== undefined) console.log(await esbuild.analyzeMetafile(metafile));
	}
}
