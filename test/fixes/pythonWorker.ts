import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { installTrainingLibraries } from "../../scripts/trainingLibraries.mjs";

export interface PythonRequest {
  /** Texts that have to parse with CPython's `ast`. */
  readonly parse?: readonly string[];
  readonly library?: string;
  readonly effect?: string;
  readonly before?: string;
  readonly after?: string;
  readonly baseline?: string;
  readonly title?: string;
}

export interface PythonWorker {
  /** Null, or what does not hold. */
  ask(request: PythonRequest): Promise<string | null>;
  close(): void;
}

/** One Python process that answers one request after the other (`harness/worker.py`). */
export function startPythonWorker(): PythonWorker {
  const { python } = installTrainingLibraries((text) => console.error(text));
  const child = spawn(python, ["-u", path.join(import.meta.dirname, "harness/worker.py")], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  const askNow = async (request: PythonRequest): Promise<string | null> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) return `Python ended: ${said}`;
    const answer: { readonly problem: string | null } = JSON.parse(value);
    return answer.problem;
  };
  return {
    ask(request) {
      const answer = last.then(() => askNow(request));
      last = answer.catch(() => null);
      return answer;
    },
    close() {
      child.stdin.end();
    },
  };
}
