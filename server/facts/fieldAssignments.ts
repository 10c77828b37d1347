import type { Expression } from "../syntax/tree.ts";
import { dottedText } from "./dottedText.ts";
import { definitionElsewhere } from "./importedDefinition.ts";
import { type AssignmentBinding, classAround, type Scope, type SourceIndex } from "./scope.ts";

/** What is assigned to a field after its object was made. */
export interface FieldAssignments {
  readonly assigned: readonly AssignmentBinding[];
  /** The scope in which they are read: the module of another file where an imported object is set. */
  readonly from: Scope;
}

/** `args.lr = …`, `config["lr"] = …`, and `self.lr = …` within the same class; of an imported object where it is made. */
export function assignmentsTo(object: Expression, key: string, scope: Scope): FieldAssignments {
  const base = dottedText(object);
  if (base === null) return { assigned: [], from: scope };
  const found = assignmentsIn(scope.source, base, key);
  if (base === "self" || base === "this") {
    const own = classAround(scope);
    return { assigned: found.filter((binding) => classAround(binding.scope) === own), from: scope };
  }
  if (found.length > 0) return { assigned: found, from: scope };
  const home = homeOf(base, scope);
  if (home === null) return { assigned: [], from: scope };
  return { assigned: assignmentsIn(home.scope.source, home.base, key), from: home.scope };
}

function assignmentsIn({ attributeBindings }: SourceIndex, base: string, key: string): readonly AssignmentBinding[] {
  return [
    ...(attributeBindings.get(`${base}.${key}`) ?? []),
    ...(attributeBindings.get(`${base}[${JSON.stringify(key)}]`) ?? []),
  ];
}

/** Where an imported object is made, and how it is called there: `cfg.TRAIN` is `__C.TRAIN` of the file that says `cfg = __C`. */
function homeOf(base: string, scope: Scope): { readonly base: string; readonly scope: Scope } | null {
  const root = /^\w+/.exec(base)?.[0] ?? "";
  const elsewhere = definitionElsewhere(root, scope);
  if (elsewhere?.kind !== "name") return null;
  const [only, ...more] = elsewhere.bindings;
  const isAlias = only?.kind === "assignment" && more.length === 0 && only.value.kind === "name";
  const name = isAlias && only.value.kind === "name" ? only.value.name : elsewhere.name;
  return { base: name + base.slice(root.length), scope: elsewhere.scope };
}
