import type { Call, Expression } from "../syntax/tree.ts";
import { terminalName } from "./dottedText.ts";
import {
  classElsewhere,
  definitionElsewhere,
  functionElsewhere,
  type ImportedDefinition,
  memberElsewhere,
} from "./importedDefinition.ts";
import {
  bindingsOf,
  type CallSite,
  type ClassInfo,
  classAround,
  type FunctionInfo,
  functionAround,
  type Scope,
} from "./scope.ts";

/** The calls in the file that certainly run a function: by its name, as the only method of its name, or by its class. */
export function callSitesOf(callable: FunctionInfo): readonly CallSite[] {
  const { definition, owner, scope } = callable;
  const { callsByTerminalName, functionsByName } = scope.source;
  if (owner === null) {
    return (callsByTerminalName.get(definition.name) ?? []).filter(
      ({ call, scope: from }) =>
        call.callee.kind === "name" &&
        bindingsOf(definition.name, from)?.some(
          (binding) => binding.kind === "function" && binding.definition === definition,
        ) === true,
    );
  }
  if (definition.name === "__init__" || definition.name === "constructor") {
    return callsByTerminalName.get(owner.definition.name) ?? [];
  }
  if (definition.name === "forward") return [];
  if ((functionsByName.get(definition.name)?.length ?? 0) > 1) return [];
  return (callsByTerminalName.get(definition.name) ?? []).filter(
    ({ call, scope: from }) => call.callee.kind === "attribute" && mayRun(call.callee.object, callable, from),
  );
}

/** `net.train()` does not run `train` of the one class in the file that has such a method; `self.train()` and `Agent().train()` do. */
function mayRun(receiver: Expression, { definition, owner }: FunctionInfo, scope: Scope): boolean {
  if (!commonMethodNames.has(definition.name) || owner === null) return true;
  if (receiver.kind === "call") return terminalName(receiver.callee) === owner.definition.name;
  if (receiver.kind !== "name") return false;
  if (receiver.name === "self" || receiver.name === "this") {
    const around = classAround(scope);
    return (
      around === owner || (around !== null && methodOf(around, definition.name) === owner.methods.get(definition.name))
    );
  }
  return (
    bindingsOf(receiver.name, scope)?.every(
      (binding) =>
        binding.kind !== "import" &&
        (binding.kind !== "assignment" ||
          (binding.value.kind === "call" && terminalName(binding.value.callee) === owner.definition.name)),
    ) ?? false
  );
}

/** The function or method of the file that a call runs, where that is certain: by name, `self.name(…)` or a name that only one method has. */
export function calledFunction(call: Call, scope: Scope): FunctionInfo | null {
  const { callee } = call;
  const { source } = scope;
  if (callee.kind === "name") {
    const bindings = bindingsOf(callee.name, scope);
    const last = bindings?.at(-1);
    return last?.kind === "function" ? (source.functions.get(last.definition) ?? null) : null;
  }
  if (callee.kind !== "attribute") return null;
  if (callee.object.kind === "name" && (callee.object.name === "self" || callee.object.name === "this")) {
    const around = classAround(scope);
    const own = around === null ? null : methodOf(around, callee.name);
    if (own !== null) return own.scope.source === source ? own : null;
  }
  const named = source.functionsByName.get(callee.name);
  const only = named?.length === 1 ? named[0] : undefined;
  if (only === undefined || only.owner === null || callee.object.kind === "call") return null;
  // `optimizer.step()` does not run a method `step` of a class in the file that happens to be the only one.
  return commonMethodNames.has(callee.name) || functionAround(scope) === only ? null : only;
}

const commonMethodNames = new Set(
  "step backward zero_grad update forward train eval log append clip scale to items get fit reset state_dict load_state_dict write close add mean sum size save load run parameters half float minimize".split(
    " ",
  ),
);

/** The same, also where another file of the workspace defines the function or the base class that has the method. */
export function calledAnywhere(call: Call, scope: Scope): FunctionInfo | null {
  const here = calledFunction(call, scope);
  if (here !== null) return here;
  const { callee } = call;
  if (callee.kind === "name") return functionElsewhere(definitionElsewhere(callee.name, scope));
  if (callee.kind !== "attribute" || callee.object.kind !== "name") return null;
  if (callee.object.name === "self" || callee.object.name === "this") {
    const around = classAround(scope);
    return around === null ? null : methodOf(around, callee.name);
  }
  return functionElsewhere(memberElsewhere(definitionElsewhere(callee.object.name, scope), callee.name));
}

/** The calls that certainly run a function, in its file and in those that import it. */
export function callersOf(callable: FunctionInfo): readonly CallSite[] {
  const here = callSitesOf(callable);
  const { definition, owner, scope } = callable;
  const isConstructor = definition.name === "__init__" || definition.name === "constructor";
  if (here.length > 0 || scope.parent === null || (owner !== null && !isConstructor)) return here;
  const name = owner === null ? definition.name : owner.definition.name;
  const found: CallSite[] = [];
  for (const user of scope.source.neighbours.users(name)) {
    for (const site of user.callsByTerminalName.get(name) ?? []) {
      const called = calledDefinition(site.call, site.scope);
      const definition = owner === null ? functionElsewhere(called) : classElsewhere(called);
      if (definition !== null && isSame(definition, owner ?? callable)) found.push(site);
    }
  }
  return found;
}

/** A file can be read twice, as the one that is linted and as one that another file leads to. */
function isSame(one: FunctionInfo | ClassInfo, other: FunctionInfo | ClassInfo): boolean {
  return one.scope.source.path === other.scope.source.path && one.definition.name === other.definition.name;
}

function calledDefinition({ callee }: Call, scope: Scope): ImportedDefinition | null {
  if (callee.kind === "name") return definitionElsewhere(callee.name, scope);
  if (callee.kind !== "attribute" || callee.object.kind !== "name") return null;
  return memberElsewhere(definitionElsewhere(callee.object.name, scope), callee.name);
}

const maximumBases = 6;

/** A method of a class or of the nearest base class that has it, in whichever file that stands. */
export function methodOf(own: ClassInfo, name: string, depth = 0): FunctionInfo | null {
  const found = own.methods.get(name);
  if (found !== undefined || depth > maximumBases) return found ?? null;
  for (const base of basesOf(own)) {
    const inherited = methodOf(base, name, depth + 1);
    if (inherited !== null) return inherited;
  }
  return null;
}

/** The base classes of a class that files of the workspace define. */
export function basesOf({ definition, scope }: ClassInfo): readonly ClassInfo[] {
  const from = scope.parent ?? scope;
  return definition.bases.flatMap((base) => {
    if (base.kind === "name") {
      const last = bindingsOf(base.name, from)?.at(-1);
      if (last?.kind === "class") return from.source.classes.get(last.definition) ?? [];
      return classElsewhere(definitionElsewhere(base.name, from)) ?? [];
    }
    if (base.kind !== "attribute" || base.object.kind !== "name") return [];
    return classElsewhere(memberElsewhere(definitionElsewhere(base.object.name, from), base.name)) ?? [];
  });
}
