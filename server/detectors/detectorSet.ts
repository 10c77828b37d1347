import type { RunEvent, StepAxis } from "../runs/run.ts";
import { detectorKinds } from "./index.ts";
import { createLossCurves } from "./lossCurves.ts";
import { createRunContext } from "./runContext.ts";
import type { Observation, Verdict, VerdictKind } from "./verdict.ts";

/** All detectors of one run, over what they share. */
export interface DetectorSet {
  /** What is said at this observation, in the order of the kinds. Observations come in the order of writing. */
  observe(observation: Observation): readonly Verdict[];
  /** Something that the log tells besides numbers. */
  event(event: RunEvent): void;
  /** The run began anew at this step. */
  restart(step: number): void;
  /** Checks that ran, and why the others could not. */
  checks(): { readonly ran: number; readonly silent: readonly { readonly kind: VerdictKind; readonly why: string }[] };
}

export function createDetectors(stepAxis: StepAxis): DetectorSet {
  const context = createRunContext();
  const losses = createLossCurves(context);
  const detectors = detectorKinds.map(({ kind, create }) => ({
    kind,
    detector: create({ stepAxis, context, losses }),
  }));
  const none: readonly Verdict[] = [];

  function spread(verdict: Verdict, into: Verdict[]): void {
    into.push(verdict);
    context.told(verdict);
    for (const { detector } of detectors) {
      for (const answer of detector.heard?.(verdict) ?? none) {
        spread(answer, into);
      }
    }
  }

  return {
    observe(observation) {
      context.observe(observation);
      losses.observe(observation);
      let said: Verdict[] | null = null;
      for (const { detector } of detectors) {
        const found = detector.observe(observation);
        if (found.length > 0) {
          said ??= [];
          for (const verdict of found) {
            spread(verdict, said);
          }
        }
      }
      return said ?? none;
    },
    event(event) {
      context.event(event);
    },
    restart(step) {
      context.restart(step);
      losses.restart();
      for (const { detector } of detectors) {
        detector.restart(step);
      }
    },
    checks() {
      const silent = detectors.flatMap(({ kind, detector }) => {
        const why = detector.silentBecause();
        return why === null ? [] : [{ kind, why }];
      });
      return { ran: detectors.length - silent.length, silent };
    },
  };
}
