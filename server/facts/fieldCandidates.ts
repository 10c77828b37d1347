import type { Call, DictionaryLiteral, Expression } from "../syntax/tree.ts";
import { commandLineDefault } from "./argparseDefaults.ts";
import { calledAnywhere, methodOf } from "./calledFunctions.ts";
import {
  argumentFor,
  type Candidate,
  type Candidates,
  candidatesOfAssignments,
  candidatesOfName,
  endOfFile,
  reachingAssignment,
  single,
  unknown,
} from "./candidates.ts";
import { classAttribute, fieldOfInstance, ownClass } from "./classFields.ts";
import { composedPlaces, configurationOf } from "./configurationFile.ts";
import { terminalName } from "./dottedText.ts";
import { assignmentsTo } from "./fieldAssignments.ts";
import { classElsewhere, definitionElsewhere } from "./importedDefinition.ts";
import { bindingsOf, classAround, type Scope } from "./scope.ts";

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
  const { assigned, from } = assignmentsTo(object, key, scope);
  const reaching = reachingAssignment(assigned, from === scope ? at : endOfFile, from);
  if (reaching !== null) return candidatesOfAssignments([reaching], key);
  const initial = initialField(object, key, scope, depth);
  if (assigned.length === 0) return initial ?? unknown(`${key} is set elsewhere`);
  const later = candidatesOfAssignments(assigned, key);
  if (!later.known || initial === null) return later;
  return initial.known ? { known: true, candidates: [...initial.candidates, ...later.candidates] } : initial;
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
      // `flags.FLAGS.lr`
      if (inner === "FLAGS") return commandLineDefault(scope.source, key);
      if (inner === "hparams" && isSelf(object.object)) return savedHyperparameter(key, scope, depth);
      const found = candidatesOfField(object.object, inner, object, scope, depth + 1);
      return found.known ? fieldOfCandidates(found.candidates, key, depth) : null;
    }
    default:
      return null;
  }
}

function isSelf(object: Expression): boolean {
  return object.kind === "name" && (object.name === "self" || object.name === "this");
}

/** Lightning's `self.hparams.lr`: the constructor's parameter, or the field of the one object that it takes. */
function savedHyperparameter(key: string, scope: Scope, depth: number): Candidates | null {
  const own = classAround(scope);
  const initializer = own === null ? null : methodOf(own, "__init__");
  if (initializer === null) return null;
  const { bindings } = initializer.scope;
  if (bindings.has(key)) return candidatesOfName(key, endOfFile, initializer.scope);
  for (const name of ["hparams", "args", "config", "cfg"]) {
    if (!bindings.has(name)) continue;
    return initialField({ kind: "name", name, ...initializer.definition.nameRange }, key, initializer.scope, depth + 1);
  }
  return null;
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
  const elsewhere = definitionElsewhere(object.name, scope);
  if (elsewhere?.kind === "module") {
    const module = elsewhere.source.moduleScope;
    return module.bindings.has(key) ? candidatesOfName(key, endOfFile, module) : null;
  }
  const named = last?.kind === "class" ? scope.source.classes.get(last.definition) : classElsewhere(elsewhere);
  if (named !== undefined && named !== null) return classAttribute(named, key, depth);
  const found = candidatesOfName(object.name, object, scope);
  const field = found.known ? fieldOfCandidates(found.candidates, key, depth) : null;
  if (field === null && object.name === "FLAGS") return commandLineDefault(scope.source, key);
  if (field !== null || !isNamespaceName(object.name, scope)) return field;
  return commandLineDefault(scope.source, key);
}

function fieldOfCandidates(candidates: readonly Candidate[], key: string, depth: number): Candidates | null {
  if (candidates.length > maximumCandidates) return null;
  const all: Candidate[] = [];
  for (const { expression, scope, position, overridable } of candidates) {
    const found =
      position === null || (position === 0 && isParse(expression))
        ? initialField(expression, key, scope, depth + 1)
        : fieldOfParsedClass(expression, position, key, scope, depth + 1);
    if (found === null || !found.known) return found;
    all.push(...found.candidates.map((each) => (overridable ? { ...each, overridable } : each)));
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

/** `model_args, training_args = HfArgumentParser((ModelArguments, TrainingArguments)).parse_args_into_dataclasses()`. */
function fieldOfParsedClass(
  parse: Expression,
  position: number,
  key: string,
  scope: Scope,
  depth: number,
): Candidates | null {
  if (parse.kind !== "call" || parse.callee.kind !== "attribute") return null;
  if (!/^parse_(args_into_dataclasses|args_and_config|json_file|yaml_file|dict)$/.test(parse.callee.name)) return null;
  const parser = constructionOf(parse.callee.object, scope);
  const classes = parser?.arguments[0]?.value;
  const parsed = classes?.kind === "list" ? classes.items[position] : position === 0 ? classes : undefined;
  return parsed?.kind === "name" ? onCommandLine(fieldOfName(parsed, key, scope, depth + 1)) : null;
}

/** The call that makes an object: the expression itself, or what its name is bound to. */
function constructionOf(object: Expression, scope: Scope): Call | null {
  if (object.kind === "call") return object;
  const found = object.kind === "name" ? candidatesOfName(object.name, object, scope) : null;
  const only = found?.known === true && found.candidates.length === 1 ? found.candidates[0]?.expression : undefined;
  return only?.kind === "call" ? only : null;
}

function onCommandLine(found: Candidates | null): Candidates | null {
  if (found === null || !found.known) return found;
  const candidates = found.candidates.map((each) => ({ ...each, via: "command-line default", overridable: true }));
  return { known: true, candidates };
}

function fieldOfCall(call: Call, key: string, scope: Scope, depth: number): Candidates | null {
  if (isParse(call)) return optionOf(call, key, scope) ?? unknown(`${key} is no option of this file`);
  const configuration = configurationOf(call, scope, (value, from) => follow(value, from, depth + 1));
  if (configuration !== null) {
    const found = initialField(configuration.root, key, configuration.scope, depth + 1);
    return found ?? unknown(`${key} is not in the configuration file`);
  }
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
    return onCommandLine(fieldOfName(first.value, key, scope, depth + 1));
  }
  const callable = calledAnywhere(call, scope);
  const returned = callable?.returns.length === 1 ? callable.returns[0] : undefined;
  if (callable === null || returned === undefined) return null;
  return initialField(returned, key, callable.scope, depth + 1);
}

/** An option of the parser that is parsed, which another file may make: `get_parser().parse_args()`. */
function optionOf(parse: Call, key: string, scope: Scope): Candidates | null {
  const own = commandLineDefault(scope.source, key);
  if (own !== null) return own;
  for (const { call, scope: from } of scope.source.callsByTerminalName.get("add_arguments") ?? []) {
    // simple_parsing: `parser.add_arguments(Config, dest="config")`
    const destination = argumentFor(call, "dest", 1);
    if (destination === null || destination === "unclear") continue;
    if (destination.value.kind !== "string" || destination.value.value !== key) continue;
    const filled = call.arguments[0]?.value;
    if (filled !== undefined) return onCommandLine(single(filled, from, "command-line default"));
  }
  if (parse.callee.kind !== "attribute") return null;
  const made = constructionOf(parse.callee.object, scope);
  const maker = made === null ? null : calledAnywhere(made, scope);
  return maker === null || maker.scope.source === scope.source ? null : commandLineDefault(maker.scope.source, key);
}

function follow(expression: Expression, scope: Scope, depth: number): Candidate | null {
  const found =
    expression.kind === "name"
      ? candidatesOfName(expression.name, expression, scope)
      : expression.kind === "attribute"
        ? candidatesOfField(expression.object, expression.name, expression, scope, depth)
        : null;
  const only = found?.known === true && found.candidates.length === 1 ? found.candidates[0] : undefined;
  return only === undefined || only.position !== null ? null : only;
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
  for (const { root, scope: file, isGroup } of composedPlaces(dictionary, key, scope)) {
    if (isGroup) return single(root, file, "configuration file");
    const inherited = initialField(root, key, file, depth + 1);
    if (inherited?.known === true) return inherited;
  }
  return complete ? unknown(absentKey) : null;
}

/** `{lr: 1e-3}` names a key in JavaScript and a variable in Python. */
function isBareKey(scope: Scope): boolean {
  return scope.source.module.language === "typescript";
}

/** The literal string of an index, null for any other. */
export function stringIndex(index: Expression): string | null {
  return index.kind === "string" ? index.value : null;
}
