import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { publicClientId } from "../emulator/apps.ts";
import { type Emulator, startEmulator } from "../emulator/emulator.ts";
import { installHttpyac } from "../host/httpyac.ts";
import { cleanEnvironment, node24, projectFolder, run } from "../host/processes.ts";
import { readmeBlock, readmeCode } from "../readme.ts";

describe("what README.md shows", () => {
	it("is TypeScript that compiles", async function () {
		this.timeout(60_000);
		const folder = join(projectFolder, "out/readme");
		await mkdir(folder, { recursive: true });
		for (const words of ["getToken", "getSession"]) {
			const text = `import * as vscode from "vscode";\n${readmeBlock("ts", words)}\nexport {};\n`;
			await writeFile(join(folder, `${words}.ts`), text);
		}
		// Its values are not used in the README.
		const options = { noEmit: true, noUnusedLocals: false };
		await writeFile(
			join(folder, "tsconfig.json"),
			JSON.stringify({ extends: "../../tsconfig.json", compilerOptions: options, include: ["*.ts"] }),
		);
		const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
		await run(node24(), [compiler, "--project", folder]);
	});

	describe("for httpYac's command line", function () {
		this.timeout(300_000);
		let x: Emulator;
		let folder: string;
		before(async function () {
			// npm is a script there, which a program cannot start.
			if (process.platform === "win32") this.skip();
			x = await startEmulator();
			folder = await mkdtemp(join(tmpdir(), "readme-"));
			await installHttpyac();
		});
		after(async () => {
			await x?.close();
			if (folder !== undefined) await rm(folder, { recursive: true });
		});

		it("asks X who that is, and prints no token", async () => {
			const block = readmeBlock("http", "Authorization");
			const file = block
				.replace(/^@token = .*$/m, () => readmeCode("@token ="))
				.replace("@host = https://api.x.com\n", `@host = ${x.origin}\n`);
			assert.ok(!file.includes("vscode") && !file.includes("api.x.com"), file);
			await writeFile(join(folder, "me.http"), file);
			const { accessToken = "" } = x.signInElsewhere(publicClientId, x.users[0]?.id ?? "");

			const [, command, ...words] = readmeCode("npx httpyac").split(" ");
			assert.equal(command, "httpyac");
			const output = await run(node24(), [join(await installHttpyac(), "bin/httpyac.js"), ...words], {
				workingFolder: folder,
				environment: { ...cleanEnvironment(), X_ACCESS_TOKEN: accessToken },
			});
			assert.match(output, /"username": "ada_dev"/);
			assert.equal(x.counters.usersMeRequests, 1);
			assert.ok(!output.includes(accessToken), "the token was printed");
		});
	});
});
