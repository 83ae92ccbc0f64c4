const minute = 60_000;

/** What is left, as the status bar says it: `1h 59m`, below an hour `42m`, below a minute `<1m`. */
export function countdown(remainingMs: number): string {
	const minutes = Math.floor(remainingMs / minute);
	if (minutes < 1) {
		return "<1m";
	}
	return minutes < 60 ? `${minutes}m` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}

/** Milliseconds until `countdown` says something else. */
export function untilNextText(remainingMs: number): number {
	return remainingMs <= 0 ? Number.POSITIVE_INFINITY : (remainingMs % minute) + 1;
}
