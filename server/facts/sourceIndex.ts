import type {
  ClassDefinition,
  Expression,
  FunctionDefinition,
  Import,
  Lambda,
  Loop,
  Module,
  Statement,
} from "../syntax/tree.ts";
import { destinationOf, flagDefinitions } from "./argparseDefaults.ts";
import { dottedText, terminalName } from "./dottedText.ts";
import { forEachChild } from "./expressionChildren.ts";
import {
  type AssignmentBinding,
  type Binding,
  type CallSite,
  type ClassInfo,
  type Context,
  type FunctionInfo,
  type Guard,
  type NeighbouringSources,
  noNeighbours,
  type Scope,
  type SourceIndex,
} from "./scope.ts";

/** Where the walk stands. */
interface Place {
  readonly scope: Scope;
  /** The one field that changes, from statement to statement of a body. */
  statement: Statement;
  readonly guard: Guard | null;
  readonly context: Context | null;
  readonly loop: Loop | null;
  readonly depth: number;
  readonly enclosingFunction: FunctionInfo | null;
  /** Names declared `global` or `nonlocal` in this function, with the scope they mean. */
  readonly elsewhere: Map<string, Scope>;
}

/** Indexes a file's tree: scopes with their bindings, calls with their surroundings, functions, classes and imports. */
export function indexSource(
  path: string,
  text: string,
  module: Module,
  neighbours: NeighbouringSources = noNeighbours,
): SourceIndex {
  const calls: CallSite[] = [];
  const callsByTerminalName = new Map<string, CallSite[]>();
  const functions = new Map<FunctionDefinition, FunctionInfo>();
  const functionsByName = new Map<string, FunctionInfo[]>();
  const classes = new Map<ClassDefinition, ClassInfo>();
  const lambdas = new Map<Lambda, Scope>();
  const attributeBindings = new Map<string, AssignmentBinding[]>();
  const imports: { statement: Import; scope: Scope }[] = [];
  const starImports: string[] = [];
  const nameUses = new Map<string, number>();
  const commandLineOptions = new Map<string, CallSite[]>();
  const moduleBindings = new Map<string, Binding[]>();
  const source: SourceIndex = {
    path,
    neighbours,
    text,
    module,
    get moduleScope() {
      return moduleScope;
    },
    calls,
    callsByTerminalName,
    functions,
    functionsByName,
    classes,
    lambdas,
    attributeBindings,
    imports,
    starImports,
    nameUses,
    commandLineOptions,
    qualifiedNames: new Map(),
  };
  const moduleScope: Scope = { kind: "module", parent: null, node: null, bindings: moduleBindings, source };

  function innerScope(kind: Scope["kind"], parent: Scope, node: NonNullable<Scope["node"]>): Scope {
    return { kind, parent, node, bindings: new Map(), source };
  }

  function visitExpression(expression: Expression, place: Place): void {
    switch (expression.kind) {
      case "name":
        nameUses.set(expression.name, (nameUses.get(expression.name) ?? 0) + 1);
        return;
      case "attribute":
        visitExpression(expression.object, place);
        return;
      case "number":
      case "boolean":
      case "null":
        return;
      case "lambda":
        visitLambda(expression, place);
        return;
      case "call": {
        visitExpression(expression.callee, place);
        for (const argument of expression.arguments) visitExpression(argument.value, place);
        const { scope, statement, guard, context, loop, depth } = place;
        const site = { call: expression, scope, statement, guard, context, loop, depth };
        calls.push(site);
        const name = terminalName(expression.callee);
        if (name !== null) append(callsByTerminalName, name, site);
        return;
      }
      case "conditional":
        visitExpression(expression.test, place);
        visitExpression(expression.whenTrue, guarded(place, expression.test, false));
        visitExpression(expression.whenFalse, guarded(place, expression.test, true));
        return;
      default:
        forEachChild(expression, (child) => visitExpression(child, place));
    }
  }

  function visitLambda(lambda: Lambda, place: Place): void {
    const scope = innerScope("lambda", place.scope, lambda);
    lambdas.set(lambda, scope);
    bindParameters(scope, lambda.parameters);
    for (const parameter of lambda.parameters) {
      if (parameter.defaultValue !== null) visitExpression(parameter.defaultValue, place);
    }
    visitBody(lambda.body, { ...place, scope, guard: null, loop: null, depth: 0, enclosingFunction: null });
  }

  function bindParameters(scope: Scope, parameters: FunctionDefinition["parameters"]): void {
    parameters.forEach((parameter, position) => {
      append(scope.bindings, parameter.name, { kind: "parameter", parameter, position, owner: scope });
    });
  }

  function visitFunction(definition: FunctionDefinition, place: Place): void {
    const scope = innerScope("function", place.scope, definition);
    const owner = place.scope.node?.kind === "class" ? (classes.get(place.scope.node) ?? null) : null;
    const info: FunctionInfo = { definition, scope, owner, returns: [] };
    functions.set(definition, info);
    append(functionsByName, definition.name, info);
    owner?.methods.set(definition.name, info);
    bind(place, definition.name, { kind: "function", definition, scope });
    bindParameters(scope, definition.parameters);
    for (const decorator of definition.decorators) visitExpression(decorator, place);
    for (const parameter of definition.parameters) {
      if (parameter.defaultValue !== null) visitExpression(parameter.defaultValue, place);
    }
    const elsewhere = new Map<string, Scope>();
    visitBody(definition.body, {
      ...place,
      scope,
      guard: null,
      context: null,
      loop: null,
      depth: 0,
      enclosingFunction: info,
      elsewhere,
    });
  }

  function visitClass(definition: ClassDefinition, place: Place): void {
    const scope = innerScope("class", place.scope, definition);
    classes.set(definition, { definition, scope, methods: new Map() });
    bind(place, definition.name, { kind: "class", definition, scope });
    for (const base of definition.bases) visitExpression(base, place);
    for (const decorator of definition.decorators) visitExpression(decorator, place);
    visitBody(definition.body, { ...place, scope, guard: null, loop: null, depth: 0, enclosingFunction: null });
  }

  function bind(place: Place, name: string, binding: Binding): void {
    const scope = place.elsewhere.get(name) ?? place.scope;
    append(scope.bindings, name, binding);
  }

  function bindTarget(
    target: Expression,
    place: Place,
    statement: Extract<Statement, { kind: "assignment" }>,
    value: Expression,
    position: number | null,
  ): void {
    const { operator } = statement;
    const base = { operator, value, position, target, statement, scope: place.scope, conditional: place.depth > 0 };
    const binding: AssignmentBinding = { kind: "assignment", ...base };
    if (target.kind === "name") {
      bind(place, target.name, binding);
    } else if (target.kind === "list") {
      target.items.forEach((item, index) => {
        if (value.kind === "list" && value.items.length === target.items.length) {
          const part = value.items[index];
          if (part !== undefined) bindTarget(item, place, statement, part, null);
        } else if (position === null) bindTarget(item, place, statement, value, index);
        else bindOpaque(item, place, "unpacked");
      });
    } else if (target.kind === "dictionary") {
      for (const entry of target.entries) bindOpaque(entry.value, place, "unpacked");
    } else {
      const text = dottedText(target);
      if (text !== null) append(attributeBindings, text, binding);
    }
  }

  function bindOpaque(target: Expression, place: Place, reason: string): void {
    if (target.kind === "name") bind(place, target.name, { kind: "opaque", reason });
    else if (target.kind === "list") for (const item of target.items) bindOpaque(item, place, reason);
  }

  function visitTarget(target: Expression, place: Place): void {
    if (target.kind === "name") return;
    if (target.kind === "list") for (const item of target.items) visitTarget(item, place);
    else forEachChild(target, (child) => visitExpression(child, place));
  }

  function visitImport(statement: Import, place: Place): void {
    imports.push({ statement, scope: place.scope });
    for (const { imported, local } of statement.names) {
      if (imported === "*") starImports.push(statement.module);
      else bind(place, local, { kind: "import", module: statement.module, imported });
    }
  }

  function visitBody(body: readonly Statement[], place: Place): void {
    const here = { ...place };
    for (const statement of body) {
      here.statement = statement;
      visitStatement(statement, here);
    }
  }

  function visitStatement(statement: Statement, place: Place): void {
    switch (statement.kind) {
      case "expression":
        visitExpression(statement.expression, place);
        return;
      case "assignment":
        if (statement.value !== null) {
          visitExpression(statement.value, place);
          for (const target of statement.targets) bindTarget(target, place, statement, statement.value, null);
        }
        if (statement.annotation !== null) visitExpression(statement.annotation, place);
        for (const target of statement.targets) visitTarget(target, place);
        return;
      case "function":
        visitFunction(statement, place);
        return;
      case "class":
        visitClass(statement, place);
        return;
      case "if": {
        const nested = { ...place, depth: place.depth + 1 };
        visitExpression(statement.test, place);
        visitBody(statement.body, guarded(nested, statement.test, false));
        visitBody(statement.orElse, guarded(nested, statement.test, true));
        return;
      }
      case "loop": {
        const { iterable } = statement;
        if (iterable !== null) visitExpression(iterable, place);
        const nested = { ...place, depth: place.depth + 1 };
        const inside: Place = { ...nested, loop: statement };
        if (statement.test !== null) visitExpression(statement.test, inside);
        for (const target of statement.targets) {
          if (target.kind === "name" && iterable !== null) {
            bind(place, target.name, { kind: "element", iterable, scope: place.scope });
          } else bindOpaque(target, place, "set by a loop");
        }
        visitBody(statement.body, inside);
        visitBody(statement.orElse, nested);
        return;
      }
      case "with": {
        let context = place.context;
        for (const item of statement.items) {
          visitExpression(item.value, place);
          context = { value: item.value, outer: context };
          if (item.target?.kind === "name") {
            bind(place, item.target.name, { kind: "context", value: item.value, scope: place.scope });
          } else if (item.target !== null) bindOpaque(item.target, place, "opened by a with statement");
        }
        visitBody(statement.body, { ...place, context });
        return;
      }
      case "try":
        visitBody(statement.body, place);
        for (const handler of statement.handlers) visitBody(handler, { ...place, depth: place.depth + 1 });
        visitBody(statement.orElse, place);
        visitBody(statement.finallyBody, place);
        return;
      case "return":
        if (statement.value !== null) {
          visitExpression(statement.value, place);
          place.enclosingFunction?.returns.push(statement.value);
        }
        return;
      case "import":
        visitImport(statement, place);
        return;
      case "other":
        if (statement.keyword === "global" || statement.keyword === "nonlocal") {
          const target = statement.keyword === "global" ? moduleScope : (place.scope.parent ?? moduleScope);
          for (const name of statement.expressions) if (name.kind === "name") place.elsewhere.set(name.name, target);
          return;
        }
        for (const expression of statement.expressions) visitExpression(expression, place);
        visitBody(statement.body, { ...place, depth: place.depth + 1 });
        return;
    }
  }

  const first = module.body[0];
  if (first !== undefined) {
    visitBody(module.body, {
      scope: moduleScope,
      statement: first,
      guard: null,
      context: null,
      loop: null,
      depth: 0,
      enclosingFunction: null,
      elsewhere: new Map(),
    });
  }
  for (const name of ["add_argument", ...flagDefinitions]) {
    for (const site of callsByTerminalName.get(name) ?? []) {
      const destination = destinationOf(site.call);
      if (destination !== null) append(commandLineOptions, destination, site);
    }
  }
  return source;
}

function guarded(place: Place, test: Expression, negated: boolean): Place {
  return { ...place, guard: { test, negated, outer: place.guard } };
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
