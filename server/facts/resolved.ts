import type { FileRange } from "../text/range.ts";

/** One place that a value came through, outermost (the use) first. */
export interface Provenance extends FileRange {
  /** How it passes on: `"literal"`, `"module constant"`, `"argparse default"`, `"function default"`, `"keyword dictionary"`, `"library default"`, … */
  readonly via: string;
}

export interface Known<T> {
  readonly known: true;
  readonly value: T;
  /** Other values that it can have (the branches of a conditional); empty in the usual case. */
  readonly alternatives: readonly T[];
  readonly chain: readonly Provenance[];
  /** True when a command line, a config or a caller can change it: messages then say "by default". */
  readonly overridable: boolean;
}

export interface Unknown {
  readonly known: false;
  /** Why, in a few words for `--statistics` and hovers: `"computed by get_lr()"`. */
  readonly reason: string;
  readonly chain: readonly Provenance[];
}

/** A value of the code with the way it came, or the reason why it is not known. Nothing is ever imported or run to find it. */
export type Resolved<T> = Known<T> | Unknown;
