import type { BatchLoopFact } from "../facts/batchLoopFacts.ts";
import type { LossLogFact } from "../facts/lossLogFacts.ts";
import type { TrainingFacts, TrainingLoopFact } from "../facts/trainingFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import { bestLossLog } from "./lossLogChoice.ts";
import type { Rule } from "./rule.ts";

export const batchNotIdentified: Rule = {
  name: "batch-not-identified",
  severity: "hint",
  title: "A verdict points at the data, and the log cannot say which batch it was",
  frameworks: ["pytorch"],
  liveOnly: true,
  sources: [
    "Chowdhery et al. 2022, PaLM, section 5.1: 200 to 500 batches left out, and the same batches tried from another checkpoint, https://arxiv.org/abs/2204.02311",
    "torch 2.13 utils/data/sampler.py, RandomSampler: the order comes from the generator, and nothing keeps it",
  ],
  check(context, report) {
    const { facts, text } = context;
    for (const loop of facts.loops) {
      const batches = facts.batchLoops.find(({ loopStart }) => loopStart === loop.start);
      if (batches === undefined || batches.over !== "batches" || !isTrained(facts, loop.optimizers)) continue;
      const logs = facts.lossLogs.filter(({ loopStart }) => loopStart === loop.start);
      const body = text.slice(loop.header.end, loop.end);
      if (isNamed(batches, body)) continue;
      const isNumbered = logs.some((log) => numbersEveryBatch(log, batches, text)) || isRecorded(loop, batches, text);
      if (isNumbered && batches.identities.length === 0) continue;
      const log = bestLossLog(facts, loop);
      const what = batches.identities[0];
      report({
        start: batches.start,
        end: batches.end,
        message: `A run of this script points at its data, and the log cannot say which batch was at fault. Log the number of each batch${what === undefined ? "" : ` with \`${what}\`, which the loader gives`}.`,
        fixes: gradedFix(
          context.fixesOf(loop.framework).identifyBatches(context, loop, batches, log),
          "unsafe",
          "The log gets a record for every batch; weights and steps stay the same.",
        ),
        related:
          log === null
            ? []
            : [{ path: facts.path, start: log.start, end: log.end, message: "The loss is logged here" }],
      });
      return;
    }
  },
};

function isTrained({ optimizers }: TrainingFacts, indices: readonly number[]): boolean {
  return indices.some((index) => optimizers[index] !== undefined);
}

/** A call that logs speaks of what names the samples. */
function isNamed({ identities }: BatchLoopFact, body: string): boolean {
  return identities.some((identity) =>
    body
      .split("\n")
      .some(
        (line) =>
          line.includes(identity) &&
          /\b(print|log|logger|logging|write|add_text|info|debug|dump\w*|append|record)\b/.test(line),
      ),
  );
}

/** A line of its own beside the backward pass logs the number of the batch. */
function isRecorded({ events, header, end }: TrainingLoopFact, { index }: BatchLoopFact, text: string): boolean {
  const backward = events.find(({ kind, inlined }) => /backward$/.test(kind) && !inlined);
  if (backward === undefined) return false;
  const indentation = /[ \t]*$/.exec(text.slice(0, backward.statement.start))?.[0] ?? "";
  // A loop over what counts already has its index by another name than `enumerate` tells.
  const name = index === null ? "(i|it|n|k|\\w*(idx|index|step|iter))" : index.replaceAll(/\W/g, "\\$&");
  const record = new RegExp(
    `^${indentation}(print|[\\w.]*(print|log|info|debug|write|add_scalar|update|save)\\w*)\\(.*\\bbatch\\b.*\\b${name}\\b`,
    "im",
  );
  return record.test(text.slice(header.end, end));
}

/** Stands in every iteration, and gives its count. */
function numbersEveryBatch(
  { place, branches, start, end, step }: LossLogFact,
  { index }: BatchLoopFact,
  text: string,
): boolean {
  if (place !== "iteration" || branches.length > 0) return false;
  const names = [index, step].filter((name): name is string => name !== null && !/epoch/i.test(name));
  return names.some((name) =>
    new RegExp(`(?<![\\w.])${name.replaceAll(/\W/g, "\\$&")}(?!\\w)`).test(text.slice(start, end)),
  );
}
