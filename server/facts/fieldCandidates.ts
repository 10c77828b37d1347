import type { Call, ClassDefinition, DictionaryLiteral, Expression } from "../syntax/tree.ts";
import { commandLineDefault } from "./argparseDefaults.ts";
import {
  argumentFor,
  type Candidate,
  type Candidates,
  calledFunction,
  candidatesOfAssignments,
  candidatesOfName,
  reachingAssignment,
  unknown,
} from "./candidates.ts";
import { dottedText, terminalName } from "./dottedText.ts";
import { type AssignmentBinding, bindingsOf, type ClassInfo, classAround, type Scope } from "./scope.ts";

const maximumDepth = 10;
/** An object made in more ways than this is not followed: the work would multiply with each step. */
const maximumCandidates = 6;

/** The reason given when a literal dictionary certainly lacks the key. */
export const absentKey = "the dictionary does not have it";

/** What `object.key` or `object["key"]` can stand for: options, dictionary entries, class attributes, `self.key`. */
export function candidatesOfField(
  object: Expression,
  key: string,
  at: Expression,
  scope: Scope,
  depth = 0,
): Candidates {
  const assigned = assignmentsTo(object, key, scope);
  const reaching = reachingAssignment(assigned, at, scope);
  if (reaching !== null) return candidatesOfAssignments([reaching], key);
  const initial = initialField(object, key, scope, depth);
  if (assigned.length === 0) return initial ?? unknown(`${key} is set elsewhere`);
  const later = candidatesOfAssignments(assigned, key);
  if (!later.known || initial === null) return later;
  return initial.known ? { known: true, candidates: [...initial.candidates, ...later.candidates] } : initial;
}

/** `args.lr = …`, `config["lr"] = …`, and `self.lr = …` within the same class. */
function assignmentsTo(object: Expression, key: string, scope: Scope): readonly AssignmentBinding[] {
  const base = dottedText(object);
  if (base === null) return [];
  const { attributeBindings } = scope.source;
  const found = [
    ...(attributeBindings.get(`${base}.${key}`) ?? []),
    ...(attributeBindings.get(`${base}[${JSON.stringify(key)}]`) ?? []),
  ];
  if (base !== "self" && base !== "this") return found;
  const own = classAround(scope);
  return found.filter((binding) => classAround(binding.scope) === own);
}

/** The field of the object as it was made, before any assignment; null where the object does not say. */
function initialField(object: Expression, key: string, scope: Scope, depth: number): Candidates | null {
  if (depth > maximumDepth) return null;
  switch (object.kind) {
    case "name":
      return fieldOfName(object, key, scope, depth);
    case "await":
      return initialField(object.operand, key, scope, depth + 1);
    case "dictionary":
      return entryOf(object, key, scope, depth);
    case "call":
      return fieldOfCall(object, key, scope, depth);
    case "attribute":
    case "subscript": {
      const inner = object.kind === "attribute" ? object.name : stringIndex(object.index);
      if (inner === null) return null;
      if (inner === "__dict__") return initialField(object.object, key, scope, depth + 1);
      const found = candidatesOfField(object.object, inner, object, scope, depth + 1);
      return found.known ? fieldOfCandidates(found.candidates, key, depth) : null;
    }
    default:
      return null;
  }
}

function fieldOfName(
  object: Extract<Expression, { kind: "name" }>,
  key: string,
  scope: Scope,
  depth: number,
): Candidates | null {
  if (object.name === "self" || object.name === "this") {
    const own = classAround(scope);
    return own === null ? null : classAttribute(own, key, depth);
  }
  const bindings = bindingsOf(object.name, scope);
  const last = bindings?.at(-1);
  if (last?.kind === "class") {
    const named = scope.source.classes.get(last.definition);
    return named === undefined ? null : classAttribute(named, key, depth);
  }
  const found = candidatesOfName(object.name, object, scope);
  const field = found.known ? fieldOfCandidates(found.candidates, key, depth) : null;
  if (field !== null || !isNamespaceName(object.name, scope)) return field;
  return commandLineDefault(scope.source, key);
}

function fieldOfCandidates(candidates: readonly Candidate[], key: string, depth: number): Candidates | null {
  if (candidates.length > maximumCandidates) return null;
  const all: Candidate[] = [];
  for (const { expression, scope, position } of candidates) {
    // `args, unknown = parser.parse_known_args()`
    if (position !== null && !(position === 0 && isParse(expression))) return null;
    const found = initialField(expression, key, scope, depth + 1);
    if (found === null || !found.known) return found;
    all.push(...found.candidates);
  }
  return all.length === 0 ? null : { known: true, candidates: all };
}

function isParse(expression: Expression): boolean {
  return expression.kind === "call" && /^parse_(known_)?args$/.test(terminalName(expression.callee) ?? "");
}

/** A parameter called `args` means the file's one namespace of that name, however it gets there. */
function isNamespaceName(name: string, scope: Scope): boolean {
  const { callsByTerminalName } = scope.source;
  for (const parser of ["parse_args", "parse_known_args"]) {
    for (const { statement } of callsByTerminalName.get(parser) ?? []) {
      if (statement.kind === "return") return /^(args|opts?|flags|hparams|FLAGS)$/.test(name);
      if (statement.kind !== "assignment") continue;
      for (const target of statement.targets) {
        const bound = target.kind === "list" ? target.items[0] : target;
        if (bound?.kind === "name" && (bound.name === name || /^(args|opt)$/.test(name))) return true;
      }
    }
  }
  return false;
}

function fieldOfCall(call: Call, key: string, scope: Scope, depth: number): Candidates | null {
  if (isParse(call)) return commandLineDefault(scope.source, key) ?? unknown(`${key} is no option of this file`);
  const name = terminalName(call.callee) ?? "";
  const first = call.arguments[0];
  const own = ownClass(call, scope);
  if (own !== null) return fieldOfInstance(own, call, key, scope, depth);
  const wrapper =
    /^(vars|asdict|dict|deepcopy|copy|create|SimpleNamespace|Namespace|edict|EasyDict|AttrDict|Munch|ConfigDict|DotMap|Box)$/;
  if (wrapper.test(name)) {
    const named = call.arguments.find((argument) => argument.name === key);
    if (named !== undefined) {
      return single(named.value, scope, "keyword dictionary");
    }
    if (first !== undefined && first.name === null) return initialField(first.value, key, scope, depth + 1);
    if (name === "dict" && call.arguments.every((argument) => argument.spread === null)) return unknown(absentKey);
    return name === "copy" && call.callee.kind === "attribute"
      ? initialField(call.callee.object, key, scope, depth + 1)
      : null;
  }
  if (/^(cli|parse)$/.test(name) && first?.value.kind === "name") {
    // `tyro.cli(Config)` fills a class from the command line.
    const found = fieldOfName(first.value, key, scope, depth + 1);
    if (found === null || !found.known) return found;
    const candidates = found.candidates.map((each) => ({ ...each, via: "command-line default", overridable: true }));
    return { known: true, candidates };
  }
  const callable = calledFunction(call, scope);
  const returned = callable?.returns.length === 1 ? callable.returns[0] : undefined;
  if (callable === null || returned === undefined) return null;
  return initialField(returned, key, callable.scope, depth + 1);
}

function ownClass(call: Call, scope: Scope): ClassInfo | null {
  if (call.callee.kind !== "name") return null;
  const last = bindingsOf(call.callee.name, scope)?.at(-1);
  return last?.kind === "class" ? (scope.source.classes.get(last.definition) ?? null) : null;
}

/** `Config(lr=3e-4).lr`: the argument where the class has the field, else the class's own default. */
function fieldOfInstance(own: ClassInfo, call: Call, key: string, scope: Scope, depth: number): Candidates | null {
  const initializer = own.methods.get("__init__") ?? own.methods.get("constructor");
  if (initializer === undefined) {
    const given = argumentFor(call, key, fieldPosition(own.definition, key));
    if (given === "unclear") return unknown(`${key} is passed through * or **`);
    return given === null ? classAttribute(own, key, depth) : single(given.value, scope, "argument");
  }
  for (const receiver of ["self", "this"]) {
    const assigned = (scope.source.attributeBindings.get(`${receiver}.${key}`) ?? []).filter(
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

function classAttribute(own: ClassInfo, key: string, depth: number): Candidates | null {
  const assigned = own.scope.bindings.get(key)?.filter((binding) => binding.kind === "assignment");
  if (assigned !== undefined && assigned.length > 0) {
    const found = candidatesOfAssignments(assigned, key);
    if (!found.known) return found;
    const candidates = found.candidates.map((candidate) => unwrapField(candidate, own.scope));
    return { known: true, candidates };
  }
  for (const base of own.definition.bases) {
    if (base.kind !== "name" || depth > maximumDepth) continue;
    const last = bindingsOf(base.name, own.scope)?.at(-1);
    const parent = last?.kind === "class" ? own.scope.source.classes.get(last.definition) : undefined;
    const inherited = parent === undefined ? null : classAttribute(parent, key, depth + 1);
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

function entryOf(dictionary: DictionaryLiteral, key: string, scope: Scope, depth: number): Candidates | null {
  let complete = true;
  for (const { key: name, value } of dictionary.entries.toReversed()) {
    if (name === null) {
      const spread = initialField(value, key, scope, depth + 1);
      if (spread === null) complete = false;
      else if (spread.known || spread.reason !== absentKey) return spread;
    } else if (name.kind === "name" && isBareKey(scope)) {
      if (name.name === key) return single(value, scope, "keyword dictionary");
    } else if (name.kind === "string") {
      if (name.value === key) return single(value, scope, "keyword dictionary");
    } else complete = false;
  }
  return complete ? unknown(absentKey) : null;
}

/** `{lr: 1e-3}` names a key in JavaScript and a variable in Python. */
function isBareKey(scope: Scope): boolean {
  return scope.source.module.language === "typescript";
}

function single(expression: Expression, scope: Scope, via: string): Candidates {
  return { known: true, candidates: [{ expression, scope, via, overridable: false, position: null }] };
}

/** The literal string of an index, null for any other. */
export function stringIndex(index: Expression): string | null {
  return index.kind === "string" ? index.value : null;
}
