import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import * as client from "./client.ts";

describe("emulator: /mcp", () => {
	const running = client.useEmulator();
	const url = () => `${running().endpoints.api}/mcp`;

	/** Handshake, then what `use` does, with the SDK's client. */
	async function connected<T>(accessToken: string, use: (mcp: Client) => Promise<T>): Promise<T> {
		const headers = { Authorization: `Bearer ${accessToken}` };
		const mcp = new Client({ name: "test", version: "1.0.0" });
		await mcp.connect(new StreamableHTTPClientTransport(new URL(url()), { requestInit: { headers } }) as Transport);
		try {
			return await use(mcp);
		} finally {
			await mcp.close();
		}
	}

	async function whoAmI(accessToken: string): Promise<unknown> {
		const { content } = await connected(accessToken, (mcp) => mcp.callTool({ name: "who_am_i" }));
		assert.ok(Array.isArray(content) && content.length === 1);
		return JSON.parse(content[0].text);
	}

	const grace = () => running().users[1]?.id ?? "";

	async function refused(accessToken: string): Promise<void> {
		await assert.rejects(
			connected(accessToken, async () => {}),
			{ code: 401 },
		);
	}

	it("offers one tool, by the SDK's own handshake", async () => {
		const { access } = await client.signIn(running());
		const { tools } = await connected(access, (mcp) => mcp.listTools());
		assert.deepEqual(
			tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint]),
			[["who_am_i", true]],
		);
		assert.deepEqual(running().counters.outcomes["mcp initialize"], 1);
	});

	it("answers the user of the token", async () => {
		const { access } = await client.signIn(running());
		assert.deepEqual(await whoAmI(access), { id: client.userId(running()), name: "Ada", username: "ada_dev" });
		const { accessToken = "" } = running().signInElsewhere(client.publicClientId, grace());
		assert.deepEqual(await whoAmI(accessToken), { id: grace(), name: running().users[1]?.name, username: "grace_dev" });
	});

	it("refuses a token that expired, was revoked or is a refresh token", async () => {
		const { access, refresh } = await client.signIn(running());
		await refused(refresh);
		running().expireAccessTokens();
		await refused(access);
		const renewed = client.pairOf(await client.refresh(running(), refresh));
		await whoAmI(renewed.access);
		running().userRevokes(client.publicClientId, client.userId(running()));
		await refused(renewed.access);
	});

	it("challenges as RFC 6750 has it", async () => {
		const challenge = async (headers: Record<string, string>) => {
			const answer = await client.post(url(), {}, headers);
			assert.equal(answer.status, 401);
			return answer.headers.get("www-authenticate");
		};
		assert.equal(await challenge({}), 'Bearer realm="emulator"');
		assert.equal(
			await challenge({ authorization: "Bearer nonsense" }),
			'Bearer realm="emulator", error="invalid_token"',
		);
	});

	it("has no sessions: no stream to listen to, 400 to what is no JSON", async () => {
		const authorization = `Bearer ${(await client.signIn(running())).access}`;
		const listening = await client.get(url(), { authorization, accept: "text/event-stream" });
		assert.deepEqual([listening.status, listening.headers.get("allow")], [405, "POST"]);
		assert.equal((await client.post(url(), { a: "b" }, { authorization })).status, 400);
	});
});
