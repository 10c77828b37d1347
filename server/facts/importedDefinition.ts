import { type Binding, bindingsOf, type ClassInfo, type FunctionInfo, type Scope, type SourceIndex } from "./scope.ts";

/** What an imported name is in the file that defines it: a module as a whole, or a name of a module. */
export type ImportedDefinition =
  | { readonly kind: "module"; readonly source: SourceIndex }
  | { readonly kind: "name"; readonly name: string; readonly scope: Scope; readonly bindings: readonly Binding[] };

/** Longer chains of re-exports than this are not followed. */
const maximumReexports = 5;
/** A file with more star imports than this is a package's table of contents: to look through them would be to read the package. */
const maximumStarImports = 4;

/** What an import of a file binds, through re-exports and star imports; null for all that is not a file of the workspace. */
export function importedDefinition(
  { module, imported }: Pick<Extract<Binding, { kind: "import" }>, "module" | "imported">,
  source: SourceIndex,
  depth = 0,
): ImportedDefinition | null {
  if (depth > maximumReexports) return null;
  if (imported === null) {
    const whole = source.neighbours.module(module);
    return whole === null ? null : { kind: "module", source: whole };
  }
  const from = source.neighbours.module(module, imported);
  const defined = from === null ? null : definedIn(from, imported, depth);
  if (defined !== null) return defined;
  const inner = source.neighbours.module(module.endsWith(".") ? `${module}${imported}` : `${module}.${imported}`);
  return inner === null ? null : { kind: "module", source: inner };
}

function definedIn(source: SourceIndex, name: string, depth: number): ImportedDefinition | null {
  const bindings = source.moduleScope.bindings.get(name);
  if (bindings !== undefined) {
    const reexport = bindings.find((binding) => binding.kind === "import");
    if (reexport?.kind === "import") return importedDefinition(reexport, source, depth + 1);
    return { kind: "name", name, scope: source.moduleScope, bindings };
  }
  return throughStarImports(name, source, depth);
}

function throughStarImports(name: string, source: SourceIndex, depth: number): ImportedDefinition | null {
  if (source.starImports.length > maximumStarImports) return null;
  for (const module of source.starImports) {
    const found = importedDefinition({ module, imported: name }, source, depth + 1);
    if (found?.kind === "name") return found;
  }
  return null;
}

/** What a name that no assignment of its file sets is in another file: by its import, or by a star import. */
export function definitionElsewhere(name: string, scope: Scope): ImportedDefinition | null {
  const bindings = bindingsOf(name, scope);
  if (bindings === null) return throughStarImports(name, scope.source, 0);
  const last = bindings.at(-1);
  if (last?.kind !== "import" || !bindings.every(({ kind }) => kind === "import")) return null;
  // `import models.net` binds `models`, which is the folder and not the file.
  if (last.imported === null && last.module.startsWith(`${name}.`)) return null;
  return importedDefinition(last, scope.source);
}

/** The function of another file that a name or `module.name` stands for. */
export function functionElsewhere(definition: ImportedDefinition | null): FunctionInfo | null {
  if (definition?.kind !== "name") return null;
  const last = definition.bindings.at(-1);
  return last?.kind === "function" ? (definition.scope.source.functions.get(last.definition) ?? null) : null;
}

/** The class of another file that a name stands for. */
export function classElsewhere(definition: ImportedDefinition | null): ClassInfo | null {
  if (definition?.kind !== "name") return null;
  const last = definition.bindings.at(-1);
  return last?.kind === "class" ? (definition.scope.source.classes.get(last.definition) ?? null) : null;
}

/** A name of a module of another file: `train_one_epoch` of `engine.train_one_epoch`. */
export function memberElsewhere(module: ImportedDefinition | null, name: string): ImportedDefinition | null {
  return module?.kind === "module" ? definedIn(module.source, name, 0) : null;
}
