/** Lines of the history of runs: one JSON object a run, the newest last. */
import type { RunView } from "../server/protocol.ts";

/** Runs that are remembered; a line is some hundred bytes. */
const mostRuns = 1000;

/** What is kept of a run, as one line of JSON. */
export function historyLine(run: RunView): string {
  const { id, name, paths, state, stateReason, stepAxis, lastStep, startedAt, updatedAt, settings } = run;
  const verdicts = run.verdicts.map(({ kind, onsetStep, headline }) => ({ kind, onsetStep, headline }));
  return JSON.stringify({
    id,
    name,
    paths,
    state,
    stateReason,
    stepAxis,
    lastStep,
    startedAt,
    updatedAt,
    settings,
    verdicts,
  });
}

/** The history with one more run, which replaces its own earlier line; the oldest runs are left out. */
export function bounded(history: string, line: string): string {
  const id = idOf(line);
  const others = history.split("\n").filter((each) => each !== "" && idOf(each) !== id);
  return `${[...others, line].slice(-mostRuns).join("\n")}\n`;
}

/** Null for a line that is no run's. */
function idOf(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "id" in value ? value.id : null;
  } catch {
    return null;
  }
}
