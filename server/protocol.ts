/**
 * Messages of our own: language server ↔ extension (`haywire/…` methods) and extension ↔ panel: types only.
 * The server owns runs; the panel asks for the range that it shows.
 */
import type { VerdictKind } from "./detectors/verdict.ts";
import type { SeriesRole, StepAxis } from "./runs/run.ts";

export interface VerdictView {
  readonly id: string;
  readonly kind: VerdictKind;
  /** A plain sentence: "Loss has grown since step 152,300". */
  readonly headline: string;
  readonly onsetStep: number;
  readonly onsetRange: readonly [number, number];
  readonly detectedStep: number;
  readonly confidence: number;
  readonly severity: "error" | "warning" | "info";
  readonly evidence: readonly string[];
  readonly causes: readonly { readonly cause: string; readonly why: string; readonly rules: readonly string[] }[];
  readonly nextStep: string;
  readonly code: CodePlace | null;
}

/** 0-based line and UTF-16 character, as in LSP. */
export interface CodePlace {
  readonly uri: string;
  readonly line: number;
  readonly character: number;
  readonly endLine: number;
  readonly endCharacter: number;
}

export interface SeriesView {
  readonly name: string;
  readonly role: SeriesRole;
  readonly points: number;
  readonly nonFinite: number;
  readonly last: number | "NaN" | "Infinity" | "-Infinity" | null;
}

export interface RunView {
  readonly id: string;
  readonly name: string;
  readonly paths: readonly string[];
  readonly state: "waiting" | "live" | "stalled" | "finished" | "failed" | "gone";
  /** What the state is known by, where there is more to say: the last words of a crash, how long nothing has come. */
  readonly stateReason?: string;
  /** Settings that the log gives for the run (learning rate, seed), as text. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly stepAxis: StepAxis;
  readonly firstStep: number | null;
  readonly lastStep: number | null;
  /** Milliseconds since 1970 of the first and the newest record read. */
  readonly startedAt: number | null;
  readonly updatedAt: number | null;
  readonly series: readonly SeriesView[];
  readonly verdicts: readonly VerdictView[];
  /** Checks that ran, and those that could not with the reason. */
  readonly checks: {
    readonly ran: number;
    readonly silent: readonly { readonly kind: VerdictKind; readonly why: string }[];
  };
  readonly problems: readonly string[];
  /** The last raw lines, shown while no number has been read. */
  readonly rawTail: readonly string[];
}

export interface WatchParams {
  /** A file or folder, absolute. */
  readonly path: string;
  readonly name?: string;
  /** The script that writes it, for linking verdicts to lines; absolute. */
  readonly codePath?: string;
  /** Only logs written at this time or later, in ms since 1970: those of one run in a folder of many. */
  readonly writtenSince?: number;
}

/** An MLflow tracking server whose runs are followed. */
export interface MlflowParams {
  /** Empty to follow none. */
  readonly url: string;
  /** A bearer token or `user:password`, null for none. */
  readonly token: string | null;
  /** Names of experiments; empty for all. */
  readonly experiments: readonly string[];
}

/** What a script says about the logs of its runs. */
export interface ScriptLogs {
  /** It trains something. */
  readonly trains: boolean;
  /** Files and folders, absolute, each with what writes there (`"SummaryWriter"`). */
  readonly places: readonly { readonly path: string; readonly writer: string }[];
}

export interface RangeRequest {
  readonly runId: string;
  readonly series: readonly string[];
  /** Inclusive steps; null for all. */
  readonly from: number | null;
  readonly to: number | null;
  /** Pixel columns: at most four points each come back (first, minimum, maximum, last). */
  readonly columns: number;
}

export interface SeriesPoints {
  readonly name: string;
  readonly steps: readonly number[];
  /** Null marks a non-finite value, whose kind is in `nonFinite`. */
  readonly values: readonly (number | null)[];
  readonly nonFinite: readonly { readonly step: number; readonly kind: "NaN" | "Infinity" | "-Infinity" }[];
  /** How many points the range holds; `steps.length` of them are sent. */
  readonly total: number;
}

export interface RangeResult {
  readonly runId: string;
  readonly series: readonly SeriesPoints[];
}

/** Requests to the server, by method. */
export interface Requests {
  "haywire/watch": { readonly params: WatchParams; readonly result: readonly RunView[] };
  "haywire/unwatch": { readonly params: { readonly runId: string }; readonly result: null };
  "haywire/runs": { readonly params: null; readonly result: readonly RunView[] };
  "haywire/range": { readonly params: RangeRequest; readonly result: RangeResult };
  /** Of the script (or notebook) at `path`; `command` is what it is run with, in `workingFolder`. */
  "haywire/scriptLogs": {
    readonly params: { readonly path: string; readonly workingFolder: string; readonly command: readonly string[] };
    readonly result: ScriptLogs;
  };
  /** Follows the runs of a tracking server, in place of one that was followed before. */
  "haywire/mlflow": { readonly params: MlflowParams; readonly result: null };
  /** Whether output of a program is that of training. */
  "haywire/readsAsTraining": { readonly params: { readonly output: string }; readonly result: boolean };
  /** A rule's document in Markdown, null for an unknown name. */
  "haywire/rule": { readonly params: { readonly name: string }; readonly result: string | null };
}

/** Notifications to the server, by method. */
export interface ClientNotifications {
  "haywire/terminalOutput": TerminalOutputParams;
}

/** Notifications to the client, by method. */
export interface ServerNotifications {
  /** At most one each 50 ms a run. */
  "haywire/runChanged": RunView;
  /** A tracking server cannot be followed: told once, and once with null when it can again. */
  "haywire/mlflowProblem": { readonly problem: string | null };
  /** Once a verdict. */
  "haywire/verdict": { readonly run: RunView; readonly verdict: VerdictView };
}

/** Output of a terminal that the client captures; the first piece with a new `runId` opens the run. */
export interface TerminalOutputParams {
  readonly runId: string;
  readonly name: string;
  readonly codePath: string | null;
  readonly text: string;
  /** Of the first piece: the command that was started. */
  readonly command?: readonly string[];
  /** Set with the last piece. */
  readonly exitCode?: number | null;
  readonly ended?: boolean;
}

/** Extension → panel. */
export type ToPanel =
  | { readonly type: "runs"; readonly runs: readonly RunView[]; readonly selected: string | null }
  | { readonly type: "range"; readonly requestId: number; readonly result: RangeResult }
  | { readonly type: "reveal"; readonly runId: string; readonly step: number | null }
  /** One run as it is now; the others are unchanged. */
  | { readonly type: "run"; readonly run: RunView }
  | { readonly type: "rangeFailed"; readonly requestId: number }
  /** Smoothing (0…1) for a panel that has not been given its own. */
  | { readonly type: "settings"; readonly smoothing: number };

/** Panel → extension. */
export type FromPanel =
  | { readonly type: "ready" }
  | { readonly type: "range"; readonly requestId: number; readonly request: RangeRequest }
  | { readonly type: "openCode"; readonly place: CodePlace }
  | { readonly type: "previewFix"; readonly runId: string; readonly verdictId: string }
  | { readonly type: "select"; readonly runId: string }
  | { readonly type: "command"; readonly command: "runAndWatch" | "watchLog" };

/** What the client says of itself in `initialize`. */
export interface InitializationOptions {
  /** It has the command `haywire.runAndWatch`, which code lenses then call with the text's URI. */
  readonly runAndWatch?: boolean;
  /** False where the workspace is not trusted: the server then runs no other program, git neither. */
  readonly trusted?: boolean;
}
