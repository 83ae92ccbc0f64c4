import assert from "node:assert/strict";
import { parse } from "jsonc-parser";
import { withPair } from "../../../src/surfaces/authFileEdit.ts";

const pair = { access_token: "newA", refresh_token: "newR" };
const edit = (text: string) => withPair(text, pair, "auth.json");
const refused = (message: RegExp) => ({ name: "TwitterTokensError", code: "InvalidAuthSettings", message });

describe("an auth JSON with renewed tokens", () => {
	it("is the same text but for the two values", () => {
		const text = (access: string, refresh: string) =>
			`// mine\r\n{\r\n   "zeta" :1,\t"access_token"  :   "${access}" , /* why */\r\n\t"list": [1,\r\n2],\r\n "refresh_token":"${refresh}",\r\n  "client_secret": "caf\\u00e9 é",\r\n}\r\n// end`;
		assert.equal(edit(text("oldA", "oldR")), text("newA", "newR"));
	});

	it("keeps a byte order mark", () => {
		assert.equal(
			edit('\uFEFF{"access_token":"a","refresh_token":"b"}\n'),
			'\uFEFF{"access_token":"newA","refresh_token":"newR"}\n',
		);
	});

	it("takes values that were no text", () => {
		assert.equal(edit('{"access_token":null,"refresh_token":[1]}'), '{"access_token":"newA","refresh_token":"newR"}');
	});

	const added: readonly [string, string, string][] = [
		["indented by tabs", '{\n\t"a": 1\n}\n', '{\n\t"a": 1,\n\t"access_token": "newA",\n\t"refresh_token": "newR"\n}\n'],
		[
			"with other line ends",
			'{\r\n    "a":1\r\n}',
			'{\r\n    "a":1,\r\n    "access_token":"newA",\r\n    "refresh_token":"newR"\r\n}',
		],
		["on one line", '{ "a": 1 }', '{ "a": 1, "access_token": "newA", "refresh_token": "newR" }'],
		["dense", '{"a":1}', '{"a":1,"access_token":"newA","refresh_token":"newR"}'],
		["empty", "{}", '{"access_token": "newA","refresh_token": "newR"}'],
		[
			"with a trailing comma",
			'{\n  "a": 1, // one\n}',
			'{\n  "a": 1, // one\n  "access_token": "newA",\n  "refresh_token": "newR",\n}',
		],
		[
			"with a comment behind the last value",
			'{\n  "a": 1 // one\n  // the end\n}',
			'{\n  "a": 1, // one\n  "access_token": "newA",\n  "refresh_token": "newR"\n  // the end\n}',
		],
		[
			"with one of the two",
			'{\n  "refresh_token": "old",\n  "a": {"access_token": "nested"}\n}',
			'{\n  "refresh_token": "newR",\n  "a": {"access_token": "nested"},\n  "access_token": "newA"\n}',
		],
	];
	for (const [name, before, after] of added) {
		it(`gets missing keys in its own manner: ${name}`, () => {
			assert.equal(edit(before), after);
		});
	}

	it("keeps all other values, whatever they are", () => {
		const names = ["a", "é", "a b", "constructor", 'q"q', "", "access_token", "refresh_token"];
		const values = [
			1,
			-1.5e300,
			"x\u2028y",
			null,
			true,
			[],
			{},
			[{ deep: [1, { access_token: "no" }] }],
			"\ud83d\ude00",
		];
		let seed = 7;
		const random = (below: number) => {
			seed = (seed * 48_271) % 2_147_483_647;
			return seed % below;
		};
		for (let round = 0; round < 500; round++) {
			const object = Object.fromEntries(
				names.filter(() => random(2) === 0).map((name) => [name, values[random(values.length)]]),
			);
			const text = JSON.stringify(object, undefined, [0, 1, "\t", 4][random(4)]);
			assert.deepEqual(parse(edit(text)), { ...object, ...pair });
			assert.deepEqual(Object.keys(parse(edit(text))), Object.keys({ ...object, ...pair }));
		}
	});

	it("is the same text where it says so already", () => {
		const text = '{ "refresh_token" : "newR", "access_token":"newA" }';
		assert.equal(edit(text), text);
	});

	it("keeps its refresh token where there is no new one", () => {
		assert.equal(
			withPair('{"access_token":"a","refresh_token":"b"}', { access_token: "c" }, "x"),
			'{"access_token":"c","refresh_token":"b"}',
		);
	});

	it("is not guessed at: what is no JSON is refused", () => {
		for (const text of [
			"{'access_token': 'a'}",
			"{access_token: 1}",
			"",
			"{",
			"[]",
			'"x"',
			"null",
			'{"a":1} {"b":2}',
		]) {
			assert.throws(() => edit(text), refused(/auth\.json was not written to: it/), text);
		}
	});

	it("is refused where it names a key twice: readers take the last one, the edit would change the first", () => {
		assert.throws(() => edit('{"access_token":"a","access_token":"b","refresh_token":"c"}'), refused(/twice/));
	});

	it("is not quoted in an error", () => {
		assert.throws(
			() => edit("{'access_token': 'hush'}"),
			(error: Error) => !error.message.includes("hush"),
		);
	});
});
