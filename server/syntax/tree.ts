import type { TextRange } from "../text/range.ts";

/**
 * The tree that both languages are read into: what facts about training need of Python and TypeScript, and nothing else.
 * Constructs without a node of their own become `unknown` expressions or `other` statements that keep their children, so a
 * walk still reaches every call inside them. Ranges are UTF-16 offsets into the source text.
 */
export interface Module extends TextRange {
  /** `configuration` is JSON or YAML: one expression, the whole of it. */
  readonly language: "python" | "typescript" | "configuration";
  readonly body: readonly Statement[];
  readonly comments: readonly Comment[];
  /** Places where the text could not be parsed; the tree around them still holds. */
  readonly holes: readonly TextRange[];
}

export interface Comment extends TextRange {
  /** With its `#`, `//` or delimiters. */
  readonly text: string;
}

export type Statement =
  | ExpressionStatement
  | Assignment
  | FunctionDefinition
  | ClassDefinition
  | If
  | Loop
  | With
  | Try
  | Return
  | Import
  | OtherStatement;

export interface ExpressionStatement extends TextRange {
  readonly kind: "expression";
  readonly expression: Expression;
}

/** `a = b = value`, `a: T = value`, `a += value`, `const {a} = value`. */
export interface Assignment extends TextRange {
  readonly kind: "assignment";
  readonly targets: readonly Expression[];
  /** `"="`, or the augmented operator such as `"+="`. */
  readonly operator: string;
  readonly annotation: Expression | null;
  /** Null for a bare declaration (`lr: float`, `let x`). */
  readonly value: Expression | null;
}

export interface Parameter extends TextRange {
  readonly name: string;
  readonly annotation: Expression | null;
  readonly defaultValue: Expression | null;
  /** `*args` and rest parameters are `"list"`, `**kwargs` is `"dictionary"`. */
  readonly variadic: "list" | "dictionary" | null;
}

export interface FunctionDefinition extends TextRange {
  readonly kind: "function";
  readonly name: string;
  readonly nameRange: TextRange;
  readonly parameters: readonly Parameter[];
  readonly decorators: readonly Expression[];
  readonly body: readonly Statement[];
}

export interface ClassDefinition extends TextRange {
  readonly kind: "class";
  readonly name: string;
  readonly nameRange: TextRange;
  readonly bases: readonly Expression[];
  readonly decorators: readonly Expression[];
  readonly body: readonly Statement[];
}

/** `elif` is an `if` alone in `orElse`. */
export interface If extends TextRange {
  readonly kind: "if";
  readonly test: Expression;
  readonly body: readonly Statement[];
  readonly orElse: readonly Statement[];
}

/** `for x in xs`, `while test`, and the JavaScript loops. */
export interface Loop extends TextRange {
  readonly kind: "loop";
  /** From the keyword to the colon or closing parenthesis: what is underlined when a finding means the loop. */
  readonly header: TextRange;
  readonly targets: readonly Expression[];
  readonly iterable: Expression | null;
  readonly test: Expression | null;
  readonly body: readonly Statement[];
  readonly orElse: readonly Statement[];
}

export interface With extends TextRange {
  readonly kind: "with";
  readonly items: readonly { readonly value: Expression; readonly target: Expression | null }[];
  readonly body: readonly Statement[];
}

export interface Try extends TextRange {
  readonly kind: "try";
  readonly body: readonly Statement[];
  readonly handlers: readonly (readonly Statement[])[];
  readonly orElse: readonly Statement[];
  readonly finallyBody: readonly Statement[];
}

export interface Return extends TextRange {
  readonly kind: "return";
  readonly value: Expression | null;
}

export interface Import extends TextRange {
  readonly kind: "import";
  /** Dotted Python module (leading dots kept) or the JavaScript module specifier. */
  readonly module: string;
  /**
   * `import torch.optim as optim` → `[{imported: null, local: "optim"}]`; `import torch.optim` binds `local: "torch"` with
   * `module: "torch"`; `from a import b as c` and `import {b as c} from "a"` → `{imported: "b", local: "c"}`; a star import
   * → `{imported: "*", local: "*"}`; `import * as tf from` → `{imported: null, local: "tf"}`.
   */
  readonly names: readonly { readonly imported: string | null; readonly local: string; readonly range: TextRange }[];
}

/** `pass`, `break`, `raise`, `del`, `global`, `assert`, `throw`, holes, …: its expressions and nested statements are kept. */
export interface OtherStatement extends TextRange {
  readonly kind: "other";
  /** The keyword (`"break"`, `"continue"`, `"raise"`, `"del"`, …) or `"hole"` where the text did not parse. */
  readonly keyword: string;
  readonly expressions: readonly Expression[];
  readonly body: readonly Statement[];
}

export type Expression =
  | Name
  | Attribute
  | Subscript
  | Call
  | NumberLiteral
  | StringLiteral
  | BooleanLiteral
  | NullLiteral
  | ListLiteral
  | DictionaryLiteral
  | BinaryOperation
  | UnaryOperation
  | Conditional
  | Lambda
  | Comprehension
  | Await
  | UnknownExpression;

export interface Name extends TextRange {
  readonly kind: "name";
  readonly name: string;
}

export interface Attribute extends TextRange {
  readonly kind: "attribute";
  readonly object: Expression;
  readonly name: string;
  readonly nameRange: TextRange;
}

export interface Subscript extends TextRange {
  readonly kind: "subscript";
  readonly object: Expression;
  readonly index: Expression;
}

export interface Argument extends TextRange {
  /** Keyword argument's name in Python; null for positional ones. */
  readonly name: string | null;
  readonly value: Expression;
  /** `*xs` and `...xs` are `"list"`, `**xs` is `"dictionary"`. */
  readonly spread: "list" | "dictionary" | null;
}

export interface Call extends TextRange {
  readonly kind: "call";
  readonly callee: Expression;
  readonly arguments: readonly Argument[];
  /** `new X()` in JavaScript. */
  readonly isNew: boolean;
  /** The offset of the closing parenthesis, where an argument can be appended; equals `end - 1` in text that parses. */
  readonly closeParenthesis: number;
}

export interface NumberLiteral extends TextRange {
  readonly kind: "number";
  readonly value: number;
}

export interface StringLiteral extends TextRange {
  readonly kind: "string";
  /** The text, or null when it holds interpolated values (f-strings, templates). */
  readonly value: string | null;
  /** Interpolated expressions of f-strings and templates. */
  readonly parts: readonly Expression[];
}

export interface BooleanLiteral extends TextRange {
  readonly kind: "boolean";
  readonly value: boolean;
}

/** `None`, `null`, `undefined`. */
export interface NullLiteral extends TextRange {
  readonly kind: "null";
}

/** Lists, tuples and sets. */
export interface ListLiteral extends TextRange {
  readonly kind: "list";
  readonly items: readonly Expression[];
}

/** Dictionaries and object literals; a spread entry has a null key. */
export interface DictionaryLiteral extends TextRange {
  readonly kind: "dictionary";
  readonly entries: readonly {
    readonly key: Expression | null;
    readonly value: Expression;
    readonly range: TextRange;
  }[];
}

/** Arithmetic, comparisons (`a < b`) and `and`/`or`/`&&`/`||`/`??`. */
export interface BinaryOperation extends TextRange {
  readonly kind: "binary";
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

export interface UnaryOperation extends TextRange {
  readonly kind: "unary";
  readonly operator: string;
  readonly operand: Expression;
}

export interface Conditional extends TextRange {
  readonly kind: "conditional";
  readonly test: Expression;
  readonly whenTrue: Expression;
  readonly whenFalse: Expression;
}

/** Lambdas and arrow functions; an arrow function with a block has its statements in `body`, else one `return`. */
export interface Lambda extends TextRange {
  readonly kind: "lambda";
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
}

export interface Comprehension extends TextRange {
  readonly kind: "comprehension";
  readonly element: Expression;
  readonly clauses: readonly { readonly target: Expression; readonly iterable: Expression }[];
  readonly conditions: readonly Expression[];
}

export interface Await extends TextRange {
  readonly kind: "await";
  readonly operand: Expression;
}

export interface UnknownExpression extends TextRange {
  readonly kind: "unknown";
  readonly children: readonly Expression[];
}
