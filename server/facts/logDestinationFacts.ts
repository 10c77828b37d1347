import type { TextRange } from "../text/range.ts";

/** A place that the code writes its training's numbers to; the range is that of the call. */
export interface LogDestinationFact extends TextRange {
  /** What writes there, as the code calls it: `"SummaryWriter"`, `"TrainingArguments"`, `"open"`. */
  readonly writer: string;
  /** As the code has it, with slashes, relative to the working folder of the run unless absolute. */
  readonly path: string;
  /** False where only the beginning is known (`f"runs/{name}"`): `path` is then the folder that holds it. */
  readonly isWhole: boolean;
  /** The command line's option that decides it (`"output_dir"` of `args.output_dir`), null where none is known. */
  readonly option: string | null;
}
