import assert from "node:assert/strict";
import { variableNames } from "../../../src/surfaces/terminalVariables.ts";

describe("names of terminal variables", () => {
	it("are X_ACCESS_TOKEN unless set", () => {
		for (const setting of [undefined, null, "BEARER_TOKEN", {}]) {
			assert.deepEqual(variableNames(setting), { names: ["X_ACCESS_TOKEN"], refused: [] });
		}
	});

	it("are those of the setting, once each", () => {
		assert.deepEqual(variableNames(["X_ACCESS_TOKEN", "BEARER_TOKEN", "_x1", "BEARER_TOKEN"]), {
			names: ["X_ACCESS_TOKEN", "BEARER_TOKEN", "_x1"],
			refused: [],
		});
		assert.deepEqual(variableNames([]), { names: [], refused: [] });
	});

	for (const name of ["", "1X", "X-TOKEN", "X TOKEN", "X=Y", "X\n", "Ä", "$X", "BASH_FUNC_ls%%"]) {
		it(`refuses ${JSON.stringify(name)}, which is no name`, () => {
			assert.deepEqual(variableNames([name]), { names: [], refused: [name] });
		});
	}

	for (const name of [
		"PATH",
		"Path",
		"PATHEXT",
		"HOME",
		"SHELL",
		"ComSpec",
		"BASH_ENV",
		"PROMPT_COMMAND",
		"https_proxy",
		"NODE_OPTIONS",
		"node_options",
		"NODE_EXTRA_CA_CERTS",
		"LD_PRELOAD",
		"LD_LIBRARY_PATH",
		"DYLD_INSERT_LIBRARIES",
		"PYTHONPATH",
		"GIT_SSH_COMMAND",
		"npm_config_registry",
		"VSCODE_IPC_HOOK_CLI",
		"ELECTRON_RUN_AS_NODE",
	]) {
		it(`refuses ${name}, which programs read for themselves`, () => {
			assert.deepEqual(variableNames(["X_ACCESS_TOKEN", name]), { names: ["X_ACCESS_TOKEN"], refused: [name] });
		});
	}

	it("refuses what is no text", () => {
		assert.deepEqual(variableNames([1, null, "TOKEN"]), { names: ["TOKEN"], refused: ["1", "null"] });
	});
});
