import type { Call, ClassDefinition, Expression } from "../syntax/tree.ts";
import { basesOf } from "./calledFunctions.ts";
import {
  argumentFor,
  type Candidate,
  type Candidates,
  candidatesOfAssignments,
  single,
  unknown,
} from "./candidates.ts";
import { terminalName } from "./dottedText.ts";
import { classElsewhere, definitionElsewhere } from "./importedDefinition.ts";
import { bindingsOf, type ClassInfo, classAround, type Scope } from "./scope.ts";

const maximumDepth = 10;

/** The class of the workspace that a call makes an instance of. */
export function ownClass(call: Call, scope: Scope): ClassInfo | null {
  if (call.callee.kind !== "name") return null;
  return classHere(call.callee, scope) ?? classElsewhere(definitionElsewhere(call.callee.name, scope));
}

/** The class of the file that a name was last given. */
export function classHere(callee: Expression, scope: Scope): ClassInfo | null {
  const last = callee.kind === "name" ? bindingsOf(callee.name, scope)?.at(-1) : undefined;
  return last?.kind === "class" ? (scope.source.classes.get(last.definition) ?? null) : null;
}

/** The class of the file that a name certainly stands for, since it is given nothing else. */
export function certainClass(callee: Expression, scope: Scope): ClassInfo | null {
  return callee.kind === "name" && bindingsOf(callee.name, scope)?.length === 1 ? classHere(callee, scope) : null;
}

/** `Config(lr=3e-4).lr`: the argument where the class has the field, else the class's own default. */
export function fieldOfInstance(
  own: ClassInfo,
  call: Call,
  key: string,
  scope: Scope,
  depth: number,
): Candidates | null {
  const initializer = own.methods.get("__init__") ?? own.methods.get("constructor");
  if (initializer === undefined) {
    const given = argumentFor(call, key, fieldPosition(own.definition, key));
    if (given === "unclear") return unknown(`${key} is passed through * or **`);
    return given === null ? classAttribute(own, key, depth) : single(given.value, scope, "argument");
  }
  for (const receiver of ["self", "this"]) {
    const assigned = (own.scope.source.attributeBindings.get(`${receiver}.${key}`) ?? []).filter(
      (binding) => classAround(binding.scope) === own,
    );
    if (assigned.length > 0) return candidatesOfAssignments(assigned, key);
  }
  return classAttribute(own, key, depth);
}

/** Position of a dataclass field among those that its constructor takes. */
function fieldPosition(definition: ClassDefinition, key: string): number | null {
  let position = 0;
  for (const statement of definition.body) {
    if (statement.kind !== "assignment" || statement.annotation === null) continue;
    const target = statement.targets[0];
    if (target?.kind === "name" && target.name === key) return position;
    position += 1;
  }
  return null;
}

/** What a class body or the nearest base class sets a field to. */
export function classAttribute(own: ClassInfo, key: string, depth: number): Candidates | null {
  const assigned = own.scope.bindings.get(key)?.filter((binding) => binding.kind === "assignment");
  if (assigned !== undefined && assigned.length > 0) {
    const found = candidatesOfAssignments(assigned, key);
    if (!found.known) return found;
    const candidates = found.candidates.map((candidate) => unwrapField(candidate, own.scope));
    return { known: true, candidates };
  }
  if (depth > maximumDepth) return null;
  for (const parent of basesOf(own)) {
    const inherited = classAttribute(parent, key, depth + 1);
    if (inherited !== null) return inherited;
  }
  return null;
}

/** `lr: float = field(default=1e-3)` and pydantic's `Field(1e-3)`. */
function unwrapField(candidate: Candidate, scope: Scope): Candidate {
  const { expression } = candidate;
  if (expression.kind !== "call" || !/^[Ff]ield$/.test(terminalName(expression.callee) ?? "")) return candidate;
  const given = argumentFor(expression, "default", 0);
  if (given === null || given === "unclear") return candidate;
  return { ...candidate, expression: given.value, scope };
}
