import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { applyEdits, modify, type ParseError, parse } from "jsonc-parser"; // VS Code's own: edits that keep order, comments and indentation
import * as vscode from "vscode";
import { parseAuthText } from "../oauth/authSettings.ts";
import { displayOf } from "../signIn/authSource.ts";
import type { Vault } from "../vault/vault.ts";
import type { ChosenApp } from "./chooseApp.ts";

/** globalState: the places that were asked about; places only, never what stands in them. */
const askedKey = "twitterTokens.askedToMoveSecret";

/** A place where a client secret stands and should not. */
interface ExposedPlace {
	readonly name: string;
	/** Takes the secret out; false where this has to be done by hand. */
	readonly remove: () => Promise<boolean>;
}

/** Offers, once per place, to move a client secret from settings.json or a file that git tracks into SecretStorage. */
export async function offerToMoveSecret(
	vault: Vault,
	memory: vscode.Memento,
	{ app, origin, located }: ChosenApp,
): Promise<void> {
	if (!located.auth.clientSecret || origin === "argument") {
		return;
	}
	const place = located.file ? await trackedFile(located.file) : origin === "setting" ? setting() : undefined;
	const asked = memory.get<readonly string[]>(askedKey, []);
	if (!place || asked.includes(place.name)) {
		return;
	}
	await memory.update(askedKey, [...asked, place.name]);
	const move = vscode.l10n.t("Move to SecretStorage");
	const chosen = await vscode.window.showWarningMessage(
		vscode.l10n.t(
			"The client secret of your X app stands in clear in {0}. It can be kept in SecretStorage instead.",
			place.name,
		),
		move,
		vscode.l10n.t("Leave It"),
	);
	if (chosen !== move) {
		return;
	}
	await vault.saveApp({ ...app, kept: true });
	if (!(await place.remove())) {
		void vscode.window.showWarningMessage(
			vscode.l10n.t(
				"The client secret is in SecretStorage now. Remove client_secret from {0} by hand: it could not be edited.",
				place.name,
			),
		);
	}
}

function setting(): ExposedPlace | undefined {
	const configuration = vscode.workspace.getConfiguration("twitterTokens");
	const values = configuration.inspect<unknown>("auth");
	const { ConfigurationTarget: Target } = vscode;
	const [value, target] =
		values?.workspaceFolderValue !== undefined
			? [values.workspaceFolderValue, Target.WorkspaceFolder]
			: values?.workspaceValue !== undefined
				? [values.workspaceValue, Target.Workspace]
				: [values?.globalValue, Target.Global];
	const name =
		target === Target.Global
			? vscode.l10n.t("your user settings (twitterTokens.auth)")
			: vscode.l10n.t("the workspace's settings (twitterTokens.auth)");
	const object: unknown = typeof value === "string" ? parseAuthText(value, name) : value;
	if (typeof object !== "object" || object === null || !("client_secret" in object)) {
		return undefined;
	}
	const { client_secret: _, ...rest } = object;
	return {
		name,
		remove: async () => {
			await configuration.update("auth", typeof value === "string" ? JSON.stringify(rest) : rest, target);
			return true;
		},
	};
}

async function trackedFile(file: vscode.Uri): Promise<ExposedPlace | undefined> {
	if (file.scheme !== "file" || !(await isTrackedByGit(file.fsPath))) {
		return undefined;
	}
	return {
		name: vscode.l10n.t("{0}, which git tracks", displayOf(file)),
		remove: async () => {
			const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
			const errors: ParseError[] = [];
			parse(text, errors, { allowTrailingComma: true });
			if (errors.length > 0) {
				return false;
			}
			const edited = applyEdits(text, modify(text, ["client_secret"], undefined, {}));
			await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(edited));
			return true;
		},
	};
}

/** False also where there is no git: then nothing is tracked. A repository's own fsmonitor program is not started for this. */
export async function isTrackedByGit(path: string): Promise<boolean> {
	if (!vscode.workspace.isTrusted) {
		return false;
	}
	try {
		await promisify(execFile)(
			"git",
			["-c", "core.fsmonitor=false", "-C", dirname(path), "ls-files", "--error-unmatch", "--", path],
			{
				timeout: 5000,
				windowsHide: true,
			},
		);
		return true;
	} catch {
		return false;
	}
}
