const { createHash } = require("node:crypto");
const { appendFileSync } = require("node:fs");
const { join } = require("node:path");
const vscode = require("vscode");

/*
 * Somebody else's extension: it knows nothing of Twitter Tokens but what the README says. Each answer is a line in
 * stranger.jsonl in the workspace; a token is in there as its digest only.
 */

const scopes = ["tweet.read", "users.read"];
const getSession = (asked, options) => async () => {
	const session = await vscode.authentication.getSession("twitter", asked, options);
	return session && { ...session, account: session.account.label };
};
const commands = {
	getSession: getSession(scopes, { createIfNone: true }),
	getSessionSilently: getSession(scopes, { silent: true }),
	askForMoreScopes: getSession([...scopes, "like.read"], { createIfNone: true }),
	askForOtherScopes: getSession([...scopes, "list.read"], { createIfNone: true }),
	callAccessToken: async () => ({ accessToken: await vscode.commands.executeCommand("twitterTokens.accessToken") }),
};

/** Whom X takes the bearer of the token for. */
async function userOf(token) {
	const api = vscode.workspace.getConfiguration("twitterTokens").get("endpoints").api;
	const response = await fetch(`${api}/2/users/me`, { headers: { Authorization: `Bearer ${token}` } });
	return response.ok ? (await response.json()).data.username : response.status;
}

async function answerOf(ask) {
	try {
		const session = await ask();
		if (!session?.accessToken) return { session: "none" };
		const { accessToken, scopes, account } = session;
		const digest = createHash("sha256").update(accessToken).digest("hex");
		return { session: "given", digest, scopes, account, user: await userOf(accessToken) };
	} catch (error) {
		return { session: "refused", error: String(error?.message ?? error), code: error?.code };
	}
}

exports.activate = ({ subscriptions }) => {
	const [folder] = vscode.workspace.workspaceFolders;
	const tell = (line) => appendFileSync(join(folder.uri.fsPath, "stranger.jsonl"), `${JSON.stringify(line)}\n`);
	subscriptions.push(
		...Object.entries(commands).map(([name, ask]) =>
			vscode.commands.registerCommand(`stranger.${name}`, async () => tell({ asked: name, ...(await answerOf(ask)) })),
		),
		vscode.authentication.onDidChangeSessions(({ provider }) => tell({ changed: provider.id })),
	);
};
