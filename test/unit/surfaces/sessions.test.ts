import assert from "node:assert/strict";
import {
	answersTo,
	askedScopes,
	changesBetween,
	hasScopes,
	type SessionView,
	sessionsOf,
} from "../../../src/surfaces/sessions.ts";
import type { Account } from "../../../src/vault/records.ts";

const account = (more: Partial<Account> = {}): Account => ({
	id: "0000000a",
	clientId: "client",
	tokenEndpoint: "https://api.x.com/2/oauth2/token",
	user: { id: "1", handle: "ada_dev" },
	tokens: {
		accessToken: "the-access-token",
		refreshToken: "the-refresh-token",
		scopes: ["offline.access", "tweet.read", "users.read"],
		issuedAt: 1000,
		expiresAt: 7_201_000,
		response: { access_token: "the-access-token" },
	},
	...more,
});

const view = (more: Partial<SessionView> = {}): SessionView => ({
	id: "0000000a",
	label: "@ada_dev",
	scopes: ["tweet.read", "users.read"],
	issuedAt: 1000,
	...more,
});

const nothing = { added: [], removed: [], changed: [] };

describe("sessions of accounts", () => {
	it("are one for each account, without tokens", () => {
		const sessions = sessionsOf([account(), account({ id: "0000000b", user: undefined })]);
		assert.deepEqual(
			sessions.map(({ id, label }) => [id, label]),
			[
				["0000000a", "@ada_dev"],
				["0000000b", "account 0000000b"],
			],
		);
		assert.ok(!JSON.stringify(sessions).includes("-token"));
	});

	it("leave out an account that has to sign in again", () => {
		const dead = account({ signInNeeded: { since: 1, reason: "replacedElsewhere" } });
		assert.deepEqual(sessionsOf([dead]), []);
	});
});

describe("the scopes of a request", () => {
	it("are met by an account that has them or more, in any order", () => {
		assert.ok(hasScopes(view(), ["users.read", "tweet.read"]));
		assert.ok(hasScopes(view(), ["users.read"]));
		assert.ok(hasScopes(view(), []));
	});

	it("are not met where one is missing", () => {
		assert.ok(!hasScopes(view(), ["users.read", "tweet.write"]));
		assert.ok(!hasScopes(view({ scopes: [] }), ["users.read"]));
	});

	it("are read from several texts, and from one", () => {
		assert.deepEqual(askedScopes(undefined), []);
		assert.deepEqual(askedScopes(["users.read", "tweet.read", "users.read"]), ["tweet.read", "users.read"]);
		assert.deepEqual(askedScopes(["users.read tweet.read"]), ["tweet.read", "users.read"]);
	});
});

describe("changes of sessions", () => {
	it("are none where nothing but a use was noted", () => {
		const [before] = sessionsOf([account()]);
		const [after] = sessionsOf([account({ lastUsedAt: 2000, renewal: { startedAt: 1, attempts: 1 } })]);
		assert.deepEqual(changesBetween(before ? [before] : [], after ? [after] : []), nothing);
	});

	it("are a sign-in, a renewal and a sign-out", () => {
		const other = view({ id: "0000000b", label: "@grace_dev" });
		const renewed = view({ issuedAt: 2000 });
		assert.deepEqual(changesBetween([], [view()]), { ...nothing, added: [view()] });
		assert.deepEqual(changesBetween([view(), other], [renewed, other]), { ...nothing, changed: [renewed] });
		assert.deepEqual(changesBetween([view(), other], [view()]), { ...nothing, removed: [other] });
	});

	it("are a session that went and one that came where the handle became known", () => {
		const unnamed = view({ label: "account 0000000a" });
		assert.deepEqual(changesBetween([unnamed], [view()]), { added: [view()], removed: [unnamed], changed: [] });
	});
});

describe("requests that could not be met", () => {
	const added = view({ scopes: ["like.read", "tweet.read", "users.read"] });

	it("are answered by a new session under just the scopes asked for, word for word", () => {
		const asked = ["users.read", "like.read"];
		assert.deepEqual(answersTo([asked], { ...nothing, added: [added] }), [
			{ asked, session: { ...added, scopes: asked } },
		]);
	});

	it("are answered by an account that got more scopes", () => {
		assert.equal(answersTo([["like.read"]], { ...nothing, changed: [added] }).length, 1);
	});

	it("stay where the session has too few scopes, or went", () => {
		assert.deepEqual(answersTo([["tweet.write"]], { ...nothing, added: [added] }), []);
		assert.deepEqual(answersTo([["like.read"]], { ...nothing, removed: [added] }), []);
	});
});
