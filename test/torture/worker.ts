// One window: the real vault and renewer over a simulated SecretStorage and X's emulator. Killed at any moment.
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { TwitterTokensError } from "../../src/oauth/errors.ts";
import { createTransport } from "../../src/oauth/http.ts";
import { refreshGrant } from "../../src/oauth/tokenEndpoint.ts";
import type { Transport } from "../../src/oauth/transport.ts";
import { createRenewer } from "../../src/vault/renewer.ts";
import { openVault } from "../../src/vault/vault.ts";
import { type FromWorker, reportDescriptor, type Start, type ToWorker } from "./messages.ts";
import { pick, seeded } from "./random.ts";
import { windowSecrets } from "./windowSecrets.ts";

const report = (line: string) => {
	writeSync(reportDescriptor, `${line}\n`);
};
const hashOf = (token: string | null | undefined) =>
	createHash("sha256")
		.update(token ?? "")
		.digest("hex")
		.slice(0, 16);

process.once("message", (message: ToWorker) => {
	if (message.kind === "start") void work(message);
});
process.once("disconnect", () => process.exit());

async function work(start: Start): Promise<void> {
	const random = seeded(start.seed);
	const send = (message: FromWorker) => void process.send?.(message);
	const secrets = windowSecrets(start, send);
	process.on("message", (message: ToWorker) => secrets.hear(message));

	let stopsLeft = start.stop?.count ?? 0;
	let newest = "";
	let receivedAt = 0;
	const step = (name: string) => {
		if (name === "answerNoted") report(`noted ${Math.round((performance.now() - receivedAt) * 1000)}`);
		if (name === "answerKept") report(`kept ${newest}`);
		if (name !== start.stop?.step || --stopsLeft > 0) return;
		report(`stop ${name}`);
		process.kill(process.pid, "SIGKILL");
	};

	const real = createTransport(() => ({
		proxySupport: "off",
		proxyStrictSSL: true,
		systemCertificates: false,
		environment: {},
	}));
	const transport: Transport = async (request) => {
		const token = hashOf(new URLSearchParams(request.body).get("refresh_token"));
		step("sending");
		report(`sent ${token}`);
		const sending = real(request);
		setTimeout(() => step("sent"), random() * 3);
		const answer = await sending;
		if (answer.status === 200 && answer.text.includes("refresh_token")) {
			newest = hashOf(JSON.parse(answer.text).refresh_token);
			report(`received ${token} ${newest}`);
			receivedAt = performance.now();
		}
		return answer;
	};

	const vault = openVault({ secrets, folder: start.folder, session: "one", random, step });
	const renewer = createRenewer({
		vault,
		refresh: (account, app, refreshToken) =>
			refreshGrant(transport, account.tokenEndpoint, app, refreshToken, account.tokens),
		rules: () => ({ automatic: true, leadTimeMs: 600_000, tokenEndpoint: start.tokenEndpoint }),
		isShown: () => true,
		random,
		step,
	});
	vault.onDidChange(() => undefined);

	for (;;) {
		const began = performance.now();
		let id = "";
		try {
			id = pick(await vault.accounts(), random).id;
			// Most windows need a token, sometimes a person says "renew".
			await (random() < 0.8 ? renewer.fresh(id) : renewer.renew(id));
		} catch (error) {
			const code = error instanceof TwitterTokensError ? error.code : String(error);
			report(`error ${code}`);
			if (code === "GrantLost") {
				const account = await vault.account(id).catch(() => undefined);
				if (account?.signInNeeded) send({ kind: "lost", id, token: hashOf(account.tokens.refreshToken) });
				await wait(50);
			} else if (id) {
				// Backing off: a person does not.
				await renewer.renew(id).catch(() => undefined);
			}
		}
		report(`wait ${Math.round(performance.now() - began)}`);
		await wait(random() * 20);
	}
}
