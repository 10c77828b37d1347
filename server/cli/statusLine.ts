import type { RunView } from "../protocol.ts";
import type { CommandIo } from "./io.ts";

/** The newest state of the run that changed last, on one line that is written over; nothing where no terminal is. */
export interface StatusLine {
  show(run: RunView): void;
  /** Takes the line away, so that other text can be written. */
  clear(): void;
}

export function liveStatus(io: CommandIo): StatusLine {
  if (!io.isTTY) return { show: () => undefined, clear: () => undefined };
  let isShown = false;
  return {
    show(run) {
      const columns = "columns" in io.stdout && typeof io.stdout.columns === "number" ? io.stdout.columns : 80;
      io.stdout.write(`\r\u001b[2K${statusText(run).slice(0, columns - 1)}`);
      isShown = true;
    },
    clear() {
      if (isShown) io.stdout.write("\r\u001b[2K");
      isShown = false;
    },
  };
}

/** `exp12 · step 1,200 · train/loss 0.52 · grad_norm 1.3`. */
export function statusText(run: RunView): string {
  const told = run.series.filter((series) => series.role === "train-loss" || series.role === "grad-norm").slice(0, 2);
  const step = run.lastStep === null ? run.state : `${run.stepAxis} ${run.lastStep.toLocaleString("en-US")}`;
  const values = told.map(({ name, last }) => `${name} ${typeof last === "number" ? last.toPrecision(4) : last}`);
  return [run.name, step, ...values].join(" · ");
}
