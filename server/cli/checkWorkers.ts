import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type CheckedText, type CheckJob, createTextChecker } from "./checkText.ts";

export interface CheckQuestion {
  readonly id: number;
  readonly job: CheckJob;
}

export type CheckAnswer =
  | { readonly id: number; readonly checked: CheckedText }
  | { readonly id: number; readonly error: string };

/** Takes texts to check, in this thread or in others. */
export interface CheckWorkers {
  /** Rejects when the check fails on this text. Never resolves before `finish` is called when there is little to do. */
  check(job: CheckJob): Promise<CheckedText>;
  /** No more texts come: what waited for others is checked now. Resolves when all have been. */
  finish(): Promise<void>;
}

/**
 * Characters that one thread checks before more are worth starting: a quarter of a second at 2 MB/s, which is what code that has
 * just been loaded reaches, against 0.2 s that a thread takes to load (measured on two cores).
 */
const shareFrom = 500_000;
/** Texts that a thread has at once, so that it never waits for the next. */
const ahead = 3;
const mostThreads = 8;
/** Megabytes. A tree and its facts are garbage together; the 16 of Node are cleared several times a file. */
const youngGeneration = 64;

interface Waiting extends CheckQuestion {
  readonly resolve: (checked: CheckedText) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly taken: Map<number, Waiting>;
  /** Has answered once: what it dies of then is the text at work. */
  hasAnswered: boolean;
}

export function createCheckWorkers(threadCount = availableParallelism()): CheckWorkers {
  const queue: Waiting[] = [];
  const threads = new Set<Thread>();
  const unanswered = new Set<Promise<unknown>>();
  let waitingCharacters = 0;
  let nextId = 0;
  let mayStart = threadCount > 1;
  let finishing = false;
  const checkHere = createTextChecker();

  function startThreads(): void {
    mayStart = false;
    const file = workerFile();
    if (file === null) return;
    for (let count = 0; count < Math.min(threadCount, mostThreads); count += 1) {
      const thread: Thread = {
        worker: new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: youngGeneration } }),
        taken: new Map(),
        hasAnswered: false,
      };
      threads.add(thread);
      thread.worker.on("message", (answer: CheckAnswer) => settle(thread, answer));
      thread.worker.on("error", (error) => lose(thread, error.message));
      thread.worker.on("exit", () => lose(thread, "the thread that checked it ended"));
      feed(thread);
    }
  }

  function feed(thread: Thread): void {
    while (thread.taken.size < ahead) {
      const next = queue.shift();
      if (next === undefined) return;
      thread.taken.set(next.id, next);
      thread.worker.postMessage({ id: next.id, job: next.job } satisfies CheckQuestion);
    }
  }

  function settle(thread: Thread, answer: CheckAnswer): void {
    const waiting = thread.taken.get(answer.id);
    thread.taken.delete(answer.id);
    thread.hasAnswered = true;
    if ("error" in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.checked);
    feed(thread);
  }

  /** The text at work when a thread died is lost; those behind it go to the others. */
  function lose(thread: Thread, reason: string): void {
    if (!threads.delete(thread)) return;
    const left = [...thread.taken.values()];
    if (thread.hasAnswered) left.shift()?.reject(new Error(reason));
    queue.unshift(...left);
    for (const other of threads) feed(other);
    if (threads.size === 0 && finishing) void workHere();
  }

  async function workHere(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await checkHere(next.job).then(next.resolve, next.reject);
    }
  }

  return {
    check(job) {
      const answer = new Promise<CheckedText>((resolve, reject) => {
        queue.push({ id: nextId, job, resolve, reject });
      });
      nextId += 1;
      unanswered.add(answer);
      waitingCharacters += job.text.length;
      if (mayStart && waitingCharacters >= shareFrom) startThreads();
      else for (const thread of threads) feed(thread);
      return answer;
    },
    async finish() {
      finishing = true;
      if (threads.size === 0) await workHere();
      await Promise.allSettled(unanswered);
      const ending = [...threads];
      threads.clear();
      await Promise.all(ending.map(({ worker }) => worker.terminate()));
    },
  };
}

/** Bundled, it lies in dist/ beside the entry or above the chunk; from source, above this room. */
function workerFile(): string | null {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const places = ["lintWorker.mjs", "../lintWorker.mjs", "../lintWorker.ts"].map((name) => path.join(here, name));
  return places.find((file) => existsSync(file)) ?? null;
}
