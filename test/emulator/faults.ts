import { setTimeout as wait } from "node:timers/promises";
import { errorPage } from "./authorizePage.ts";
import { html, json, problemType, type Reply } from "./http.ts";

/**
 * What goes wrong between the server and the client (fact sheet, section 13.3). `worked` says whether the server has
 * done its work all the same: rotated, revoked, consumed.
 */
export type ServerFault =
	/** The answer comes late. Without `worked: false` the work is done at once, before the wait. */
	| { readonly kind: "slow"; readonly ms: number; readonly worked?: boolean }
	/** No answer as long as the client keeps the connection. Work only with `worked: true`. */
	| { readonly kind: "never"; readonly worked?: boolean }
	/** Cut before anything was done or sent. */
	| { readonly kind: "cutBeforeWork" }
	/** Work done; status line and headers are sent, then the connection is cut. */
	| { readonly kind: "cutBeforeBody" }
	/** Work done, then cut without a byte: the answer lost after the rotation. */
	| { readonly kind: "answerLost" }
	/** Cloudflare's page. Work only with `worked: true`. */
	| { readonly kind: "html"; readonly status: 500 | 502 | 503; readonly worked?: boolean }
	/** Work done, 200 without a body. */
	| { readonly kind: "emptyBody" }
	/** 429, with or without the three headers. No work. */
	| { readonly kind: "rateLimited"; readonly headers: boolean; readonly resetInSeconds?: number };

/** Faults of a token answer; all but the last do the work. */
export type TokenFault =
	| ServerFault
	| { readonly kind: "withoutAccessToken" }
	| { readonly kind: "expiresInMissing" }
	| { readonly kind: "expiresInText" }
	| { readonly kind: "unknownFields" }
	/** E11: 503 JSON. No work. */
	| { readonly kind: "temporarilyUnavailable" };

/** Faults of the API (fact sheet, section 9.5). */
export type ApiFault =
	| ServerFault
	/** 402; `variant` is the newer wording. */
	| { readonly kind: "creditsDepleted"; readonly variant?: boolean }
	/** 403 `client-not-enrolled`. */
	| { readonly kind: "notEnrolled" };

/** What can be wrong with the way back from the consent page. */
export type CallbackFault =
	/** The emulator visits an `http` redirect URI itself, then sends the browser there, too. */
	{ readonly kind: "twice" } | { readonly kind: "foreignState" } | { readonly kind: "codeAndError" };

export interface FaultsOf {
	authorize: ServerFault;
	callback: CallbackFault;
	token: TokenFault;
	revoke: TokenFault;
	usersMe: ApiFault;
	/** Server metadata and the app-only token. */
	other: ServerFault;
}

export type Endpoint = keyof FaultsOf;
export type Fault = FaultsOf[Endpoint];

/** The faults that wait for a request. */
export class Faults {
	readonly #next = new Map<Endpoint, Fault[]>();
	readonly #always = new Map<Endpoint, Fault>();

	next<E extends Endpoint>(endpoint: E, fault: FaultsOf[E], times = 1): void {
		const queue = this.#next.get(endpoint) ?? [];
		queue.push(...Array<Fault>(times).fill(fault));
		this.#next.set(endpoint, queue);
	}

	/** Applies where no `next` fault waits; `undefined` ends it. */
	always<E extends Endpoint>(endpoint: E, fault: FaultsOf[E] | undefined): void {
		if (fault) {
			this.#always.set(endpoint, fault);
		} else {
			this.#always.delete(endpoint);
		}
	}

	take<E extends Endpoint>(endpoint: E): FaultsOf[E] | undefined;
	take(endpoint: Endpoint): Fault | undefined {
		return this.#next.get(endpoint)?.shift() ?? this.#always.get(endpoint);
	}

	clear(): void {
		this.#next.clear();
		this.#always.clear();
	}
}

export interface Delivery {
	readonly reply: Reply;
	/** How much of the reply leaves the server. */
	readonly send: "all" | "headers" | "nothing" | "never";
}

/**
 * @param work does what the request asks for; called at most once
 * @param stop ends a wait
 */
export async function deliver(
	endpoint: Exclude<Endpoint, "callback">,
	fault: FaultsOf[typeof endpoint] | undefined,
	work: () => Reply,
	now: () => number,
	stop: AbortSignal,
): Promise<Delivery> {
	if (!fault) {
		return { reply: work(), send: "all" };
	}
	const outcome = `fault ${fault.kind}`;
	const instead = (reply: Reply): Delivery => ({ reply, send: "all" });
	const changed = (change: (body: Record<string, unknown>) => object): Delivery => {
		const reply = work();
		const body = reply.status === 200 ? JSON.stringify(change(JSON.parse(reply.body))) : reply.body;
		return { reply: { ...reply, body, outcome }, send: "all" };
	};
	const nothing: Reply = { status: 0, headers: {}, body: "", outcome };
	switch (fault.kind) {
		case "slow": {
			const early = fault.worked === false ? undefined : work();
			await wait(fault.ms, undefined, { signal: stop });
			return { reply: early ?? work(), send: "all" };
		}
		case "never":
			if (fault.worked) {
				work();
			}
			return { reply: nothing, send: "never" };
		case "cutBeforeWork":
			return { reply: nothing, send: "nothing" };
		case "cutBeforeBody":
			return { reply: { ...work(), outcome }, send: "headers" };
		case "answerLost":
			work();
			return { reply: nothing, send: "nothing" };
		case "html":
			if (fault.worked) {
				work();
			}
			return { reply: cloudflarePage(fault.status, outcome), send: "all" };
		case "emptyBody":
			work();
			return { reply: { ...nothing, status: 200 }, send: "all" };
		case "rateLimited": {
			const reset = Math.ceil(now() / 1000) + (fault.resetInSeconds ?? 900);
			const headers = fault.headers ? rateLimitHeaders(75, 0, reset) : {};
			if (endpoint === "authorize") {
				return instead(html(429, errorPage("too many attempts"), outcome, headers));
			}
			return instead(
				endpoint === "token" || endpoint === "revoke" ? oauthRateLimited(headers) : apiRateLimited(headers),
			);
		}
		case "withoutAccessToken":
			return changed(({ access_token, ...rest }) => rest);
		case "expiresInMissing":
			return changed(({ expires_in, ...rest }) => rest);
		case "expiresInText":
			return changed((body) => ({ ...body, expires_in: String(body.expires_in) }));
		case "unknownFields":
			return changed((body) => ({
				...body,
				errors: [],
				new_in_2027: { nested: true },
				refresh_token_expires_in: null,
			}));
		case "temporarilyUnavailable":
			return instead(json(503, { error: "temporarily_unavailable" }, outcome));
		case "creditsDepleted":
			return instead(json(402, creditsDepleted(fault.variant === true), outcome, {}, problemType));
		case "notEnrolled":
			return instead(json(403, notEnrolled, outcome, {}, problemType));
	}
}

export function rateLimitHeaders(limit: number, remaining: number, resetSeconds: number): Record<string, string> {
	return {
		"x-rate-limit-limit": String(limit),
		"x-rate-limit-remaining": String(remaining),
		"x-rate-limit-reset": String(resetSeconds),
	};
}

/** Fact sheet, section 9.5. */
export function apiRateLimited(headers: Record<string, string>): Reply {
	const body = { title: "Too Many Requests", detail: "Too Many Requests", type: "about:blank", status: 429 };
	return json(429, body, "429", headers, problemType);
}

/** E10; the body beyond `error` is not known (fact sheet, section 5.3). */
function oauthRateLimited(headers: Record<string, string>): Reply {
	return json(429, { error: "rate_limited" }, "E10", headers);
}

function cloudflarePage(status: 500 | 502 | 503, outcome: string): Reply {
	const title = { 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable" }[status];
	const page = `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body><center><h1>${status} ${title}</h1></center></body>\r\n</html>\r\n`;
	return html(status, page, outcome, { server: "cloudflare envoy" });
}

const accountId = 1965012345678;

function creditsDepleted(variant: boolean): object {
	return {
		account_id: accountId,
		title: variant ? "Payment Required" : "CreditsDepleted",
		detail: `Your enrolled account [${accountId}] does not have any credits to fulfill this request.`,
		type: variant ? "https://api.x.com/2/problems/credits-depleted" : "https://api.twitter.com/2/problems/credits",
	};
}

const notEnrolled = {
	client_id: "12345678",
	detail:
		"When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a Twitter " +
		"developer App that is attached to a Project. You can create a project via the developer portal.",
	registration_url: "https://developer.twitter.com/en/docs/projects/overview",
	title: "Client Forbidden",
	required_enrollment: "Appropriate Level of API Access",
	reason: "client-not-enrolled",
	type: "https://api.twitter.com/2/problems/client-forbidden",
};
