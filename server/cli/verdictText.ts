import path from "node:path";
import { fileURLToPath } from "node:url";
import type { RunView, VerdictView } from "../protocol.ts";

/** A verdict for the terminal: what happened, the evidence, the one change to make and where. Ends in a line end. */
export function verdictText(run: RunView, verdict: VerdictView, cwd: string): string {
  const { headline, evidence, causes, nextStep, code } = verdict;
  const lines = [
    `haywire: ${run.name}: ${headline} (${verdict.kind}, ${Math.round(verdict.confidence * 100)} % sure)`,
    ...evidence.map((sentence) => `  · ${sentence}`),
    ...causes.map(({ cause, why }) => `  ${cause}: ${why}`),
    ...(nextStep ? [`  Next: ${nextStep}`] : []),
    ...(code ? [`  At ${path.relative(cwd, fileURLToPath(code.uri))}:${code.line + 1}:${code.character + 1}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}
