import { type FSWatcher, watch } from "node:fs";

/** Events of one file's name, which need not be there yet. */
export interface FileWatcher {
  /** Sets the watch up where there is none, or where the file under the name may have become another one. */
  renew(): void;
  close(): void;
}

/**
 * Calls back when the file grows (`renamed` false) or may have been removed, replaced or cut. Events are a help only: there may
 * be none (network file systems, no watches left), so the caller looks from time to time as well, and renews the watch then.
 * Node's own watch, since chokidar asks about the file at each event: of 200 logs that grow that took half of a core.
 */
export function watchFile(path: string, onEvent: (renamed: boolean) => void): FileWatcher {
  let watcher: FSWatcher | null = null;
  let isStale = false;

  function stop(): void {
    watcher?.close();
    watcher = null;
  }

  function start(): void {
    try {
      watcher = watch(path, { persistent: false });
    } catch {
      // Not there yet, or no watches left: polling goes on.
      return;
    }
    watcher.on("change", (kind) => {
      // A watch stays with the file that it was set on, which the name may not mean any more.
      isStale ||= kind === "rename";
      onEvent(kind === "rename");
    });
    watcher.on("error", stop);
  }

  start();
  return {
    renew() {
      if (isStale) {
        stop();
        isStale = false;
      }
      if (watcher === null) {
        start();
      }
    },
    close: stop,
  };
}
