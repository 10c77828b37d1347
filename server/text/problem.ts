/** Something wrong with an input that did not stop the work: said once, with the place where known. */
export interface Problem {
  readonly path: string;
  readonly message: string;
  /** Offset in UTF-16 code units for source text, byte offset for logs; absent when the whole file is meant. */
  readonly offset?: number;
}

/** A result that is never thrown away because of bad input: what could be made, and what was wrong. */
export interface Outcome<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}
