import type { TrainingFacts } from "../facts/trainingFacts.ts";
import type {
  MlflowParams,
  RangeRequest,
  RangeResult,
  RunView,
  TerminalOutputParams,
  VerdictView,
  WatchParams,
} from "../protocol.ts";
import type { LinePattern } from "../text/linePattern.ts";

/** What the monitor is given: where its news go, and how it learns what a script says. */
export interface MonitorOptions {
  readonly onRunChanged: (run: RunView) => void;
  readonly onVerdict: (run: RunView, verdict: VerdictView) => void;
  /** Facts of the script behind a run, for leading a verdict to a line; null when it cannot be read. */
  readonly factsOf: (path: string) => Promise<{ readonly text: string; readonly facts: TrainingFacts } | null>;
  /** The user's own forms of lines for the log at a path. */
  readonly patternsFor?: (path: string) => Promise<readonly LinePattern[]>;
  /** Milliseconds between looks at files that give no events; 500 by default. */
  readonly pollInterval?: number;
}

/** Live runs: follows files and terminals, keeps their series, reaches verdicts. */
export interface Monitor {
  /** A file, or a folder whose logs become one run each; the folder may appear later. Rejects when the path can never be read. */
  watch(params: WatchParams): Promise<readonly RunView[]>;
  unwatch(runId: string): void;
  /** Follows the runs of a tracking server in place of an earlier one; `onProblem` is told once that it fails, and once with null that it works again. */
  followServer(params: MlflowParams, onProblem: (problem: string | null) => void): void;
  terminalOutput(params: TerminalOutputParams): void;
  runs(): readonly RunView[];
  range(request: RangeRequest): RangeResult;
  close(): Promise<void>;
}
