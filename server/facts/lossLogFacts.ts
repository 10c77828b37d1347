import type { TextRange } from "../text/range.ts";
import type { EventBranch } from "./eventBranches.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** What a call logs with: the console, a progress bar, TensorBoard, a tracker such as wandb, a file. */
export type LoggerKind =
  | "print"
  | "logging"
  | "progress bar"
  | "tensorboard"
  | "metrics"
  | "lightning"
  | "meter"
  | "json"
  | "file";

/** How one more number gets into a log call, with the offset where it is written; null where no way is certain. */
export type LogExtension =
  /** A positional argument of `print`. */
  | { readonly form: "argument"; readonly at: number }
  /** A keyword argument: `set_postfix(loss=…)`, `metric_logger.update(loss=…)`. */
  | { readonly form: "keyword"; readonly at: number }
  /** An entry of a dictionary literal: `wandb.log({…})`. */
  | { readonly form: "entry"; readonly at: number }
  /** A key of a dictionary that has a name: `wandb.log(metrics)`. */
  | { readonly form: "key"; readonly dictionary: string }
  /** Text inside an f-string, before its closing quote. */
  | { readonly form: "text"; readonly at: number }
  /** An f-string added to a message of another kind. */
  | { readonly form: "concatenation"; readonly at: number }
  /** A call of its own behind it, one name and one number each: `add_scalar(tag, value, step)`. */
  | { readonly form: "call"; readonly tag: string; readonly rest: string };

/** A call that logs the training loss: which logger is in use, where, and how often. */
export interface LossLogFact extends TextRange {
  readonly framework: FrameworkName;
  readonly logger: LoggerKind;
  /** The call without its arguments: `"wandb.log"`. */
  readonly callee: string;
  readonly statement: TextRange;
  /** The loss among its arguments, null where only its words name it. */
  readonly loss: TextRange | null;
  /** The step or epoch that it logs with, as the code writes it. */
  readonly step: string | null;
  /** Start of the training loop (`TrainingLoopFact.start`) whose loss it is. */
  readonly loopStart: number;
  /** In the training loop itself, behind it (once an epoch), or in the code that calls its function. */
  readonly place: "iteration" | "behind" | "caller";
  /** The `if`s around it, inside the loop where it stands: what keeps it from running every time. */
  readonly branches: readonly EventBranch[];
  readonly extension: LogExtension | null;
}
