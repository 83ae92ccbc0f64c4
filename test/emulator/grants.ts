import { randomBytes, randomInt } from "node:crypto";
import type { Switches } from "./switches.ts";

/** An authorization code lives 30 seconds (fact sheet, section 4). */
export const codeLifetimeMs = 30_000;

/** What an approval binds to its code (fact sheet, section 13.1). */
export interface Code {
	readonly value: string;
	readonly clientId: string;
	readonly userId: string;
	readonly redirectUri: string;
	readonly scopes: readonly string[];
	readonly challenge: string;
	readonly method: "S256" | "plain";
	readonly issuedAt: number;
	used: boolean;
}

/** `consumed`: a refresh token that was used; `dead`: revoked, replaced, or its app or grant is gone. */
export type TokenState = "live" | "consumed" | "dead";

export interface Token {
	readonly value: string;
	readonly kind: "access" | "refresh";
	readonly grant: Grant;
	state: TokenState;
	expiresAt: number;
}

/** What one app may do for one user. There is at most one live grant per pair (fact sheet, section 7). */
export interface Grant {
	readonly clientId: string;
	readonly userId: string;
	readonly scopes: readonly string[];
	access: Token | undefined;
	refresh: Token | undefined;
	/** Every token ever issued for this grant. */
	readonly tokens: Token[];
}

/** Base64url of `<45 characters>:<ms>:1:<0 or 1>:<kind>:1` (fact sheet, section 6.1). */
export function opaqueToken(kind: "ac" | "at" | "rt", ms: number, bit: number = randomInt(2)): string {
	const random = randomBytes(34).toString("base64url").slice(0, 45);
	const time = String(Math.trunc(ms)).padStart(13, "0");
	return Buffer.from(`${random}:${time}:1:${bit}:${kind}:1`).toString("base64url");
}

/** Codes, tokens and their rotation (fact sheet, sections 4, 6, 7). */
export class Grants {
	readonly #codes = new Map<string, Code>();
	readonly #tokens = new Map<string, Token>();
	readonly #live = new Map<string, Grant>();
	readonly #switches: Switches;
	readonly #now: () => number;

	constructor(switches: Switches, now: () => number) {
		this.#switches = switches;
		this.#now = now;
	}

	issueCode(bound: Omit<Code, "value" | "issuedAt" | "used">): string {
		const issuedAt = this.#now();
		const value = opaqueToken("ac", issuedAt);
		this.#codes.set(value, { ...bound, value, issuedAt, used: false });
		if (this.#switches.newApprovalKillsAt === "approval") {
			this.kill(bound.clientId, bound.userId);
		}
		return value;
	}

	/** The code, unless it is unknown, used, older than 30 s or of another app (E2). */
	usableCode(value: string, clientId: string): Code | undefined {
		const code = this.#codes.get(value);
		const usable = code && !code.used && code.clientId === clientId && this.#now() - code.issuedAt <= codeLifetimeMs;
		return usable ? code : undefined;
	}

	/** A new pair; the one that the same app held for the same user dies. */
	open(clientId: string, userId: string, scopes: readonly string[]): Grant {
		this.kill(clientId, userId);
		const grant: Grant = { clientId, userId, scopes, access: undefined, refresh: undefined, tokens: [] };
		this.#live.set(keyOf(clientId, userId), grant);
		this.#issuePair(grant);
		return grant;
	}

	/** A new pair for the same grant; the refresh token that bought it is consumed (fact sheet, section 7). */
	rotate(refresh: Token): Grant {
		const { grant } = refresh;
		refresh.state = "consumed";
		if (grant.access && this.#switches.oldAccessTokenAfterRefresh === "dies") {
			grant.access.state = "dead";
		}
		this.#issuePair(grant);
		return grant;
	}

	#issuePair(grant: Grant): void {
		const now = this.#now();
		const bit = randomInt(2);
		const issue = (kind: Token["kind"], seconds: number): Token => {
			const value = opaqueToken(kind === "access" ? "at" : "rt", now, bit);
			const token: Token = { value, kind, grant, state: "live", expiresAt: now + seconds * 1000 };
			grant.tokens.push(token);
			this.#tokens.set(value, token);
			return token;
		};
		grant.access = issue("access", this.#switches.expiresIn);
		grant.refresh = grant.scopes.includes("offline.access")
			? issue("refresh", this.#switches.refreshTokenLifetime)
			: undefined;
	}

	/** Whatever became of it. */
	token(value: string): Token | undefined {
		return this.#tokens.get(value);
	}

	isLive(token: Token): boolean {
		return token.state === "live" && this.#now() < token.expiresAt;
	}

	live(clientId: string, userId: string): Grant | undefined {
		return this.#live.get(keyOf(clientId, userId));
	}

	/** @returns whether there was anything to kill */
	kill(clientId: string, userId: string): boolean {
		const grant = this.live(clientId, userId);
		if (grant) {
			this.killGrant(grant);
		}
		return grant !== undefined;
	}

	killGrant(grant: Grant): void {
		for (const token of grant.tokens) {
			this.#die(token);
		}
		const key = keyOf(grant.clientId, grant.userId);
		if (this.#live.get(key) === grant) {
			this.#live.delete(key);
		}
	}

	/** One token; with it its grant, if the switch says so (fact sheet, section 8). */
	revoke(token: Token): void {
		if (this.#switches.revokeKillsPartner) {
			this.killGrant(token.grant);
		} else {
			this.#die(token);
		}
	}

	killApp(clientId: string): void {
		for (const grant of [...this.#live.values()]) {
			if (grant.clientId === clientId) {
				this.killGrant(grant);
			}
		}
	}

	expireAccessTokens(): void {
		for (const token of this.#tokens.values()) {
			if (token.kind === "access") {
				token.expiresAt = Math.min(token.expiresAt, this.#now());
			}
		}
	}

	clear(): void {
		this.#codes.clear();
		this.#tokens.clear();
		this.#live.clear();
	}

	#die(token: Token): void {
		if (token.state === "live") {
			token.state = "dead";
		}
	}
}

function keyOf(clientId: string, userId: string): string {
	return `${clientId} ${userId}`;
}
