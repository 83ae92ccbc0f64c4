import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { cleanEnvironment, run } from "./processes.ts";

export function cacheFolder(): string {
	return process.env.TWITTER_TOKENS_CACHE || join(homedir(), ".cache", "twitter-tokens-test");
}

/**
 * Something from the npm registry that is too large for `devDependencies`. It is outside the tree and shared by all
 * checkouts of a user.
 *
 * @param name of its folder in the cache; another one leaves an older installation alone
 * @param install puts it into a folder, which takes its place when all went well
 * @returns its folder
 */
export async function installOnce(name: string, install: (folder: string) => Promise<void>): Promise<string> {
	const target = join(cacheFolder(), name);
	if (existsSync(target)) return target;
	await mkdir(cacheFolder(), { recursive: true });
	const temporary = await mkdtemp(`${target}.installing-`);
	try {
		await writeFile(join(temporary, "package.json"), JSON.stringify({ private: true }));
		await install(temporary);
		await rename(temporary, target);
	} catch (error) {
		await rm(temporary, { recursive: true, force: true });
		// Somebody else was faster: theirs is as good as ours.
		if (!existsSync(target)) throw error;
	}
	return target;
}

/** Without scripts: nothing here needs its own. */
export async function npmInstall(workingFolder: string, ...more: readonly string[]): Promise<void> {
	await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...more], {
		workingFolder,
		environment: cleanEnvironment(),
	});
}
