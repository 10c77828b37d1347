import { AST_NODE_TYPES as Node, type TSESTree } from "@typescript-eslint/typescript-estree";
import type { Argument, DictionaryLiteral, Expression, Parameter, Statement, StringLiteral } from "./tree.ts";

/** What expressions need of their surroundings: the text, and how the statements inside functions are converted. */
export interface TypeScriptContext {
  readonly text: string;
  readonly statements: (nodes: readonly TSESTree.Node[], context: TypeScriptContext) => readonly Statement[];
}

/** Turns an expression, a pattern or a type of the ESTree into the neutral one; casts, `!` and `?.` leave no trace. */
export function convertExpression(node: TSESTree.Node, context: TypeScriptContext): Expression {
  const [start, end] = node.range;
  const of = (child: TSESTree.Node): Expression => convertExpression(child, context);
  switch (node.type) {
    case Node.Identifier:
      return node.name === "undefined" ? { kind: "null", start, end } : { kind: "name", start, end, name: node.name };
    case Node.PrivateIdentifier:
      return { kind: "name", start, end, name: `#${node.name}` };
    case Node.ThisExpression:
    case Node.Super:
      return { kind: "name", start, end, name: node.type === Node.Super ? "super" : "this" };
    case Node.Literal:
      return literal(node);
    case Node.TemplateLiteral:
      return template(node, context);
    case Node.MemberExpression: {
      const object = of(node.object);
      if (node.computed) return { kind: "subscript", start, end, object, index: of(node.property) };
      return attribute(object, node.property, context);
    }
    case Node.TSQualifiedName:
      return attribute(of(node.left), node.right, context);
    case Node.ChainExpression:
    case Node.TSNonNullExpression:
    case Node.TSAsExpression:
    case Node.TSSatisfiesExpression:
    case Node.TSTypeAssertion:
    case Node.TSInstantiationExpression:
    case Node.ExpressionStatement:
    case Node.Decorator:
      return of(node.expression);
    case Node.JSXExpressionContainer:
      return of(node.expression);
    case Node.CallExpression:
    case Node.NewExpression: {
      const isNew = node.type === Node.NewExpression;
      const isClosed = context.text[end - 1] === ")" && (!isNew || node.callee.range[1] < end);
      const args = node.arguments.map((argument) => convertArgument(argument, context));
      const closeParenthesis = isClosed ? end - 1 : end;
      return { kind: "call", start, end, callee: of(node.callee), arguments: args, isNew, closeParenthesis };
    }
    case Node.ImportExpression: {
      const callee: Expression = { kind: "name", start, end: start + "import".length, name: "import" };
      const args = [convertArgument(node.source, context)];
      return { kind: "call", start, end, callee, arguments: args, isNew: false, closeParenthesis: end - 1 };
    }
    case Node.ArrowFunctionExpression:
    case Node.FunctionExpression: {
      const parameters = convertParameters(node.params, context);
      return { kind: "lambda", start, end, parameters, body: functionBody(node.body, context) };
    }
    case Node.ObjectExpression:
    case Node.ObjectPattern:
      return dictionary(node, context);
    case Node.ArrayExpression:
    case Node.ArrayPattern: {
      const elements: readonly (TSESTree.Node | null)[] = node.elements;
      return { kind: "list", start, end, items: elements.filter((item) => item !== null).map(of) };
    }
    case Node.BinaryExpression:
    case Node.LogicalExpression:
    case Node.AssignmentExpression:
      return { kind: "binary", start, end, operator: node.operator, left: of(node.left), right: of(node.right) };
    case Node.AssignmentPattern:
      return { kind: "binary", start, end, operator: "=", left: of(node.left), right: of(node.right) };
    case Node.UnaryExpression:
    case Node.UpdateExpression:
      return { kind: "unary", start, end, operator: node.operator, operand: of(node.argument) };
    case Node.ConditionalExpression: {
      const test = of(node.test);
      return { kind: "conditional", start, end, test, whenTrue: of(node.consequent), whenFalse: of(node.alternate) };
    }
    case Node.AwaitExpression:
      return { kind: "await", start, end, operand: of(node.argument) };
    case Node.TSTypeAnnotation:
      return of(node.typeAnnotation);
    case Node.TSTypeReference:
      return of(node.typeName);
    default:
      return { kind: "unknown", start, end, children: childNodes(node).map(of) };
  }
}

/** The parameters of a function; one that is taken apart (`{a, b}`) has its source text as its name. */
export function convertParameters(
  nodes: readonly TSESTree.Parameter[],
  context: TypeScriptContext,
): readonly Parameter[] {
  return nodes.map((whole): Parameter => {
    const [start, end] = whole.range;
    const node = whole.type === Node.TSParameterProperty ? whole.parameter : whole;
    const isRest = node.type === Node.RestElement;
    const target = node.type === Node.AssignmentPattern ? node.left : isRest ? node.argument : node;
    const annotated = isRest ? node : target;
    const type = "typeAnnotation" in annotated ? annotated.typeAnnotation : undefined;
    const nameEnd = type && !isRest ? type.range[0] : target.range[1];
    return {
      start,
      end,
      name: target.type === Node.Identifier ? target.name : context.text.slice(target.range[0], nameEnd).trim(),
      annotation: type ? convertExpression(type, context) : null,
      defaultValue: node.type === Node.AssignmentPattern ? convertExpression(node.right, context) : null,
      variadic: isRest ? "list" : null,
    };
  });
}

/** The statements of a function; an arrow function's expression becomes a `return`. */
export function functionBody(
  body: TSESTree.BlockStatement | TSESTree.Expression | null | undefined,
  context: TypeScriptContext,
): readonly Statement[] {
  if (!body) return [];
  if (body.type === Node.BlockStatement) return context.statements(body.body, context);
  const value = convertExpression(body, context);
  return [{ kind: "return", start: body.range[0], end: body.range[1], value }];
}

/** A key of an object or class: `"lr"` for `lr`, `"lr"` and `["lr"]`. */
export function convertKey(key: TSESTree.Node, computed: boolean, context: TypeScriptContext): Expression {
  const [start, end] = key.range;
  if (computed || key.type === Node.Literal) return convertExpression(key, context);
  return { kind: "string", start, end, value: context.text.slice(start, end), parts: [] };
}

/** The nodes directly inside a node, in source order. */
export function childNodes(node: TSESTree.Node): readonly TSESTree.Node[] {
  const children: TSESTree.Node[] = [];
  for (const [name, value] of Object.entries(node)) {
    if (name === "parent") continue;
    for (const item of Array.isArray(value) ? value : [value]) if (isNode(item)) children.push(item);
  }
  return children.sort((a, b) => a.range[0] - b.range[0]);
}

function isNode(value: unknown): value is TSESTree.Node {
  return typeof value === "object" && value !== null && "type" in value && "range" in value;
}

function attribute(object: Expression, property: TSESTree.Node, context: TypeScriptContext): Expression {
  const [start, end] = property.range;
  const name = context.text.slice(start, end);
  return { kind: "attribute", start: object.start, end, object, name, nameRange: { start, end } };
}

function literal(node: TSESTree.Literal): Expression {
  const [start, end] = node.range;
  if (node.value === null) {
    // A regular expression or big integer that this Node cannot build has the value null as well.
    return node.raw === "null" ? { kind: "null", start, end } : { kind: "unknown", start, end, children: [] };
  }
  if (typeof node.value === "number") return { kind: "number", start, end, value: node.value };
  if (typeof node.value === "boolean") return { kind: "boolean", start, end, value: node.value };
  if (typeof node.value === "string") return { kind: "string", start, end, value: node.value, parts: [] };
  return { kind: "unknown", start, end, children: [] };
}

function template(node: TSESTree.TemplateLiteral, context: TypeScriptContext): StringLiteral {
  const [start, end] = node.range;
  const parts = node.expressions.map((expression) => convertExpression(expression, context));
  const value = parts.length === 0 ? node.quasis.map((quasi) => quasi.value.cooked).join("") : null;
  return { kind: "string", start, end, value, parts };
}

function convertArgument(node: TSESTree.Node, context: TypeScriptContext): Argument {
  const [start, end] = node.range;
  const isSpread = node.type === Node.SpreadElement;
  const value = convertExpression(isSpread ? node.argument : node, context);
  return { start, end, name: null, value, spread: isSpread ? "list" : null };
}

function dictionary(
  node: TSESTree.ObjectExpression | TSESTree.ObjectPattern,
  context: TypeScriptContext,
): DictionaryLiteral {
  const [start, end] = node.range;
  const entries = node.properties.map(
    (property: TSESTree.ObjectLiteralElement | TSESTree.Property | TSESTree.RestElement) => {
      const range = { start: property.range[0], end: property.range[1] };
      if (property.type !== Node.Property)
        return { key: null, value: convertExpression(property.argument, context), range };
      const key = convertKey(property.key, property.computed, context);
      return { key, value: convertExpression(property.value, context), range };
    },
  );
  return { kind: "dictionary", start, end, entries };
}
