import type { App, User } from "./apps.ts";
import type { Counters } from "./counters.ts";
import type { Faults } from "./faults.ts";
import type { Grants } from "./grants.ts";
import type { Switches } from "./switches.ts";

/** All that the endpoints share. */
export interface World {
	readonly origin: string;
	readonly apps: App[];
	readonly users: User[];
	readonly switches: Switches;
	readonly grants: Grants;
	readonly faults: Faults;
	readonly counters: Counters;
	readonly now: () => number;
	/** Moments of the calls of `/2/users/me`, by user id. */
	readonly calls: Map<string, number[]>;
	/** App-only bearers, by client id. */
	readonly appOnlyTokens: Map<string, string>;
}

export function appOf(world: Pick<World, "apps">, clientId: string | undefined): App | undefined {
	return world.apps.find((app) => app.clientId === clientId);
}

export function userOf(world: Pick<World, "users">, userId: string | undefined): User | undefined {
	return world.users.find((user) => user.id === userId);
}
