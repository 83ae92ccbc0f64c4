import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { installOnce, npmInstall } from "./cache.ts";

const version = "6.16.7";

/**
 * httpYac as its extension and its command line have it, with the gRPC, Kafka and MQTT that come along.
 *
 * @returns the folder of the package
 */
export async function installHttpyac(): Promise<string> {
	const folder = await installOnce(`httpyac-${version}`, (temporary) => npmInstall(temporary, `httpyac@${version}`));
	return dirname(createRequire(join(folder, "package.json")).resolve("httpyac/package.json"));
}
