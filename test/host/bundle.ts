import { glob, readFile, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

export interface BundleOptions {
	/** Folder with `index.ts`, what VS Code is to call, and `**\/*.test.ts`. */
	readonly source: string;
	readonly out: string;
	/** Only test files whose path contains one of these; none means all. */
	readonly words: readonly string[];
}

/**
 * Bundles a suite for the extension host, whose loader wants CommonJS and knows no TypeScript. Returns the path of
 * the bundled index.
 */
export async function bundleTests(options: BundleOptions): Promise<string> {
	const tests: string[] = [];
	for await (const name of glob("**/*.test.ts", { cwd: options.source })) {
		if (options.words.length === 0 || options.words.some((word) => name.includes(word))) tests.push(name);
	}
	if (tests.length === 0) throw new Error(`No test file in ${options.source} matches ${options.words.join(" ")}`);
	await rm(options.out, { recursive: true, force: true });
	await build({
		entryPoints: ["index.ts", ...tests.sort()].map((name) => join(options.source, name)),
		outbase: options.source,
		outdir: options.out,
		outExtension: { ".js": ".cjs" },
		bundle: true,
		format: "cjs",
		platform: "node",
		target: "node22",
		mainFields: ["module", "main"],
		external: ["vscode", "mocha", "esbuild", "playwright-core", "@vscode/test-electron"],
		sourcemap: "inline",
		logLevel: "warning",
		plugins: [importMeta],
	});
	return join(options.out, "index.cjs");
}

/** CommonJS has no `import.meta`; what is derived from it should still be the place of the source. */
const importMeta: Plugin = {
	name: "import.meta",
	setup(builder) {
		builder.onLoad({ filter: /[/\\](src|test)[/\\].*\.ts$/ }, async ({ path }) => {
			const source = await readFile(path, "utf8");
			if (!source.includes("import.meta.")) return undefined;
			const contents = source
				.replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(path).href))
				.replaceAll(/\bimport\.meta\.dirname\b/g, JSON.stringify(dirname(path)))
				.replaceAll(/\bimport\.meta\.filename\b/g, JSON.stringify(path));
			return { contents, loader: "ts", resolveDir: dirname(path), watchFiles: [relative(process.cwd(), path)] };
		});
	},
};
