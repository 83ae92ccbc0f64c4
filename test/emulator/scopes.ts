/** Every scope name of the fact sheet, section 2.3. */
export const knownScopes: ReadonlySet<string> = new Set(
	(
		"tweet.read tweet.write tweet.moderate.write users.read users.email follows.read follows.write offline.access " +
		"space.read mute.read mute.write like.read like.write list.read list.write block.read block.write bookmark.read " +
		"bookmark.write dm.read dm.write media.write timeline.read broadcast.read broadcast.write ads.read ads.write " +
		"developer.write developer.billing.write"
	).split(" "),
);

const shortOrder = "tweet.write users.read like.read tweet.read offline.access".split(" ");
const longOrder = (
	"mute.write tweet.moderate.write block.read follows.read offline.access list.write bookmark.read list.read " +
	"tweet.write space.read block.write like.write like.read users.read tweet.read bookmark.write mute.read follows.write"
).split(" ");

/** The names of a blank-separated scope, without repeats. */
export function scopesOf(text: string): string[] {
	return [...new Set(text.split(/\s+/).filter(Boolean))];
}

/** In the server's order, which is not the request's (fact sheet, sections 6 and 13.1). */
export function inServerOrder(scopes: readonly string[]): string[] {
	const order = scopes.length <= 4 ? shortOrder : longOrder;
	const rank = (scope: string): number => (order.includes(scope) ? order.indexOf(scope) : order.length);
	return [...scopes].sort((a, b) => rank(a) - rank(b));
}
