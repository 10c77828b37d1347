import type { TextRange } from "../text/range.ts";
import type { KeptStatement } from "./keptStatement.ts";
import { moveStatements } from "./moveTree.ts";
import {
  convertArguments,
  convertExpression,
  convertParameters,
  namedChildren,
  type Slice,
} from "./pythonExpressions.ts";
import { convertImport } from "./pythonImports.ts";
import type { PythonNode, PythonWalk } from "./pythonNodes.ts";
import type { Expression, FunctionDefinition, If, Statement, With } from "./tree.ts";

export interface ConvertedBody {
  readonly body: readonly Statement[];
  readonly kept: readonly KeptStatement[];
}

interface Context {
  readonly slice: Slice;
  readonly walk: PythonWalk;
  /** Where the statements of the block at hand are noted for reuse. */
  kept: KeptStatement[];
}

/** Converts what one walk read into the statements of a module, with those that a later update may reuse. */
export function convertPythonModule(walk: PythonWalk, slice: Slice): ConvertedBody {
  const context: Context = { slice, walk, kept: [] };
  const body = convertBlock(walk.root, context);
  return { body, kept: context.kept };
}

function convertBlock(block: PythonNode | undefined, context: Context): readonly Statement[] {
  if (!block) return [];
  const statements: Statement[] = [];
  for (const child of block.children) {
    if (child.named) for (const statement of convertKept(child, context)) statements.push(statement);
  }
  return statements;
}

function convertKept(node: PythonNode, context: Context): readonly Statement[] {
  const origin = node.statement;
  if (!origin) return convertStatement(node, context);
  const { type, start, end } = node;
  const { kept, commentFrom, commentTo } = origin;
  const comments = commentFrom === commentTo ? [] : context.walk.comments.slice(commentFrom, commentTo);
  if (kept) {
    const by = start - kept.start;
    const statements = by === 0 ? kept.statements : moveStatements(kept.statements, (offset) => offset + by);
    const nestedMoved = kept.nestedMoved + by;
    context.kept.push({ type, start, end, statements, comments, nested: kept.nested, nestedMoved });
    return statements;
  }
  const outer = context.kept;
  const nested: KeptStatement[] = [];
  context.kept = nested;
  const statements = convertStatement(node, context);
  context.kept = outer;
  if (origin.isWhole) outer.push({ type, start, end, statements, comments, nested, nestedMoved: 0 });
  else outer.push(...nested);
  return statements;
}

function convertStatement(node: PythonNode, context: Context): readonly Statement[] {
  const { slice } = context;
  const { start, end } = node;
  const parts = namedChildren(node);
  switch (node.type) {
    case "expression_statement":
      return [expressionStatement(node, slice)];
    case "if_statement":
      return [convertIf(node, context)];
    case "for_statement":
    case "while_statement":
      return [convertLoop(node, context)];
    case "with_statement":
      return [convertWith(node, context)];
    case "try_statement": {
      const clauses = (type: string): PythonNode[] => parts.filter((part) => part.type === type);
      const body = convertBlock(blockOf(node), context);
      const handlers = clauses("except_clause").map((clause) => convertBlock(blockOf(clause), context));
      const orElse = clauses("else_clause").flatMap((clause) => convertBlock(blockOf(clause), context));
      const finallyBody = clauses("finally_clause").flatMap((clause) => convertBlock(blockOf(clause), context));
      return [{ kind: "try", start, end, body, handlers, orElse, finallyBody }];
    }
    case "function_definition":
    case "class_definition":
      return [convertDefinition(node, node, [], context)];
    case "decorated_definition":
      return [convertDecorated(node, context)];
    case "return_statement":
      return [{ kind: "return", start, end, value: parts[0] ? convertExpression(parts[0], slice) : null }];
    case "import_statement":
    case "import_from_statement":
    case "future_import_statement":
      return convertImport(node, slice);
    case "match_statement":
    case "case_clause": {
      const expressions = parts.filter((part) => part.type !== "block").map((part) => convertExpression(part, slice));
      const keyword = node.type === "match_statement" ? "match" : "case";
      return [{ kind: "other", start, end, keyword, expressions, body: convertBlock(blockOf(node), context) }];
    }
    case "ERROR":
      return [convertHole(node, context)];
    default: {
      if (!node.type.endsWith("_statement")) return [convertHole(node, context)];
      const keyword = node.type === "delete_statement" ? "del" : node.type.replace(/_(alias_)?statement$/, "");
      const operands = parts.flatMap((part) => (part.type === "expression_list" ? namedChildren(part) : [part]));
      const expressions = operands.map((operand) => convertExpression(operand, slice));
      return [{ kind: "other", start, end, keyword, expressions, body: [] }];
    }
  }
}

function expressionStatement(node: PythonNode, slice: Slice): Statement {
  const { start, end } = node;
  const parts = namedChildren(node);
  const [first] = parts;
  if (first && (first.type === "assignment" || first.type === "augmented_assignment")) {
    return convertAssignment(node, first, slice);
  }
  if (first && parts.length === 1 && !isTrailingComma(node, first, slice)) {
    return { kind: "expression", start, end, expression: convertExpression(first, slice) };
  }
  const items = parts.map((part) => convertExpression(part, slice));
  return { kind: "expression", start, end, expression: { kind: "list", start, end, items } };
}

function isTrailingComma(node: PythonNode, only: PythonNode, slice: Slice): boolean {
  return only.end < node.end && slice(node.end - 1, node.end) === ",";
}

function convertAssignment(range: TextRange, outermost: PythonNode, slice: Slice): Statement {
  const targets: Expression[] = [];
  let annotation: Expression | null = null;
  let operator = "=";
  let node: PythonNode | undefined = outermost;
  let value: Expression | null = null;
  while (node) {
    const parts = namedChildren(node);
    const token: PythonNode | undefined = node.children.find((child) => !child.named && child.type !== ":");
    const type = parts.find((part, index) => index > 0 && part.type === "type");
    if (parts[0]) targets.push(convertExpression(parts[0], slice));
    if (type) annotation = convertExpression(type, slice);
    if (token && token.type !== "=") operator = token.type;
    const right: PythonNode | undefined = token && parts.length > 1 ? parts.at(-1) : undefined;
    const last: PythonNode | undefined = right && isOnLineOf(parts.at(-2), right, slice) ? right : undefined;
    const isChained: boolean = last?.type === "assignment" || last?.type === "augmented_assignment";
    if (last && !isChained && last !== type) value = convertExpression(last, slice);
    node = isChained ? last : undefined;
  }
  return { kind: "assignment", start: range.start, end: range.end, targets, operator, annotation, value };
}

/** `rate =` without a value takes one from a line further down when the parser goes on. */
function isOnLineOf(before: PythonNode | undefined, value: PythonNode, slice: Slice): boolean {
  return before === undefined || !/[\r\n]/.test(slice(before.end, value.start).replace(/\\(\r\n?|\n)/g, ""));
}

const mostNestedBranches = 500;

function convertIf(node: PythonNode, context: Context): If {
  const parts = namedChildren(node);
  const clauses = parts.filter((part) => part.type === "elif_clause" || part.type === "else_clause");
  const branch = (clause: PythonNode): Pick<If, "test" | "body"> => ({
    test: conditionOf(clause, context.slice),
    body: convertBlock(blockOf(clause), context),
  });
  // Blocks are converted in source order, then nested from the last branch to the first.
  const head = branch(node);
  const converted = clauses.map((clause) =>
    clause.type === "elif_clause"
      ? { clause, ...branch(clause) }
      : { clause, test: null, body: convertBlock(blockOf(clause), context) },
  );
  // Past the limit branches lie side by side instead of within each other, so that no walk exhausts the stack.
  let orElse: readonly Statement[] = converted.slice(mostNestedBranches).flatMap(({ clause, test, body }) => {
    return test ? [{ kind: "if" as const, start: clause.start, end: clause.end, test, body, orElse: [] }] : body;
  });
  for (const { clause, test, body } of converted.slice(0, mostNestedBranches).reverse()) {
    orElse = test ? [{ kind: "if", start: clause.start, end: node.end, test, body, orElse }] : body;
  }
  return { kind: "if", start: node.start, end: node.end, ...head, orElse };
}

function convertLoop(node: PythonNode, context: Context): Statement {
  const { slice } = context;
  const { start, end } = node;
  const parts = namedChildren(node).filter((part) => part.type !== "block" && part.type !== "else_clause");
  const block = blockOf(node);
  const colon = node.children.find((child) => child.type === ":");
  const header = { start, end: colon?.end ?? parts.at(-1)?.end ?? block?.start ?? end };
  const isFor = node.type === "for_statement";
  const [first, second] = parts;
  const targets = isFor && first ? [convertExpression(first, slice)] : [];
  const iterable = isFor && second ? convertExpression(second, slice) : null;
  const test = isFor ? null : conditionOf(node, slice);
  const body = convertBlock(block, context);
  const otherwise = node.children.find((child) => child.type === "else_clause");
  const orElse = otherwise ? convertBlock(blockOf(otherwise), context) : [];
  return { kind: "loop", start, end, header, targets, iterable, test, body, orElse };
}

function convertWith(node: PythonNode, context: Context): Statement {
  const clause = node.children.find((child) => child.type === "with_clause");
  const values = (clause ? namedChildren(clause) : []).flatMap((item) => namedChildren(item)).flatMap(unwrapWithItems);
  const items: With["items"] = values.map((value) => {
    const [inner, target] = namedChildren(value);
    if (value.type !== "as_pattern" || !inner) return { value: convertExpression(value, context.slice), target: null };
    return {
      value: convertExpression(inner, context.slice),
      target: target ? convertExpression(target, context.slice) : null,
    };
  });
  return { kind: "with", start: node.start, end: node.end, items, body: convertBlock(blockOf(node), context) };
}

/** `with (open(a) as f, open(b) as g):` may be read as a tuple of `as` patterns. */
function unwrapWithItems(value: PythonNode): readonly PythonNode[] {
  const inside = namedChildren(value);
  const isWrapped = value.type === "tuple" || value.type === "parenthesized_expression";
  return isWrapped && inside.some((item) => item.type === "as_pattern") ? inside : [value];
}

function convertDecorated(node: PythonNode, context: Context): Statement {
  const parts = namedChildren(node);
  const definition = parts.find((part) => part.type.endsWith("_definition"));
  const decorators = parts
    .filter((part) => part.type === "decorator")
    .flatMap((part) => namedChildren(part).map((expression) => convertExpression(expression, context.slice)));
  return definition ? convertDefinition(definition, node, decorators, context) : convertHole(node, context);
}

function convertDefinition(
  node: PythonNode,
  range: TextRange,
  decorators: readonly Expression[],
  context: Context,
): Statement {
  const { slice } = context;
  const { start, end } = range;
  const parts = namedChildren(node);
  const identifier = parts.find((part) => part.type === "identifier");
  const nameRange = identifier
    ? { start: identifier.start, end: identifier.end }
    : { start: node.start, end: node.start };
  const name = slice(nameRange.start, nameRange.end);
  if (node.type === "class_definition") {
    const list = parts.find((part) => part.type === "argument_list");
    const bases = (list ? convertArguments(list, slice) : []).filter((base) => base.name === null && !base.spread);
    const body = convertBlock(blockOf(node), context);
    return { kind: "class", start, end, name, nameRange, bases: bases.map((base) => base.value), decorators, body };
  }
  const parameterList = parts.find((part) => part.type === "parameters");
  const parameters = convertParameters(parameterList, slice);
  const body = convertBlock(blockOf(node), context);
  const definition: FunctionDefinition = {
    kind: "function",
    start,
    end,
    name,
    nameRange,
    parameters,
    decorators,
    body,
  };
  return definition;
}

/** What did not parse: its calls and statements are still there for a walk to find. */
function convertHole(node: PythonNode, context: Context): Statement {
  const { start, end } = node;
  const expressions: Expression[] = [];
  const body: Statement[] = [];
  for (const child of node.children.filter((part) => part.named)) {
    if (isStatement(child)) body.push(...convertKept(child, context));
    else expressions.push(convertExpression(child, context.slice));
  }
  return { kind: "other", start, end, keyword: "hole", expressions, body };
}

function isStatement(node: PythonNode): boolean {
  return /_(statement|definition)$|^ERROR$|_clause$/.test(node.type);
}

function conditionOf(node: PythonNode, slice: Slice): Expression {
  const condition = namedChildren(node).find((part) => part.type !== "block" && !part.type.endsWith("_clause"));
  if (condition) return convertExpression(condition, slice);
  return { kind: "unknown", start: node.start, end: node.start, children: [] };
}

function blockOf(node: PythonNode): PythonNode | undefined {
  return node.children.find((child) => child.type === "block");
}
