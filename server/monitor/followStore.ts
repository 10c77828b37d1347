import type { LogStore, StoreRun } from "../logs/logStore.ts";

/** A store that is looked at again and again. */
export interface StoreFollower {
  /** Looks now; resolves when everything written so far has been taken. A store that cannot be read now is tried again. */
  look(): Promise<void>;
  close(): void;
}

/** Hands over what each look finds; `pollInterval` is the pause in milliseconds between two looks. */
export function followStore(
  store: LogStore,
  onRun: (read: StoreRun, formatName: string) => void,
  pollInterval: number,
): StoreFollower {
  let closed = false;
  let current: Promise<void> | null = null;

  async function lookOnce(): Promise<void> {
    const runs = await store.look().catch(() => []);
    for (const read of closed ? [] : runs) {
      onRun(read, store.format);
    }
  }

  function look(): Promise<void> {
    current ??= lookOnce().finally(() => {
      current = null;
    });
    return current;
  }

  const timer = setInterval(() => void look(), pollInterval);
  timer.unref();
  return {
    look,
    close() {
      closed = true;
      clearInterval(timer);
    },
  };
}
