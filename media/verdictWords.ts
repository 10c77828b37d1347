import type { RunView, VerdictView } from "../server/protocol.ts";

/** Verdicts at warning or above, in the order in which they were reached. */
export function alarmsOf(run: RunView): VerdictView[] {
  return run.verdicts.filter(({ severity }) => severity !== "info");
}

/**
 * "healthy · 14 checks ran, 3 could not (no gradient norm in the log)"; null before the first number, and while there
 * is an alarm unless `always`, which leaves out the word "healthy" then.
 */
export function healthLine(run: RunView, always = false): string | null {
  const alarms = alarmsOf(run).length > 0;
  if (run.firstStep === null || (alarms && !always)) return null;
  const { ran, silent } = run.checks;
  const reasons = [...new Set(silent.map(({ why }) => why))];
  const could = silent.length > 0 ? `, ${silent.length} could not (${reasons.join("; ")})` : "";
  const checks = `${ran} ${ran === 1 ? "check" : "checks"} ran${could}`;
  const recovered = run.verdicts.findLast(({ kind }) => kind === "recovered");
  if (alarms) return `${checks}.`;
  return `${recovered ? recovered.headline : ran === 0 ? "no verdict yet" : "healthy"} · ${checks}`;
}
