import * as vscode from "vscode";

/**
 * Shows in the status bar that X is being asked. A notification would still be there beside the one that says how it
 * ended, and its going would move that one's buttons under the mouse.
 */
export function withProgress<T>(title: string, work: () => Promise<T>): Promise<T> {
	return Promise.resolve(vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, work));
}
