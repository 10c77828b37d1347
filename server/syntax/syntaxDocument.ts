import type { TextEdit } from "../text/range.ts";
import type { Module } from "./tree.ts";

/** A text with its tree, kept up to date as the text changes. Parsing never fails: what does not parse is in `module.holes`. */
export interface SyntaxDocument {
  readonly text: string;
  readonly module: Module;
  /**
   * Takes the new text, reusing what it can of the old tree. `edits` lead from the old text to the new one when the caller
   * knows them; without them the differing middle is found from both ends.
   */
  update(newText: string, edits?: readonly TextEdit[]): void;
  /** Frees the parser's memory; the document is not used afterwards. */
  dispose(): void;
}

export interface LanguageParser {
  open(text: string): SyntaxDocument;
}
