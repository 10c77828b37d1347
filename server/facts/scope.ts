import type {
  Call,
  ClassDefinition,
  Expression,
  FunctionDefinition,
  Import,
  Lambda,
  Loop,
  Module,
  Parameter,
  Statement,
} from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";

/** One way that a name gets its value. */
export type Binding =
  | AssignmentBinding
  | { readonly kind: "parameter"; readonly parameter: Parameter; readonly position: number; readonly owner: Scope }
  | { readonly kind: "import"; readonly module: string; readonly imported: string | null }
  | { readonly kind: "function"; readonly definition: FunctionDefinition; readonly scope: Scope }
  | { readonly kind: "class"; readonly definition: ClassDefinition; readonly scope: Scope }
  | { readonly kind: "element"; readonly iterable: Expression; readonly scope: Scope }
  /** `with open(path) as file`: the value is what the context manager gives, often itself. */
  | { readonly kind: "context"; readonly value: Expression; readonly scope: Scope }
  | { readonly kind: "opaque"; readonly reason: string };

export interface AssignmentBinding {
  readonly kind: "assignment";
  /** `"="` or the augmented operator. */
  readonly operator: string;
  readonly value: Expression;
  /** Index in an unpacked target (`model, optimizer = prepare(…)`), null when the whole value is bound. */
  readonly position: number | null;
  readonly target: Expression;
  readonly statement: TextRange;
  /** Where the value is read. */
  readonly scope: Scope;
  /** Inside an `if`, a loop or a handler of its scope. */
  readonly conditional: boolean;
}

/** A region whose names are its own: the module, a function, a lambda or a class body. */
export interface Scope {
  readonly kind: "module" | "function" | "lambda" | "class";
  readonly parent: Scope | null;
  /** Null for the module. */
  readonly node: FunctionDefinition | Lambda | ClassDefinition | null;
  readonly bindings: Map<string, Binding[]>;
  readonly source: SourceIndex;
}

/** An `if` around a call: its test, and whether the call stands in the other branch. */
export interface Guard {
  readonly test: Expression;
  readonly negated: boolean;
  readonly outer: Guard | null;
}

/** A `with` around a call. */
export interface Context {
  readonly value: Expression;
  readonly outer: Context | null;
}

/** A call with its surroundings. */
export interface CallSite {
  readonly call: Call;
  readonly scope: Scope;
  /** The simple statement that holds it. */
  readonly statement: Statement;
  readonly guard: Guard | null;
  readonly context: Context | null;
  /** Innermost loop in the same scope. */
  readonly loop: Loop | null;
  /** Depth of `if`, loop and handler nesting in the scope. */
  readonly depth: number;
}

export interface FunctionInfo {
  readonly definition: FunctionDefinition;
  readonly scope: Scope;
  /** The class it is a method of. */
  readonly owner: ClassInfo | null;
  readonly returns: Expression[];
}

export interface ClassInfo {
  readonly definition: ClassDefinition;
  readonly scope: Scope;
  readonly methods: Map<string, FunctionInfo>;
}

/** The sources that a file's imports, calls and configuration lead to. Nothing outside of the workspace is among them. */
export interface NeighbouringSources {
  /**
   * The source of a module as the file's imports name it: `"utils.schedule"`, `"..engine"`, `"./model"`; null where none is found,
   * and where its text can have nothing to say of the name that is looked for in it.
   */
  readonly module: (name: string, lookedFor?: string) => SourceIndex | null;
  /** A configuration that the code names by a path: beside the file, in a folder above it, or absolute. */
  readonly configuration: (path: string) => SourceIndex | null;
  /** The sources that import the file and use this name. */
  readonly users: (name: string) => readonly SourceIndex[];
}

/** A file that stands alone. */
export const noNeighbours: NeighbouringSources = {
  module: () => null,
  configuration: () => null,
  users: () => [],
};

/** Everything of a file that later stages look up, made in one walk over its tree. */
export interface SourceIndex {
  readonly path: string;
  readonly neighbours: NeighbouringSources;
  readonly text: string;
  readonly module: Module;
  readonly moduleScope: Scope;
  /** In evaluation order within a statement: arguments before the call that takes them. */
  readonly calls: readonly CallSite[];
  readonly callsByTerminalName: ReadonlyMap<string, readonly CallSite[]>;
  readonly functions: ReadonlyMap<FunctionDefinition, FunctionInfo>;
  readonly functionsByName: ReadonlyMap<string, readonly FunctionInfo[]>;
  readonly classes: ReadonlyMap<ClassDefinition, ClassInfo>;
  readonly lambdas: ReadonlyMap<Lambda, Scope>;
  /** Assignments to `self.x`, `args.lr`, `config["lr"]`, by dotted text. */
  readonly attributeBindings: ReadonlyMap<string, readonly AssignmentBinding[]>;
  readonly imports: readonly { readonly statement: Import; readonly scope: Scope }[];
  readonly starImports: readonly string[];
  readonly nameUses: ReadonlyMap<string, number>;
  /** `add_argument` calls by the attribute of the namespace that they fill. */
  readonly commandLineOptions: ReadonlyMap<string, readonly CallSite[]>;
  /** What `qualifiedName` has answered, for it is asked about the same callees by every collector. */
  readonly qualifiedNames: Map<Expression, { readonly scope: Scope; readonly name: string | null }>;
}

/** The bindings of a name as seen from a scope, innermost first; class bodies are seen only from themselves, as in Python. */
export function bindingsOf(name: string, scope: Scope): readonly Binding[] | null {
  for (let current: Scope | null = scope; current !== null; current = current.parent) {
    if (current.kind === "class" && current !== scope) continue;
    const found = current.bindings.get(name);
    if (found !== undefined) return found;
  }
  return null;
}

/** The class around a scope, null outside classes. */
export function classAround(scope: Scope): ClassInfo | null {
  for (let current: Scope | null = scope; current !== null; current = current.parent) {
    if (current.node?.kind === "class") return current.source.classes.get(current.node) ?? null;
  }
  return null;
}

/** The function around a scope, null at module level. */
export function functionAround(scope: Scope): FunctionInfo | null {
  for (let current: Scope | null = scope; current !== null; current = current.parent) {
    if (current.node?.kind === "function") return current.source.functions.get(current.node) ?? null;
  }
  return null;
}
