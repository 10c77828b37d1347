import type { PrecisionFact, TrainingFacts, TrainingLoopFact } from "../facts/trainingFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";
import { isOff } from "./trainingContext.ts";

/** Any sign of a scale, also one that is kept in another file or by a library. */
const scaling = /scaler|loss_?scal|scale_loss|dynamic_scale/i;

export const fp16WithoutLossScaling: Rule = {
  name: "fp16-without-loss-scaling",
  severity: "warning",
  title: "float16 autocast trains without scaling the loss",
  frameworks: ["pytorch"],
  sources: [
    "Micikevicius et al. 2018, Mixed Precision Training, section 3.2, https://arxiv.org/abs/1710.03740",
    "https://docs.pytorch.org/docs/stable/amp.html#gradient-scaling",
  ],
  check(context, report) {
    if (scaling.test(context.text)) return;
    const seen = new Set<number>();
    for (const loop of context.facts.loops) {
      if (loop.framework !== "pytorch" || loop.wrappedBy !== null || loop.gradScaler !== null) continue;
      if (loop.events.some(({ kind }) => kind === "unknown-call-with-model")) continue;
      const autocast = autocastOf(context.facts, loop, context.text);
      if (autocast === null || seen.has(autocast.start)) continue;
      seen.add(autocast.start);
      const backward = loop.events.find(({ kind }) => kind === "backward");
      if (backward === undefined) continue;
      const when = autocast.enabled.known && autocast.enabled.value ? "" : " when it is on";
      report({
        start: autocast.start,
        end: autocast.end,
        message: `${autocast.shownBy} computes in float16${when} and nothing scales the loss, so gradients below 6e-8 become zero and small weights stop learning. Scale the loss with a GradScaler, or use bfloat16, which needs none.`,
        fixes: gradedFix(
          context.fixesOf(loop.framework).addGradScaler(context, loop),
          "unsafe",
          "Gradients that were rounded to zero reach the weights, and steps whose gradients overflow are skipped.",
        ),
        related: [
          {
            path: context.facts.path,
            start: backward.start,
            end: backward.end,
            message: "the backward pass runs on the loss as it is",
          },
        ],
      });
    }
  },
};

/** The float16 autocast around a loop's forward pass: in the loop's own text, or before backward in the function that it calls. */
function autocastOf(facts: TrainingFacts, loop: TrainingLoopFact, text: string): PrecisionFact | null {
  const found = facts.precision.find((fact) => {
    if (fact.framework !== "pytorch" || fact.scope !== "autocast" || fact.type !== "float16" || isOff(fact))
      return false;
    return loop.events.some(({ kind, inlined, start }) => {
      if (kind !== "backward" || fact.start > start) return false;
      const isInLoop = loop.start <= fact.start && fact.end <= loop.end;
      const isNear = !/^[ \t]*(async[ \t]+)?(def|class)[ \t]/m.test(text.slice(fact.start, start));
      return isNear && (inlined || isInLoop);
    });
  });
  return found ?? null;
}
