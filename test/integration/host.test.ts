import assert from "node:assert/strict";
import * as vscode from "vscode";

describe("the extension host", () => {
	it("has the extension", () => {
		assert.ok(vscode.extensions.getExtension("twitter-tokens.twitter-tokens"));
	});
});
