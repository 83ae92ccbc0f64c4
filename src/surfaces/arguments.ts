import * as v from "valibot";
import { TwitterTokensError } from "../oauth/errors.ts";

const Fields = v.object({
	code: v.optional(v.string("must be text")),
	auth: v.optional(v.unknown()),
	scopes: v.optional(
		v.union([v.string(), v.array(v.string("must be names"))], "must be an array of names or a blank-separated text"),
	),
	account: v.optional(v.string("must be an account id or @handle")),
	revoke: v.optional(v.boolean("must be true or false")),
	from: v.optional(v.unknown()),
});

/** What a command may be called with (contract, "Commands"). `auth` and `from` are checked where they are read. */
const Arguments = v.pipe(
	// Own words: Valibot's repeat the value, which may be a code.
	v.custom<object>((value) => typeof value === "object" && !Array.isArray(value), "must be an object"),
	Fields,
);

export type Arguments = v.InferOutput<typeof Arguments>;

/** @throws {TwitterTokensError} `InvalidAuthSettings` naming the argument */
export function argumentsOf(argument: unknown): Arguments {
	const parsed = v.safeParse(Arguments, argument);
	if (!parsed.success) {
		const issue = parsed.issues[0];
		throw new TwitterTokensError(
			"InvalidAuthSettings",
			`The command's argument${v.getDotPath(issue) ? ` "${v.getDotPath(issue)}"` : ""} ${issue.message}. Nothing was done.`,
		);
	}
	return parsed.output;
}
