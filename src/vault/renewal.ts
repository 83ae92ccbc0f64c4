import { messageOf, TwitterTokensError } from "../oauth/errors.ts";
import type { TokenSet } from "../oauth/tokens.ts";
import { changeIfHeld, keepAnswer } from "./answer.ts";
import { backOffAfter, failureMessage } from "./backOff.ts";
import { type Asking, obstacle, signInMessage } from "./obstacles.ts";
import { type Account, type App, labelOf, type SignInReason } from "./records.ts";
import type { VaultLog } from "./secretStore.ts";
import type { OpenVault } from "./vault.ts";

/** Sends a refresh request, once. @throws TwitterTokensError; `GrantLost` only for X's own "token was invalid" */
export type RefreshGrant = (account: Account, app: App, refreshToken: string) => Promise<TokenSet>;

export interface RenewalParts {
	readonly vault: OpenVault;
	readonly refresh: RefreshGrant;
	readonly tokenEndpoint: string;
	readonly now: () => number;
	readonly random: () => number;
	readonly log: VaultLog;
	readonly signal?: AbortSignal | undefined;
	/** For tests: called at each named step. */
	readonly step?: ((name: string) => void) | undefined;
}

/** X drops refresh tokens after about six months (fact sheet, section 7); ms, a little less. */
const refreshTokenLife = 175 * 24 * 60 * 60_000;

/**
 * One renewal of one account over all windows and processes (design, "Keeping a rotating token alive"):
 * lock, read again, note the intent, send, and write the answer down before anything else happens.
 *
 * @param seen the account as whoever asks knows it: if it has moved on meanwhile, nothing is sent
 * @returns the account with its newest tokens
 * @throws TwitterTokensError why there are none; the tokens are kept in any case
 */
export async function renewOnce(parts: RenewalParts, seen: Account, asking: Asking): Promise<Account> {
	const { vault, step } = parts;
	// What a renewal on its way in another window cannot change needs no lock.
	const { renewal: _, ...settled } = seen;
	const hopeless = obstacle(settled, await vault.app(seen.clientId), parts.tokenEndpoint, asking, parts.now());
	if (hopeless) throw hopeless;
	const lock = await vault.lockRenewal(seen.id, parts.signal);
	try {
		step?.("locked");
		const account = await vault.account(seen.id);
		if (account.tokens.accessToken !== seen.tokens.accessToken) return account;
		const app = await vault.app(account.clientId);
		const error = obstacle(account, app, parts.tokenEndpoint, asking, parts.now());
		if (error) throw error;
		const refreshToken = account.tokens.refreshToken;
		if (!app || !refreshToken) return account;
		step?.("readAgain");
		return await send(parts, account, app, refreshToken);
	} finally {
		lock.release();
		step?.("unlocked");
	}
}

async function send(parts: RenewalParts, account: Account, app: App, refreshToken: string): Promise<Account> {
	const { vault, now, step, log } = parts;
	const { id } = account;
	const unclearBefore = account.renewal?.attempts ?? 0;
	if (unclearBefore > 0) log.info(`An earlier renewal of ${labelOf(account)} left no answer; it is tried once more.`);
	const noted = await vault.store.update((draft) =>
		changeIfHeld(draft, id, refreshToken, (stored) => ({
			...stored,
			renewal: { startedAt: stored.renewal?.startedAt ?? now(), attempts: unclearBefore + 1 },
		})),
	);
	if (!noted.held) return noted.account;
	step?.("intentNoted");

	let answer: TokenSet;
	try {
		answer = await parts.refresh(noted.account, app, refreshToken);
	} catch (error) {
		step?.("refused");
		return await afterFailure(parts, noted.account, refreshToken, unclearBefore, asTwitterTokensError(error));
	}
	// Nothing may come between the answer and this: no await, no other call.
	vault.receipts.write(id, { sent: refreshToken, tokens: answer });
	step?.("answerNoted");
	const { result, inJournal } = await vault.store.keep((draft) => keepAnswer(draft, id, refreshToken, answer, now()));
	if (inJournal) vault.receipts.remove(id);
	step?.("answerKept");
	const { held, account: renewed } = result;
	if (held) log.info(`Renewed the tokens of ${labelOf(renewed)}.`);
	else log.warn(`${labelOf(account)} has other tokens by now; the answer to an older renewal is dropped.`);
	return renewed;
}

async function afterFailure(
	parts: RenewalParts,
	account: Account,
	sent: string,
	unclearBefore: number,
	error: TwitterTokensError,
): Promise<Account> {
	const { vault, now, log } = parts;
	const dead = error.code === "GrantLost";
	const reason = dead ? reasonOf(account.tokens, unclearBefore, now()) : undefined;
	const outcome = await vault.store.update((draft) =>
		changeIfHeld(draft, account.id, sent, ({ renewal, backOff, ...kept }) => {
			if (reason) return { ...kept, signInNeeded: { since: now(), reason } };
			const unclear = unclearBefore + (error.mayHaveArrived ? 1 : 0);
			const message = failureMessage(error, unclear);
			return {
				...kept,
				...(renewal && unclear > 0 ? { renewal: { ...renewal, attempts: unclear } } : {}),
				backOff: backOffAfter(backOff?.failures ?? 0, error, message, now(), parts.random()),
			};
		}),
	);
	parts.step?.("failureKept");
	// Somebody else has brought newer tokens: X's refusal was about the old ones.
	if (!outcome.held) return outcome.account;
	log.warn(`Could not renew the tokens of ${labelOf(account)}: ${error.code}${reason ? ` (${reason})` : ""}.`);
	const { backOff } = outcome.account;
	throw new TwitterTokensError(
		error.code,
		dead ? signInMessage(outcome.account) : (backOff?.message ?? error.message),
		{
			mayHaveArrived: error.mayHaveArrived,
			cause: error,
			...(error.status === undefined ? {} : { status: error.status }),
			...(error.serverText === undefined ? {} : { serverText: error.serverText }),
			...(backOff ? { retryAt: backOff.until } : {}),
		},
	);
}

function reasonOf(tokens: TokenSet, unclearBefore: number, now: number): SignInReason {
	if (unclearBefore > 0) return "answerLost";
	return now - tokens.issuedAt > refreshTokenLife ? "unusedTooLong" : "replacedElsewhere";
}

/** Anything else is a fault of the program; whether the request left is not known then. */
function asTwitterTokensError(error: unknown): TwitterTokensError {
	if (error instanceof TwitterTokensError) return error;
	return new TwitterTokensError("UnexpectedResponse", `The renewal failed: ${messageOf(error)}`, {
		mayHaveArrived: true,
		cause: error,
	});
}
