import { parseArgs } from "node:util";
import { startEmulator } from "./emulator.ts";

/** Runs the emulator as a program: `node test/emulator/main.ts --port 8736`. */
const { values } = parseArgs({
	options: {
		port: { type: "string", default: "0" },
		host: { type: "string", default: "127.0.0.1" },
		redirect: { type: "string", multiple: true, default: [] },
		quiet: { type: "boolean", default: false },
	},
});

const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
	console.error(`--port ${values.port}: not a port`);
	process.exit(2);
}

const emulator = await startEmulator({
	port,
	host: values.host,
	redirectUris: values.redirect,
	...(values.quiet ? {} : { log: (line: string) => console.log(line) }),
});

const settings = { "twitterTokens.endpoints": emulator.endpoints };
console.log(`Local emulator of X at ${emulator.origin} (not X: accounts and tokens are made up). Ctrl+C ends it.\n`);
console.log(`User settings that point the extension here:\n${JSON.stringify(settings, undefined, "\t")}\n`);
for (const app of emulator.apps) {
	const auth = {
		client_id: app.clientId,
		...(app.clientSecret === undefined ? {} : { client_secret: app.clientSecret }),
		redirect_uri: app.redirectUris[0],
		scope: "tweet.read users.read offline.access",
	};
	console.log(`Auth settings, ${app.clientSecret === undefined ? "public" : "confidential"} app "${app.name}":`);
	console.log(`${JSON.stringify(auth, undefined, "\t")}\n`);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.once(signal, () => {
		void emulator.close().then(() => process.exit(0));
	});
}
