import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { packagedExtension } from "./session.ts";

/** The names of what a zip file holds, from its central directory (APPNOTE.TXT, sections 4.3.12 and 4.3.16). */
function namesInZip(zip: Buffer): string[] {
	const end = zip.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
	assert.ok(end >= 0, "not a zip file");
	const names: string[] = [];
	let at = zip.readUInt32LE(end + 16);
	for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
		assert.equal(zip.readUInt32LE(at), 0x02014b50);
		const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
		names.push(zip.toString("utf8", at + 46, at + 46 + (name ?? 0)));
		at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
	}
	return names;
}

describe("the packaged extension", () => {
	it("is at most 300 kB large", async () => {
		const { length } = await readFile(packagedExtension);
		assert.ok(length <= 300_000, `${length} bytes`);
	});

	it("holds what runs and what is read, and nothing else", async () => {
		const names = namesInZip(await readFile(packagedExtension));
		const expected = [
			/^extension\.vsixmanifest$/,
			/^\[Content_Types\]\.xml$/,
			/^extension\/package(\.nls)?\.json$/,
			/^extension\/readme\.md$/i,
			/^extension\/changelog\.md$/i,
			/^extension\/LICENSE(\.txt)?$/,
			/^extension\/dist\/[\w.-]+\.cjs$/,
			/^extension\/media\/[\w.-]+\.(html|png|svg)$/,
			/^extension\/media\/walkthrough\/\w+\.md$/,
		];
		assert.deepEqual(
			names.filter((name) => !expected.some((each) => each.test(name))),
			[],
			"files too many",
		);
		assert.deepEqual(
			expected.filter((each) => !names.some((name) => each.test(name))).map(String),
			[],
			"files too few",
		);
	});
});
