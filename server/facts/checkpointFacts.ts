import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** What a run needs beside its weights to go on as if it had not stopped. */
export type StatePart = "optimizer" | "scheduler" | "scaler";

/** A checkpoint that a run writes or goes on from, and that leaves out state of the training; the range is the call's name. */
export interface UnsavedStateFact extends TextRange {
  readonly framework: FrameworkName;
  /** Left out where it is written, or read back without it. */
  readonly at: "save" | "load";
  readonly missing: StatePart;
  /** What holds the missing state, as the file calls it; null where it has no one name. */
  readonly holder: string | null;
  /** Its constructor: `"Adam"`, `"StepLR"`; null where it is built elsewhere. */
  readonly constructorName: string | null;
  /** The call that saves or loads, in short: `"torch.save"`. */
  readonly call: string;
  /** Where the file goes on from saved weights; null where nothing of it does. */
  readonly resumedAt: TextRange | null;
  /** The checkpoint counts epochs or steps, as one to go on from does. */
  readonly keepsCount: boolean;
  /** The dictionary that is written, where it is a literal. */
  readonly dictionary: TextRange | null;
  /** The one expression that is written, where it is the weights alone. */
  readonly weights: TextRange | null;
  /** The one place that reads the weights back, where there is one. */
  readonly load: CheckpointLoad | null;
  /** The statement after which the holder exists. */
  readonly built: TextRange | null;
  /** What else of the training the same checkpoint leaves out; its own finding once this one is gone. */
  readonly companions: readonly StateHolder[];
  /** The value of the setting that leaves it out, with what it would have to be; null where no setting does. */
  readonly setting: (TextRange & { readonly name: string; readonly instead: string }) | null;
}

/** A part of the state, what the file calls its holder, and the statement after which it exists. */
export interface StateHolder {
  readonly missing: StatePart;
  readonly holder: string;
  readonly built: TextRange | null;
}

/** `model.load_state_dict(checkpoint["model"])`. */
export interface CheckpointLoad {
  readonly statement: TextRange;
  readonly argument: TextRange;
}
