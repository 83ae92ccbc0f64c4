import assert from "node:assert/strict";
import { expandAuthPath, type PathPlaces } from "../../../src/oauth/authPath.ts";
import { TwitterTokensError } from "../../../src/oauth/errors.ts";

const unix: PathPlaces = {
	home: "/home/me",
	environment: { X_DIR: "/srv/x", RELATIVE: "config", EMPTY: "", DOLLAR: "/a$&b/$1", NESTED: `\${userHome}` },
};
const windows: PathPlaces = { home: "C:\\Users\\me", environment: { APPDATA: "C:\\Users\\me\\AppData\\Roaming" } };

const absolute = (path: string) => ({ kind: "absolute", path });
const inWorkspace = (path: string) => ({ kind: "inWorkspace", path });

describe("path to the auth JSON", () => {
	for (const [path, expected, places] of [
		["/srv/x/auth.json", absolute("/srv/x/auth.json"), unix],
		["~/auth.json", absolute("/home/me/auth.json"), unix],
		[`\${userHome}/auth.json`, absolute("/home/me/auth.json"), unix],
		[`\${env:X_DIR}/auth.json`, absolute("/srv/x/auth.json"), unix],
		[`\${env:X_DIR}/\${env:RELATIVE}/auth.json`, absolute("/srv/x/config/auth.json"), unix],
		[`\${env:DOLLAR}/auth.json`, absolute("/a$&b/$1/auth.json"), unix],
		[`\${env:RELATIVE}/auth.json`, inWorkspace("config/auth.json"), unix],
		["auth.json", inWorkspace("auth.json"), unix],
		["./config/auth.json", inWorkspace("./config/auth.json"), unix],
		["../auth.json", inWorkspace("../auth.json"), unix],
		["config/~/auth.json", inWorkspace("config/~/auth.json"), unix],
		["~auth.json", inWorkspace("~auth.json"), unix],
		[`\${workspaceFolder}/auth.json`, inWorkspace("auth.json"), unix],
		[`\${workspaceFolder}/\${env:RELATIVE}/auth.json`, inWorkspace("config/auth.json"), unix],
		[`\${workspaceFolder}\\config\\auth.json`, inWorkspace("config\\auth.json"), windows],
		["C:\\x\\auth.json", absolute("C:\\x\\auth.json"), windows],
		["c:/x/auth.json", absolute("c:/x/auth.json"), windows],
		["\\\\server\\share\\auth.json", absolute("\\\\server\\share\\auth.json"), windows],
		["~\\auth.json", absolute("C:\\Users\\me\\auth.json"), windows],
		["~/auth.json", absolute("C:\\Users\\me/auth.json"), windows],
		[`\${userHome}\\auth.json`, absolute("C:\\Users\\me\\auth.json"), windows],
		[`\${env:APPDATA}\\x\\auth.json`, absolute("C:\\Users\\me\\AppData\\Roaming\\x\\auth.json"), windows],
		["config\\auth.json", inWorkspace("config\\auth.json"), windows],
	] as const) {
		it(`${path} is ${expected.kind}: ${expected.path}`, () => {
			assert.deepEqual(expandAuthPath(path, places), expected);
		});
	}

	it("is expanded once: what a variable holds is taken as it is", () => {
		assert.deepEqual(expandAuthPath(`/x/\${env:NESTED}/auth.json`, unix), absolute(`/x/\${userHome}/auth.json`));
	});

	for (const [variable, problem] of [
		["env:NOT_SET", "the environment variable is not set"],
		["env:EMPTY", "the environment variable is not set"],
		["env:", "the environment variable is not set"],
		["env:constructor", "the environment variable is not set"],
		["env:__proto__", "the environment variable is not set"],
		["userhome", "it is not a known variable"],
		["config:twitterTokens.auth", "it is not a known variable"],
		["", "it is not a known variable"],
	] as const) {
		it(`with \${${variable}} is an error that names it: ${problem}`, () => {
			assert.throws(
				() => expandAuthPath(`\${${variable}}/auth.json`, unix),
				(error) => {
					assert.ok(error instanceof TwitterTokensError);
					assert.equal(error.code, "InvalidAuthSettings");
					assert.ok(error.message.includes(`\${${variable}}`), error.message);
					assert.ok(error.message.includes(problem), error.message);
					assert.ok(!error.message.includes("/home/me"), "no value of a variable is told");
					return true;
				},
			);
		});
	}
});
