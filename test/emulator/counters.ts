/** What the emulator counted since the start or the last reset. */
export interface Counters {
	authorizeRequests: number;
	tokenRequests: number;
	revokeRequests: number;
	usersMeRequests: number;
	otherRequests: number;
	successfulExchanges: number;
	successfulRefreshes: number;
	successfulTokenExchanges: number;
	successfulRevocations: number;
	/** A refresh token that had already been used was sent once more. */
	consumedRefreshTokensSentAgain: number;
	/** The work was done, and the client did not get the answer. */
	answersLost: number;
	/** Token requests under way at the same time, at most. */
	maxConcurrentTokenRequests: number;
	/** Answers by what they were: `E7`, `refreshed`, `fault html`, … */
	outcomes: Record<string, number>;
}

/** One request, in the order of arrival. */
export interface LoggedRequest {
	readonly method: string;
	readonly path: string;
	readonly query: Record<string, string>;
	readonly form: Record<string, string>;
	readonly headers: Readonly<Record<string, string>>;
	/** Milliseconds since 1970 by the emulator's clock. */
	readonly at: number;
	/** Undefined as long as, or because, no status line was sent. */
	status: number | undefined;
	outcome: string | undefined;
}

export function zeroCounters(): Counters {
	return {
		authorizeRequests: 0,
		tokenRequests: 0,
		revokeRequests: 0,
		usersMeRequests: 0,
		otherRequests: 0,
		successfulExchanges: 0,
		successfulRefreshes: 0,
		successfulTokenExchanges: 0,
		successfulRevocations: 0,
		consumedRefreshTokensSentAgain: 0,
		answersLost: 0,
		maxConcurrentTokenRequests: 0,
		outcomes: {},
	};
}
