import { AST_NODE_TYPES as Node, type TSESTree } from "@typescript-eslint/typescript-estree";
import type { TextRange } from "../text/range.ts";
import type { Expression, FunctionDefinition, Import, Loop, Statement } from "./tree.ts";
import {
  childNodes,
  convertExpression,
  convertKey,
  convertParameters,
  functionBody,
  type TypeScriptContext,
} from "./typescriptExpressions.ts";

/** Turns statements of the ESTree into neutral ones. `export` leaves no trace but the wider range of what is exported. */
export function convertStatements(nodes: readonly TSESTree.Node[], context: TypeScriptContext): readonly Statement[] {
  return nodes.flatMap((node) => convertStatement(node, rangeOf(node), context));
}

function convertStatement(node: TSESTree.Node, range: TextRange, context: TypeScriptContext): readonly Statement[] {
  const { start, end } = range;
  const block = (inner: TSESTree.Node | null | undefined): readonly Statement[] => {
    if (!inner) return [];
    return convertStatements(inner.type === Node.BlockStatement ? inner.body : [inner], context);
  };
  const other = (
    keyword: string,
    inside: readonly (TSESTree.Node | null)[],
    body: readonly Statement[],
  ): Statement[] => {
    const expressions = inside.filter((child) => child !== null).map((child) => convertExpression(child, context));
    return [{ kind: "other", start, end, keyword, expressions, body }];
  };
  switch (node.type) {
    case Node.EmptyStatement:
      return [];
    case Node.ExpressionStatement:
      return [expressionStatement(node.expression, range, context)];
    case Node.VariableDeclaration:
      return node.declarations.map((declarator) => declaration(declarator, range, context));
    case Node.FunctionDeclaration:
    case Node.TSDeclareFunction:
      return [functionDefinition(node, node.id, range, context)];
    case Node.ClassDeclaration: {
      const { name, nameRange } = named(node.id, node);
      const bases = node.superClass ? [convertExpression(node.superClass, context)] : [];
      const decorators = node.decorators.map((decorator) => convertExpression(decorator, context));
      const body = node.body.body.flatMap((member) => classMember(member, context));
      return [{ kind: "class", start, end, name, nameRange, bases, decorators, body }];
    }
    case Node.IfStatement: {
      const test = convertExpression(node.test, context);
      return [{ kind: "if", start, end, test, body: block(node.consequent), orElse: block(node.alternate) }];
    }
    case Node.ForStatement:
    case Node.ForInStatement:
    case Node.ForOfStatement:
    case Node.WhileStatement:
    case Node.DoWhileStatement:
      return loop(node, block, context);
    case Node.ReturnStatement:
      return [{ kind: "return", start, end, value: node.argument ? convertExpression(node.argument, context) : null }];
    case Node.TryStatement: {
      const handlers = node.handler ? [block(node.handler.body)] : [];
      const finallyBody = block(node.finalizer);
      return [{ kind: "try", start, end, body: block(node.block), handlers, orElse: [], finallyBody }];
    }
    case Node.SwitchStatement: {
      const cases = node.cases.flatMap((branch): Statement[] => {
        const expressions = branch.test ? [convertExpression(branch.test, context)] : [];
        const body = convertStatements(branch.consequent, context);
        return [{ kind: "other", ...rangeOf(branch), keyword: "case", expressions, body }];
      });
      return other("switch", [node.discriminant], cases);
    }
    case Node.ThrowStatement:
      return other("throw", [node.argument], []);
    case Node.BreakStatement:
    case Node.ContinueStatement:
      return other(node.type === Node.BreakStatement ? "break" : "continue", [], []);
    case Node.BlockStatement:
    case Node.StaticBlock:
      return other("block", [], convertStatements(node.body, context));
    case Node.LabeledStatement:
      return other("label", [], convertStatements([node.body], context));
    case Node.ImportDeclaration:
      return [importDeclaration(node)];
    case Node.TSImportEqualsDeclaration:
      return [importEquals(node)];
    case Node.ExportNamedDeclaration:
      return node.declaration ? convertStatement(node.declaration, range, context) : other("export", [], []);
    case Node.ExportDefaultDeclaration: {
      const isStatement = /Declaration$|DeclareFunction$/.test(node.declaration.type);
      if (isStatement) return convertStatement(node.declaration, range, context);
      return [{ kind: "expression", start, end, expression: convertExpression(node.declaration, context) }];
    }
    case Node.ExportAllDeclaration:
      return other("export", [], []);
    case Node.TSModuleDeclaration:
      return other("namespace", [], node.body ? convertStatements(node.body.body, context) : []);
    case Node.TSInterfaceDeclaration:
      return other("interface", [], []);
    case Node.TSEnumDeclaration:
      return other(
        "enum",
        node.body.members.map((member) => member.initializer ?? null),
        [],
      );
    case Node.TSTypeAliasDeclaration:
      return other("type", [], []);
    default:
      return other(node.type, childNodes(node), []);
  }
}

function rangeOf(node: TSESTree.Node): TextRange {
  return { start: node.range[0], end: node.range[1] };
}

function expressionStatement(node: TSESTree.Expression, range: TextRange, context: TypeScriptContext): Statement {
  if (node.type !== Node.AssignmentExpression) {
    return { kind: "expression", ...range, expression: convertExpression(node, context) };
  }
  const { operator } = node;
  const targets = [convertExpression(node.left, context)];
  let value = node.right;
  while (operator === "=" && value.type === Node.AssignmentExpression && value.operator === "=") {
    targets.push(convertExpression(value.left, context));
    value = value.right;
  }
  return {
    kind: "assignment",
    ...range,
    targets,
    operator,
    annotation: null,
    value: convertExpression(value, context),
  };
}

/** `let a = 1, b = 2` gives two assignments, both with the range of the whole statement. */
function declaration(node: TSESTree.VariableDeclarator, range: TextRange, context: TypeScriptContext): Statement {
  const type = node.id.typeAnnotation;
  const annotation = type ? convertExpression(type, context) : null;
  const value = node.init ? convertExpression(node.init, context) : null;
  const target = withoutAnnotation(convertExpression(node.id, context), node.id);
  return { kind: "assignment", ...range, targets: [target], operator: "=", annotation, value };
}

/** The ESTree counts an annotation to the range of the name that it annotates. */
function withoutAnnotation(target: Expression, node: TSESTree.Node): Expression {
  if (target.kind !== "name" || node.type !== Node.Identifier) return target;
  return { ...target, end: target.start + node.name.length };
}

function named(id: TSESTree.Identifier | null, node: TSESTree.Node): { name: string; nameRange: TextRange } {
  const [start] = node.range;
  return id ? { name: id.name, nameRange: rangeOf(id) } : { name: "", nameRange: { start, end: start } };
}

interface FunctionParts {
  readonly params: readonly TSESTree.Parameter[];
  readonly body: TSESTree.BlockStatement | null | undefined;
}

function functionDefinition(
  node: FunctionParts & TSESTree.Node,
  id: TSESTree.Identifier | null,
  range: TextRange,
  context: TypeScriptContext,
): FunctionDefinition {
  const parameters = convertParameters(node.params, context);
  const body = functionBody(node.body, context);
  return { kind: "function", ...range, ...named(id, node), parameters, decorators: [], body };
}

function classMember(node: TSESTree.ClassElement, context: TypeScriptContext): readonly Statement[] {
  const range = rangeOf(node);
  if (node.type === Node.StaticBlock) return convertStatement(node, range, context);
  if (node.type === Node.TSIndexSignature) return [];
  const key = convertKey(node.key, node.computed, context);
  const name = key.kind === "string" && key.value !== null ? key.value : context.text.slice(key.start, key.end);
  const nameRange = { start: key.start, end: key.end };
  const decorators = node.decorators.map((decorator) => convertExpression(decorator, context));
  if (node.type === Node.MethodDefinition || node.type === Node.TSAbstractMethodDefinition) {
    const parameters = convertParameters(node.value.params, context);
    const body = functionBody(node.value.body, context);
    return [{ kind: "function", ...range, name, nameRange, parameters, decorators, body }];
  }
  const target: Expression = { kind: "name", ...nameRange, name };
  const annotation = node.typeAnnotation ? convertExpression(node.typeAnnotation, context) : null;
  const value = node.value ? convertExpression(node.value, context) : null;
  return [{ kind: "assignment", ...range, targets: [target], operator: "=", annotation, value }];
}

type LoopNode =
  | TSESTree.ForStatement
  | TSESTree.ForInStatement
  | TSESTree.ForOfStatement
  | TSESTree.WhileStatement
  | TSESTree.DoWhileStatement;

/** The start of a `for (start; test; update)` goes before the loop, its update to the end of the body, as they run. */
function loop(
  node: LoopNode,
  block: (inner: TSESTree.Node) => readonly Statement[],
  context: TypeScriptContext,
): readonly Statement[] {
  const range = rangeOf(node);
  const body = block(node.body);
  const headerEnd = node.type === Node.DoWhileStatement ? range.start + "do".length : closingParenthesis(node, context);
  const header = { start: range.start, end: headerEnd };
  const base = { kind: "loop" as const, ...range, header, iterable: null, test: null, orElse: [] };
  if (node.type === Node.WhileStatement || node.type === Node.DoWhileStatement) {
    return [{ ...base, targets: [], test: convertExpression(node.test, context), body }];
  }
  if (node.type !== Node.ForStatement) {
    const left = node.left.type === Node.VariableDeclaration ? node.left.declarations[0]?.id : node.left;
    const targets = left ? [convertExpression(left, context)] : [];
    return [{ ...base, targets, iterable: convertExpression(node.right, context), body }];
  }
  const { init, test, update } = node;
  const before = init ? convertInit(init, context) : [];
  const targets = before.flatMap((statement) => (statement.kind === "assignment" ? statement.targets : []));
  const after = update ? [expressionStatement(update, rangeOf(update), context)] : [];
  const whole: Loop = {
    ...base,
    targets,
    test: test ? convertExpression(test, context) : null,
    body: [...body, ...after],
  };
  return [...before, whole];
}

function convertInit(init: TSESTree.Node, context: TypeScriptContext): readonly Statement[] {
  const range = rangeOf(init);
  if (init.type === Node.VariableDeclaration) return convertStatement(init, range, context);
  return [{ kind: "expression", ...range, expression: convertExpression(init, context) }];
}

/** Just after the last `)` before the body. */
function closingParenthesis(node: LoopNode, context: TypeScriptContext): number {
  const at = context.text.lastIndexOf(")", node.body.range[0]);
  return at > node.range[0] ? at + 1 : node.body.range[0];
}

function importDeclaration(node: TSESTree.ImportDeclaration): Import {
  const names = node.specifiers.map((specifier) => {
    const local = specifier.local.name;
    const range = rangeOf(specifier);
    if (specifier.type === Node.ImportDefaultSpecifier) return { imported: "default", local, range };
    if (specifier.type === Node.ImportNamespaceSpecifier) return { imported: null, local, range };
    const { imported } = specifier;
    return { imported: imported.type === Node.Identifier ? imported.name : imported.value, local, range };
  });
  return { kind: "import", ...rangeOf(node), module: node.source.value, names };
}

function importEquals(node: TSESTree.TSImportEqualsDeclaration): Import {
  const reference = node.moduleReference;
  const isModule = reference.type === Node.TSExternalModuleReference && reference.expression.type === Node.Literal;
  const module = isModule ? String(reference.expression.value) : "";
  const names = [{ imported: null, local: node.id.name, range: rangeOf(node.id) }];
  return { kind: "import", ...rangeOf(node), module, names };
}
