import * as v from "valibot";
import { jsonOf } from "./answers.ts";
import { TwitterTokensError } from "./errors.ts";
import type { HttpAnswer, Transport } from "./transport.ts";

/** Ids go beyond 2^53 and stay text (fact sheet, section 1.2). */
const Me = v.object({ data: v.object({ id: v.string(), username: v.string(), name: v.optional(v.string()) }) });

export interface Me {
	readonly id: string;
	/** Without the @. */
	readonly handle: string;
	readonly name?: string;
}

/**
 * `GET /2/users/me`: costs money per call and needs `tweet.read` and `users.read`, so it is asked once after a
 * sign-in, and its failure never costs the tokens.
 */
export async function whoAmI(
	transport: Transport,
	api: string,
	accessToken: string,
	signal?: AbortSignal,
): Promise<Me> {
	const answer = await transport({
		method: "GET",
		url: `${api}/2/users/me`,
		headers: { authorization: `Bearer ${accessToken}`, accept: "application/json" },
		...(signal ? { signal } : {}),
	});
	const me = v.safeParse(Me, jsonOf(answer));
	if (answer.status !== 200 || !me.success) {
		throw refusal(answer);
	}
	const { id, username, name } = me.output.data;
	return { id, handle: username, ...(name === undefined ? {} : { name }) };
}

const Problem = v.object({ title: v.optional(v.string(), ""), reason: v.optional(v.string(), "") });

/** The API's refusals that people blame on the token (fact sheet, sections 9.5 and 12). */
function refusal(answer: HttpAnswer): TwitterTokensError {
	const problem = v.safeParse(Problem, jsonOf(answer));
	const { reason, title } = problem.success ? problem.output : { reason: "", title: "" };
	const details = { status: answer.status };
	if (answer.status === 429) {
		return new TwitterTokensError(
			"RateLimited",
			"X's API says that there were too many requests. Try again in 15 minutes.",
			details,
		);
	}
	if (answer.status >= 500) {
		return new TwitterTokensError(
			"Unavailable",
			`X's API cannot answer at the moment (HTTP ${answer.status}).`,
			details,
		);
	}
	if (answer.status === 402 || reason === "client-not-enrolled" || title === "Client Forbidden") {
		return new TwitterTokensError(
			"UnexpectedResponse",
			`The token is fine; the app or the account is not enabled for X's API (HTTP ${answer.status}, ${answer.status === 402 ? "no credits" : "not enrolled"}). Open console.x.com.`,
			details,
		);
	}
	if (answer.status === 403) {
		return new TwitterTokensError(
			"UnexpectedResponse",
			"X's API wants both scopes tweet.read and users.read to say who is signed in (HTTP 403). Add both and sign in again.",
			details,
		);
	}
	return new TwitterTokensError(
		"UnexpectedResponse",
		`X's API did not say who is signed in (HTTP ${answer.status}).`,
		details,
	);
}
