import { parentPort } from "node:worker_threads";
import { createTextChecker } from "./cli/checkText.ts";
import type { CheckAnswer, CheckQuestion } from "./cli/checkWorkers.ts";

// A thread of `haywire check`: takes texts and answers with what was found in them.
const check = createTextChecker();

parentPort?.on("message", async ({ id, job }: CheckQuestion) => {
  const answer: CheckAnswer = await check(job).then(
    (checked) => ({ id, checked }),
    (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
  );
  parentPort?.postMessage(answer);
});
