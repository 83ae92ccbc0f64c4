import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { confidentialClientId, confidentialClientSecret, publicClientId } from "../../emulator/apps.ts";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../emulator/emulator.ts";

export const redirectUri = "http://127.0.0.1:8737/callback";
export const verifier = "v".repeat(43);
export const challenge = createHash("sha256").update(verifier).digest("base64url");
export const threeScopes = "tweet.read users.read offline.access";
export const basic = `Basic ${btoa(`${confidentialClientId}:${confidentialClientSecret}`)}`;
export { confidentialClientId, confidentialClientSecret, publicClientId };

/** What a test sees of an answer. */
export interface Answer {
	status: number;
	headers: Headers;
	text: string;
	json: Record<string, unknown>;
}

/** Starts an emulator before, and closes it after, each test of the suite that calls it. */
export function useEmulator(options: EmulatorOptions = {}): () => Emulator {
	let emulator: Emulator | undefined;
	beforeEach(async () => {
		emulator = await startEmulator(options);
	});
	afterEach(async () => {
		await emulator?.close();
		emulator = undefined;
	});
	return () => {
		assert.ok(emulator, "the emulator is running");
		return emulator;
	};
}

export async function answerOf(sent: Promise<Response>): Promise<Answer> {
	const response = await sent;
	const text = await response.text();
	const isJson = /json/.test(response.headers.get("content-type") ?? "");
	return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
}

export function post(url: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
	return answerOf(fetch(url, { method: "POST", body: new URLSearchParams(form), headers, redirect: "manual" }));
}

export function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
	return answerOf(fetch(url, { headers, redirect: "manual" }));
}

export function linkOf(emulator: Emulator, changes: Record<string, string | undefined> = {}): string {
	const parameters: Record<string, string | undefined> = {
		response_type: "code",
		client_id: publicClientId,
		redirect_uri: redirectUri,
		scope: threeScopes,
		state: "some-state_123",
		code_challenge: challenge,
		code_challenge_method: "S256",
		...changes,
	};
	const kept = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
	return `${emulator.endpoints.authorize}?${new URLSearchParams(kept)}`;
}

export function codeOf(emulator: Emulator, scope = threeScopes, clientId = publicClientId): string {
	return emulator.issueCode({ clientId, redirectUri, scope, challenge });
}

/** A code exchange of the public app; `undefined` leaves a parameter out. */
export function exchange(
	emulator: Emulator,
	code: string,
	changes: Record<string, string | undefined> = {},
	headers: Record<string, string> = {},
): Promise<Answer> {
	const all: Record<string, string | undefined> = {
		grant_type: "authorization_code",
		code,
		redirect_uri: redirectUri,
		code_verifier: verifier,
		client_id: publicClientId,
		...changes,
	};
	const kept = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
	return post(emulator.endpoints.token, Object.fromEntries(kept), headers);
}

export function refresh(emulator: Emulator, token: string, clientId = publicClientId): Promise<Answer> {
	const form = { grant_type: "refresh_token", refresh_token: token, client_id: clientId };
	return post(emulator.endpoints.token, form);
}

export function me(emulator: Emulator, accessToken: string, query = ""): Promise<Answer> {
	return get(`${emulator.endpoints.api}/2/users/me${query}`, { authorization: `Bearer ${accessToken}` });
}

export interface Pair {
	access: string;
	refresh: string;
}

export function pairOf(answer: Answer): Pair {
	assert.equal(answer.status, 200, answer.text);
	return { access: String(answer.json.access_token), refresh: String(answer.json.refresh_token) };
}

export async function signIn(emulator: Emulator, scope = threeScopes): Promise<Pair> {
	return pairOf(await exchange(emulator, codeOf(emulator, scope)));
}

export function userId(emulator: Emulator, index = 0): string {
	return emulator.users[index]?.id ?? "";
}

const bodies = {
	E1: [401, '{"error":"unauthorized_client","error_description":"Missing valid authorization header"}'],
	E2: [400, '{"error":"invalid_request","error_description":"Value passed for the authorization code was invalid."}'],
	E3: [
		400,
		'{"error":"invalid_request","error_description":"Value passed for the code verifier did not match the code challenge."}',
	],
	E4: [
		400,
		'{"error":"invalid_request","error_description":"Value passed for the redirect uri did not match the uri of the authorization code."}',
	],
	E6: [400, '{"error":"invalid_client","error_description":"Value passed for the client id was invalid."}'],
	E7: [400, '{"error":"invalid_request","error_description":"Value passed for the token was invalid."}'],
	E8: [
		400,
		'{"error":"invalid_request","error_description":"Value passed for the grant type was invalid. Grant type should be one of [authorization_code, refresh_token]."}',
	],
} as const;

export function assertError(answer: Answer, name: keyof typeof bodies): void {
	assert.deepEqual([answer.status, answer.text], bodies[name]);
	assert.match(answer.headers.get("content-type") ?? "", /^application\/json;/);
}

export function assertMissing(answer: Answer, parameter: string): void {
	const body = `{"error":"invalid_request","error_description":"Missing required parameter [${parameter}]."}`;
	assert.deepEqual([answer.status, answer.text], [400, body]);
}
