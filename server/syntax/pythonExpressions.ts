import type { TextRange } from "../text/range.ts";
import { isPlainString, plainStringText, pythonNumber, pythonStringText } from "./pythonLiterals.ts";
import type { PythonNode } from "./pythonNodes.ts";
import type { Argument, Comprehension, DictionaryLiteral, Expression, Parameter, StringLiteral } from "./tree.ts";

/** Text of a range of the source. */
export type Slice = (start: number, end: number) => string;

/** Turns an expression, a pattern or a type of the parser's tree into the neutral one. */
export function convertExpression(node: PythonNode, slice: Slice): Expression {
  const { start, end } = node;
  if (node.type === "identifier") return { kind: "name", start, end, name: slice(start, end) };
  const children = namedChildren(node);
  const first = children[0];
  const second = children[1];
  switch (node.type) {
    case "dotted_name":
      return dottedNameExpression(node, slice);
    case "attribute":
    case "member_type":
      if (!first || !second) return unknown(node, slice);
      return attribute(convertExpression(first, slice), second, slice);
    case "subscript":
      return first
        ? subscript(node, convertExpression(first, slice), convertAll(children.slice(1), slice))
        : unknown(node, slice);
    case "generic_type":
      if (!first || !second) return unknown(node, slice);
      return subscript(node, convertExpression(first, slice), convertAll(namedChildren(second), slice));
    case "call":
      return first && second ? call(node, convertExpression(first, slice), second, slice) : unknown(node, slice);
    case "integer":
    case "float": {
      const value = pythonNumber(slice(start, end));
      return value === null ? unknown(node, slice) : { kind: "number", start, end, value };
    }
    case "string":
      return stringLiteral(node, slice);
    case "concatenated_string":
      return joinedStrings(node, slice);
    case "true":
    case "false":
      return { kind: "boolean", start, end, value: node.type === "true" };
    case "none":
      return { kind: "null", start, end };
    case "list":
    case "tuple":
    case "set":
    case "expression_list":
    case "pattern_list":
    case "tuple_pattern":
    case "list_pattern":
      return { kind: "list", start, end, items: convertAll(children, slice) };
    case "dictionary":
      return dictionary(node, slice);
    case "parenthesized_expression":
    case "type":
    case "as_pattern_target":
    case "case_pattern":
      return first && !second ? convertExpression(first, slice) : unknown(node, slice);
    case "binary_operator":
    case "boolean_operator":
    case "union_type":
    case "named_expression": {
      const operator = node.children.find((child) => !child.named);
      if (!first || !second || !operator) return unknown(node, slice);
      return {
        kind: "binary",
        start,
        end,
        operator: operator.type,
        left: convertExpression(first, slice),
        right: convertExpression(second, slice),
      };
    }
    case "comparison_operator": {
      const operators = node.children.filter((child) => !child.named || child.type === "ERROR");
      const [operator] = operators;
      if (!first || !second || !operator || operators.length > 1) return unknown(node, slice);
      return {
        kind: "binary",
        start,
        end,
        operator: operator.type,
        left: convertExpression(first, slice),
        right: convertExpression(second, slice),
      };
    }
    case "unary_operator":
    case "not_operator": {
      const operator = node.children.find((child) => !child.named);
      return first && operator
        ? { kind: "unary", start, end, operator: operator.type, operand: convertExpression(first, slice) }
        : unknown(node, slice);
    }
    case "conditional_expression": {
      const third = children[2];
      if (!first || !second || !third) return unknown(node, slice);
      return {
        kind: "conditional",
        start,
        end,
        test: convertExpression(second, slice),
        whenTrue: convertExpression(first, slice),
        whenFalse: convertExpression(third, slice),
      };
    }
    case "await":
      return first ? { kind: "await", start, end, operand: convertExpression(first, slice) } : unknown(node, slice);
    case "lambda":
      return lambda(node, slice);
    case "list_comprehension":
    case "set_comprehension":
    case "generator_expression":
    case "dictionary_comprehension":
      return comprehension(node, slice) ?? unknown(node, slice);
    case "pair":
      return singleEntry(node, slice);
    default:
      return unknown(node, slice);
  }
}

function convertAll(nodes: readonly PythonNode[], slice: Slice): readonly Expression[] {
  return nodes.map((node) => convertExpression(node, slice));
}

function unknown(node: PythonNode, slice: Slice): Expression {
  return { kind: "unknown", start: node.start, end: node.end, children: convertAll(namedChildren(node), slice) };
}

/** The parameters of a function or lambda; bare `*` and `/` are left out. */
export function convertParameters(node: PythonNode | undefined, slice: Slice): readonly Parameter[] {
  const parameters: Parameter[] = [];
  for (const child of node ? namedChildren(node) : []) {
    if (child.type === "keyword_separator" || child.type === "positional_separator") continue;
    const isLeaf =
      child.type === "identifier" || child.type.endsWith("splat_pattern") || child.type === "tuple_pattern";
    const parts = isLeaf ? [child] : namedChildren(child);
    const named = parts[0];
    if (!named || child.type === "ERROR") continue;
    const type = parts.find((part) => part.type === "type" && part !== named);
    const fallback = child.type.endsWith("default_parameter") ? parts.at(-1) : undefined;
    const splat = named.type === "list_splat_pattern" ? "list" : "dictionary";
    const isSplat = named.type.endsWith("splat_pattern");
    const name = isSplat ? namedChildren(named)[0] : named;
    parameters.push({
      start: child.start,
      end: child.end,
      name: name ? slice(name.start, name.end) : "",
      annotation: type ? convertExpression(type, slice) : null,
      defaultValue: fallback && fallback !== named ? convertExpression(fallback, slice) : null,
      variadic: isSplat ? splat : null,
    });
  }
  return parameters;
}

/** The children that are not keywords, operators or holes. */
export function namedChildren(node: PythonNode): readonly PythonNode[] {
  for (const child of node.children) {
    if (!child.named || child.type === "ERROR") return node.children.filter((c) => c.named && c.type !== "ERROR");
  }
  return node.children;
}

/** `a.b.c`, which imports, decorators of old and match patterns write without attribute nodes. */
function dottedNameExpression(node: PythonNode, slice: Slice): Expression {
  const [first, ...rest] = namedChildren(node);
  if (!first) return { kind: "unknown", start: node.start, end: node.end, children: [] };
  return rest.reduce((object, name) => attribute(object, name, slice), convertExpression(first, slice));
}

function attribute(object: Expression, name: PythonNode, slice: Slice): Expression {
  const nameRange = { start: name.start, end: name.end };
  return {
    kind: "attribute",
    start: object.start,
    end: name.end,
    object,
    name: slice(name.start, name.end),
    nameRange,
  };
}

function subscript(node: TextRange, object: Expression, indexes: readonly Expression[]): Expression {
  const first = indexes[0];
  const last = indexes.at(-1);
  if (!first || !last) return { kind: "unknown", start: node.start, end: node.end, children: [object] };
  const index: Expression =
    indexes.length === 1 ? first : { kind: "list", start: first.start, end: last.end, items: indexes };
  return { kind: "subscript", start: node.start, end: node.end, object, index };
}

function call(node: PythonNode, callee: Expression, list: PythonNode, slice: Slice): Expression {
  const { start, end } = node;
  if (list.type !== "argument_list") {
    const value = convertExpression(list, slice);
    const only: Argument = { start: list.start, end: list.end, name: null, value, spread: null };
    return { kind: "call", start, end, callee, arguments: [only], isNew: false, closeParenthesis: end - 1 };
  }
  const close = list.children.findLast((child) => child.type === ")");
  const args = convertArguments(list, slice);
  return { kind: "call", start, end, callee, arguments: args, isNew: false, closeParenthesis: close?.start ?? end };
}

/** The arguments of a call or the bases of a class. */
export function convertArguments(list: PythonNode, slice: Slice): readonly Argument[] {
  return namedChildren(list).map((child): Argument => {
    const { start, end } = child;
    const [first, second] = namedChildren(child);
    if (child.type === "keyword_argument" && first && second) {
      return { start, end, name: slice(first.start, first.end), value: convertExpression(second, slice), spread: null };
    }
    const isSplat = child.type === "list_splat" || child.type === "dictionary_splat";
    if (!isSplat || !first) return { start, end, name: null, value: convertExpression(child, slice), spread: null };
    const spread = child.type === "list_splat" ? "list" : "dictionary";
    return { start, end, name: null, value: convertExpression(first, slice), spread };
  });
}

function stringLiteral(node: PythonNode, slice: Slice): StringLiteral {
  const { start, end } = node;
  if (node.children.length === 0 && isPlainString(slice(start, end))) {
    return { kind: "string", start, end, value: plainStringText(slice(start, end)), parts: [] };
  }
  const opening = node.children.find((child) => child.type === "string_start");
  const prefix = opening ? slice(opening.start, opening.end).replace(/['"]+$/, "") : "";
  const parts: Expression[] = [];
  let value = "";
  for (const child of node.children) {
    if (child.type === "string_content") value += pythonStringText(slice(child.start, child.end), prefix);
    if (child.type === "interpolation") collectInterpolated(child, slice, parts);
  }
  return { kind: "string", start, end, value: parts.length > 0 ? null : value, parts };
}

/** The expression between the braces, and those in its format (`f"{x:{width}}"`). */
function collectInterpolated(node: PythonNode, slice: Slice, parts: Expression[]): void {
  for (const child of namedChildren(node)) {
    if (child.type === "format_specifier") {
      for (const nested of namedChildren(child)) collectInterpolated(nested, slice, parts);
    } else {
      parts.push(convertExpression(child, slice));
    }
  }
}

function joinedStrings(node: PythonNode, slice: Slice): StringLiteral {
  const pieces = namedChildren(node).map((child) => stringLiteral(child, slice));
  const parts = pieces.flatMap((piece) => piece.parts);
  const value = parts.length > 0 ? null : pieces.map((piece) => piece.value ?? "").join("");
  return { kind: "string", start: node.start, end: node.end, value, parts };
}

function dictionary(node: PythonNode, slice: Slice): DictionaryLiteral {
  const entries = namedChildren(node).map((child) => {
    const range = { start: child.start, end: child.end };
    const [first, second] = namedChildren(child);
    if (child.type === "pair" && first && second) {
      return { key: convertExpression(first, slice), value: convertExpression(second, slice), range };
    }
    return { key: null, value: convertExpression(first ?? child, slice), range };
  });
  return { kind: "dictionary", start: node.start, end: node.end, entries };
}

/** The `k: v` of a dictionary comprehension as a dictionary of one entry. */
function singleEntry(node: PythonNode, slice: Slice): Expression {
  const { start, end } = node;
  const [key, value] = namedChildren(node);
  if (!key || !value) return { kind: "unknown", start, end, children: [] };
  const entry = { key: convertExpression(key, slice), value: convertExpression(value, slice), range: { start, end } };
  return { kind: "dictionary", start, end, entries: [entry] };
}

function lambda(node: PythonNode, slice: Slice): Expression {
  const { start, end } = node;
  const parts = namedChildren(node);
  const parameters = parts.find((child) => child.type === "lambda_parameters");
  const body = parts.at(-1);
  const converted = convertParameters(parameters, slice);
  if (!body || body === parameters) return { kind: "lambda", start, end, parameters: converted, body: [] };
  const value = convertExpression(body, slice);
  const result = { kind: "return" as const, start: body.start, end: body.end, value };
  return { kind: "lambda", start, end, parameters: converted, body: [result] };
}

function comprehension(node: PythonNode, slice: Slice): Comprehension | null {
  const [body, ...rest] = namedChildren(node);
  if (!body) return null;
  const clauses: { target: Expression; iterable: Expression }[] = [];
  const conditions: Expression[] = [];
  for (const child of rest) {
    const [first, second, ...more] = namedChildren(child);
    if (child.type === "for_in_clause" && first && second) {
      const iterable = convertExpression(second, slice);
      const last = more.at(-1);
      const items = [iterable, ...more.map((extra) => convertExpression(extra, slice))];
      const several: Expression = { kind: "list", start: iterable.start, end: last?.end ?? iterable.end, items };
      clauses.push({ target: convertExpression(first, slice), iterable: last ? several : iterable });
    } else if (child.type === "if_clause" && first) {
      conditions.push(convertExpression(first, slice));
    }
  }
  const element = convertExpression(body, slice);
  return { kind: "comprehension", start: node.start, end: node.end, element, clauses, conditions };
}
