import type { TextRange } from "../text/range.ts";
import type { FrameworkName } from "./trainingFacts.ts";

/** An old spelling of mixed precision: of one call, or of an import with all the calls of what it brings. */
export interface DeprecatedAmpFact extends TextRange {
  readonly framework: FrameworkName;
  /** `"torch.cuda.amp.autocast"`, `"apex.amp"`. */
  readonly name: string;
  /** `'torch.amp.autocast("cuda", …)'`; null where there is no one new spelling. */
  readonly replacement: string | null;
  /** The module in the import statement, with what it becomes; null where no import changes. */
  readonly imported: (TextRange & { readonly newText: string }) | null;
  /** The calls to rewrite; null where the whole change is not certain. */
  readonly calls: readonly DeprecatedAmpCall[] | null;
}

export interface DeprecatedAmpCall {
  readonly device: "cuda" | "cpu";
  /** The callee, where its text changes. */
  readonly callee: (TextRange & { readonly newText: string }) | null;
  /** Offset behind the opening parenthesis, and whether an argument follows. */
  readonly open: number;
  readonly hasArguments: boolean;
  /** Positional arguments that have another place in the new signature, with their keyword. */
  readonly named: readonly { readonly at: number; readonly keyword: string }[];
}
