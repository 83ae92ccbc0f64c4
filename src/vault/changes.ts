import { type FSWatcher, statSync, watch } from "node:fs";
import { messageOf } from "../oauth/errors.ts";
import type { VaultLog } from "./secretStore.ts";

/** After a sign of a change, ms: a commit touches the folder several times. */
const settle = 25;
/** Where the folder cannot be watched, ms. */
const pollEvery = 700;

export interface FolderWatch {
	/** A sign from elsewhere, such as an event of SecretStorage. */
	nudge(): void;
	dispose(): void;
}

/**
 * Calls `look` soon after something may have changed in the folder, never twice at a time.
 * @param concerns whether a file of that name is worth a look
 */
export function watchFolder(
	path: string,
	concerns: (name: string) => boolean,
	look: () => Promise<void>,
	log: VaultLog,
): FolderWatch {
	let disposed = false;
	let watcher: FSWatcher | undefined;
	/** The folder that is watched: one that was deleted and made again is another. */
	let watched: bigint | undefined;
	let poll: NodeJS.Timeout | undefined;
	let soon: NodeJS.Timeout | undefined;
	let running = false;
	let again = false;

	const run = async () => {
		soon = undefined;
		if (running) {
			again = true;
			return;
		}
		running = true;
		try {
			await look();
		} catch (error) {
			log.warn(`Could not look for changes of other windows: ${messageOf(error)}`);
		} finally {
			running = false;
			if (watcher && watched !== inodeOf(path)) arm();
			if (again) {
				again = false;
				nudge();
			}
		}
	};
	const nudge = () => {
		if (disposed) return;
		soon ??= setTimeout(run, settle);
		soon.unref();
	};
	const fallBack = (error: unknown) => {
		watcher?.close();
		watcher = undefined;
		if (disposed || poll) return;
		log.warn(`The folder cannot be watched, so it is looked at every ${pollEvery} ms: ${messageOf(error)}`);
		poll = setInterval(nudge, pollEvery);
		poll.unref();
	};

	const arm = () => {
		watcher?.close();
		if (disposed) return;
		try {
			watched = inodeOf(path);
			watcher = watch(path, { persistent: false }, (_, name) => {
				if (name === null || concerns(name)) nudge();
			});
			watcher.on("error", fallBack);
		} catch (error) {
			fallBack(error);
		}
	};

	arm();
	return {
		nudge,
		dispose() {
			disposed = true;
			watcher?.close();
			clearInterval(poll);
			clearTimeout(soon);
		},
	};
}

function inodeOf(path: string): bigint | undefined {
	return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
