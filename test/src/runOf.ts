import type { RunView } from "../../server/protocol.ts";

/** A finished run without numbers. */
export function runOf(id: string): RunView {
  return {
    id,
    name: id,
    paths: [],
    state: "finished",
    stepAxis: "step",
    firstStep: null,
    lastStep: null,
    startedAt: 1,
    updatedAt: 2,
    series: [],
    verdicts: [],
    checks: { ran: 0, silent: [] },
    problems: [],
    rawTail: [],
  };
}
