import type { TrainingFacts } from "../facts/trainingFacts.ts";
import type { Fix, RelatedPlace, Severity } from "../rules/rule.ts";
import type { Position, RowColumn } from "../text/lineIndex.ts";
import type { Problem } from "../text/problem.ts";
import type { TextRange } from "../text/range.ts";

/** A finding of a rule after severities and suppressions: what the editor, the command line and SARIF show. */
export interface Diagnostic extends TextRange {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  /** The preferred fix first. */
  readonly fixes: readonly Fix[];
  readonly related: readonly LocatedPlace[];
  /** Where the rule's document is, relative to the package: `docs/rules/NAME.md`. */
  readonly url: string;
}

/** A place beside a finding. One in another file says where in it, for whoever shows it has not that file's text. */
export interface LocatedPlace extends RelatedPlace {
  readonly located?: { readonly start: RowColumn & Position; readonly end: RowColumn & Position };
}

export interface LintResult {
  /** In order of position. */
  readonly diagnostics: readonly Diagnostic[];
  readonly problems: readonly Problem[];
  readonly facts: TrainingFacts;
  /** How many findings a comment silenced. */
  readonly suppressed: number;
}
