import { isStep } from "../facts/eventKinds.ts";
import type { SourceIndex } from "../facts/scope.ts";
import type { FrameworkName } from "../facts/trainingFacts.ts";
import type { UnguardedLoopFact } from "../facts/unguardedLoopFacts.ts";
import { longLoopOf, outermostLoop } from "./longLoops.ts";
import { trainingLevels } from "./pytorchTrainingLevels.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** Any sign that a loss, a gradient or a weight that is not finite is noticed, or that a scaler skips its step. */
const guards =
  /is_?finite|apply_if_finite|DynamicScale|debug_nans|TerminateOnNa|LossScaleOptimizer|mixed_float16|skip_not_finite|is_?nan|is_?inf|error_if_nonfinite|nan_to_num|Grad\w*Scaler|loss_?scaler|detect_anomaly|check_?numerics|!=\s*(\w*loss\w*)\b(?<=\b\1\s*!=\s*\1)|nan_?(guard|check|skip)|(check|skip|has|any|on)_?nan|\bamp\.scale_loss|float\(["']nan["']\)/i;

function mayStep({ events, loop }: LoopDraft): boolean {
  return loop !== null && events.some((event) => isStep(event) && event.optimizers.length > 0);
}

/** Loops that step for long and ask nowhere whether the loss is a number. */
export function collectUnguardedLoops(
  source: SourceIndex,
  drafts: readonly LoopDraft[],
  framework: FrameworkName,
): readonly UnguardedLoopFact[] {
  if (!drafts.some(mayStep) || guards.test(source.text)) return [];
  const levels = trainingLevels(source, drafts);
  return drafts.flatMap((draft): readonly UnguardedLoopFact[] => {
    const { events, loop, scope } = draft;
    const step = events.find(isStep);
    if (loop === null || step === undefined || step.optimizers.length === 0) return [];
    if (events.some(({ kind, classified }) => kind === "unknown-call-with-model" || classified.wrapper !== undefined))
      return [];
    // A part that stands in another file may test there.
    if (events.some(({ through }) => through.some((callable) => callable.scope.source !== source))) return [];
    const long = longLoopOf(draft, levels, source);
    if (long === null) return [];
    return [
      {
        start: step.start,
        end: step.end,
        framework,
        shownBy: long.header,
        counts: long.counts,
        length: long.length,
        loopStart: loop.start,
        outermost: outermostLoop(loop, scope, source),
      },
    ];
  });
}
