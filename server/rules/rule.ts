import type { FrameworkName, TrainingFacts } from "../facts/trainingFacts.ts";
import type { FrameworkFixes } from "../frameworks/framework.ts";
import type { FileRange, TextEdit, TextRange } from "../text/range.ts";
import type { EarlierHyperparameter } from "./hyperparameterChanges.ts";
import type { RuleOption } from "./ruleOption.ts";

export type Severity = "error" | "warning" | "info" | "hint";
export type SeveritySetting = Severity | "off";

/** `safe` changes nothing but the fault and is applied by `--fix`; `unsafe` changes the training and is offered one at a time. */
export type Applicability = "safe" | "unsafe";

export interface Fix {
  /** What will be written, as a title: "Clip the gradient norm to 1.0 before optimizer.step()". */
  readonly title: string;
  readonly applicability: Applicability;
  readonly edits: readonly TextEdit[];
  /** For unsafe fixes: how it changes the training, in a sentence. */
  readonly why?: string;
}

export interface RelatedPlace extends FileRange {
  readonly message: string;
}

/** What a rule reports; the lint room adds the rule's name and settles the severity. */
export interface Finding extends TextRange {
  readonly message: string;
  /** When it differs from the rule's default severity. */
  readonly severity?: Severity;
  /** The preferred fix first. */
  readonly fixes: readonly Fix[];
  readonly related: readonly RelatedPlace[];
}

/** Hyperparameters of an earlier state of the file, and how messages call it: `"HEAD"`, `"the run of 24 Nov, 12:05"`. */
export interface Baseline {
  readonly name: string;
  readonly hyperparameters: readonly EarlierHyperparameter[];
}

/** What a rule may look at, all of it passed in. */
export interface RuleContext {
  readonly text: string;
  readonly facts: TrainingFacts;
  readonly fixesOf: (framework: FrameworkName) => FrameworkFixes;
  /** Hyperparameters of an earlier state (the last run, else git's HEAD), null where there is none. */
  readonly baseline: Baseline | null;
  /** What the project sets for one of the rule's own options, else its default. */
  readonly optionValue: (option: RuleOption) => number;
}

export interface Rule {
  readonly name: string;
  readonly severity: Severity;
  /** One line, sentence case, for lists. */
  readonly title: string;
  readonly frameworks: readonly FrameworkName[];
  /** URLs or citations: papers, documentation pages, source files with lines. At least one. */
  readonly sources: readonly string[];
  /** Speaks only where a verdict on a run of this code names it as a cause. */
  readonly liveOnly?: true;
  /** Numbers that a project may set. */
  readonly options?: readonly RuleOption[];
  readonly check: (context: RuleContext, report: (finding: Finding) => void) => void;
}
