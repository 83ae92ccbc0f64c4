import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { type App, checkApp, defaultApps, defaultUsers, type User } from "./apps.ts";
import { approvedAddress, type CheckedAuthorization, checkAuthorization, deniedAddress } from "./authorization.ts";
import { errorText, errorTitle } from "./authorizePage.ts";
import { type Counters, type LoggedRequest, zeroCounters } from "./counters.ts";
import { type Endpoint, Faults, type FaultsOf } from "./faults.ts";
import { type Grant, Grants } from "./grants.ts";
import { scopesOf } from "./scopes.ts";
import { serve } from "./server.ts";
import { defaultSwitches, type Switches } from "./switches.ts";
import { appOf, userOf, type World } from "./world.ts";

export interface EmulatorOptions {
	/** A free one, unless given. */
	port?: number;
	/** `127.0.0.1` unless given. */
	host?: string;
	/** Instead of the two default apps. */
	apps?: App[];
	/** Instead of the two default users. */
	users?: User[];
	/** Registered for the default apps beside the usual redirect URIs. */
	redirectUris?: readonly string[];
	switches?: Partial<Switches>;
	/** The emulator's clock, ms since 1970. */
	now?: () => number;
	log?: (line: string) => void;
}

/** The shape of the setting `twitterTokens.endpoints`. */
export interface Endpoints {
	authorize: string;
	token: string;
	revoke: string;
	api: string;
}

export interface CodeRequest {
	clientId: string;
	redirectUri: string;
	/** `tweet.read users.read offline.access` unless given. */
	scope?: string;
	challenge: string;
	/** `S256` unless given. */
	method?: "S256" | "plain";
	/** The first user unless given. */
	userId?: string;
}

/** A token is absent where it is dead, expired or was never issued. */
export interface LiveGrant {
	accessToken?: string;
	refreshToken?: string;
	scopes: string[];
	/** Milliseconds since 1970. */
	accessTokenExpiresAt?: number;
}

/** X's OAuth 2.0 server and `/2/users/me`, as far as they are known (fact sheet, section 13). */
export interface Emulator {
	readonly origin: string;
	readonly endpoints: Endpoints;
	/** The same routes under another base address, as `twitter.com` is for `x.com` (fact sheet, section 1). */
	readonly legacyEndpoints: Endpoints;
	readonly apps: App[];
	readonly users: User[];
	/** Can be changed at any time. */
	readonly switches: Switches;
	readonly requests: LoggedRequest[];
	readonly counters: Counters;
	/** The next `times` (once unless given) requests there go wrong. */
	faultNext<E extends Endpoint>(endpoint: E, fault: FaultsOf[E], times?: number): void;
	/** Every request there goes wrong; `undefined` ends it. */
	faultAlways<E extends Endpoint>(endpoint: E, fault: FaultsOf[E] | undefined): void;
	clearFaults(): void;
	/** An approval without a link: just the code. */
	issueCode(request: CodeRequest): string;
	/** Where *Authorize* sends the browser. Throws with the page's text where X would show its error page. */
	approve(link: string, userId?: string): string;
	/** Where *Cancel* sends the browser; undefined with the switch `cancel: "noRedirect"`. Throws like `approve`. */
	deny(link: string): string | undefined;
	/** A second sign-in from "another computer": the grant so far dies, this is the new one. */
	signInElsewhere(clientId: string, userId: string): LiveGrant;
	/** In X's settings, connected apps. */
	userRevokes(clientId: string, userId: string): void;
	/** In the console; the old secret fails from now on, the tokens live on. @returns the new secret */
	regenerateSecret(clientId: string): string;
	deleteApp(clientId: string): void;
	liveGrant(clientId: string, userId: string): LiveGrant | undefined;
	/** As if two hours had passed for the access tokens. */
	expireAccessTokens(): void;
	/** Back to the state after the start: apps, users, switches, grants, faults, requests, counters. */
	reset(): void;
	/** Ends at once, open connections included. */
	close(): Promise<void>;
}

export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
	const initialApps = options.apps ?? defaultApps(options.redirectUris);
	const initialUsers = options.users ?? defaultUsers();
	initialApps.forEach(checkApp);
	const now = options.now ?? Date.now;
	const host = options.host ?? "127.0.0.1";

	const apps: App[] = [];
	const users: User[] = [];
	const requests: LoggedRequest[] = [];
	const switches: Switches = { ...defaultSwitches };
	const grants = new Grants(switches, now);
	const faults = new Faults();
	const counters = zeroCounters();
	const calls = new Map<string, number[]>();
	const appOnlyTokens = new Map<string, string>();

	function reset(): void {
		apps.splice(0, apps.length, ...structuredClone(initialApps));
		users.splice(0, users.length, ...structuredClone(initialUsers));
		Object.assign(switches, defaultSwitches, options.switches);
		requests.length = 0;
		Object.assign(counters, zeroCounters());
		grants.clear();
		faults.clear();
		calls.clear();
		appOnlyTokens.clear();
	}
	reset();

	const stop = new AbortController();
	const server = serve(() => world, requests, options.log ?? (() => {}), stop.signal);
	await new Promise<void>((resolve, reject) => {
		server.once("error", reject);
		server.listen(options.port ?? 0, host, resolve);
	});
	const { port } = server.address() as AddressInfo;
	const origin = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
	const world: World = { origin, apps, users, switches, grants, faults, counters, now, calls, appOnlyTokens };

	function knownApp(clientId: string): App {
		const app = appOf(world, clientId);
		if (!app) {
			throw new Error(`The emulator has no app with the client id ${clientId}.`);
		}
		return app;
	}

	function knownUser(userId: string | undefined): string {
		const user = userOf(world, userId ?? users[0]?.id);
		if (!user) {
			throw new Error(`The emulator has no user with the id ${userId}.`);
		}
		return user.id;
	}

	function checkLink(link: string): Exclude<CheckedAuthorization, { kind: "errorPage" }> {
		const url = new URL(link);
		if (!/^(?:\/legacy)?\/i\/oauth2\/authorize$/.test(url.pathname)) {
			throw new Error(`Not an authorization link: ${url.origin}${url.pathname}`);
		}
		const checked = checkAuthorization(world, url.searchParams);
		if (checked.kind === "errorPage") {
			throw new Error(`${errorTitle}. ${errorText} (The emulator says why: ${checked.reason}.)`);
		}
		return checked;
	}

	function describe(grant: Grant): LiveGrant {
		const { access, refresh, scopes } = grant;
		return {
			scopes: [...scopes],
			...(access && grants.isLive(access) ? { accessToken: access.value, accessTokenExpiresAt: access.expiresAt } : {}),
			...(refresh && grants.isLive(refresh) ? { refreshToken: refresh.value } : {}),
		};
	}

	return {
		origin,
		endpoints: endpointsOf(origin),
		legacyEndpoints: endpointsOf(`${origin}/legacy`),
		apps,
		users,
		switches,
		requests,
		counters,
		faultNext: (endpoint, fault, times) => faults.next(endpoint, fault, times),
		faultAlways: (endpoint, fault) => faults.always(endpoint, fault),
		clearFaults: () => faults.clear(),
		issueCode({ clientId, redirectUri, scope, challenge, method = "S256", userId }) {
			const scopes = scopesOf(scope ?? "tweet.read users.read offline.access");
			const bound = { clientId: knownApp(clientId).clientId, userId: knownUser(userId), redirectUri };
			return grants.issueCode({ ...bound, scopes, challenge, method });
		},
		approve(link, userId) {
			const checked = checkLink(link);
			return checked.kind === "redirect"
				? checked.address
				: approvedAddress(world, checked.request, knownUser(userId), faults.take("callback"));
		},
		deny(link) {
			const checked = checkLink(link);
			return checked.kind === "redirect"
				? checked.address
				: deniedAddress(world, checked.request, faults.take("callback"));
		},
		signInElsewhere(clientId, userId) {
			const scopes = grants.live(clientId, userId)?.scopes ?? scopesOf("tweet.read users.read offline.access");
			return describe(grants.open(knownApp(clientId).clientId, knownUser(userId), scopes));
		},
		userRevokes: (clientId, userId) => void grants.kill(clientId, userId),
		regenerateSecret(clientId) {
			const secret = `-${randomBytes(37).toString("base64url").slice(0, 49)}`;
			knownApp(clientId).clientSecret = secret;
			return secret;
		},
		deleteApp(clientId) {
			apps.splice(apps.indexOf(knownApp(clientId)), 1);
			grants.killApp(clientId);
		},
		liveGrant(clientId, userId) {
			const grant = grants.live(clientId, userId);
			const live = grant && describe(grant);
			return live?.accessToken !== undefined || live?.refreshToken !== undefined ? live : undefined;
		},
		expireAccessTokens: () => grants.expireAccessTokens(),
		reset,
		async close() {
			stop.abort();
			await new Promise<void>((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			});
		},
	};
}

function endpointsOf(base: string): Endpoints {
	return {
		authorize: `${base}/i/oauth2/authorize`,
		token: `${base}/2/oauth2/token`,
		revoke: `${base}/2/oauth2/revoke`,
		api: base,
	};
}
