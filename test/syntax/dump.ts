import type { Argument, Expression, Module, Parameter, Statement } from "../../server/syntax/tree.ts";

/** The tree as one line a statement, each node with its range: `0-5 assignment = [0-1 x] 4-5 #1`. */
export function dumpModule(module: Module): string {
  const lines = module.body.flatMap((statement) => dumpStatement(statement, ""));
  for (const { start, end, text } of module.comments) lines.push(`${start}-${end} comment ${text}`);
  for (const { start, end } of module.holes) lines.push(`${start}-${end} hole`);
  return lines.join("\n");
}

function dumpStatement(node: Statement, indent: string): string[] {
  const at = `${indent}${node.start}-${node.end}`;
  const block = (name: string, body: readonly Statement[]): string[] =>
    body.length === 0
      ? []
      : [`${indent}  ${name}:`, ...body.flatMap((statement) => dumpStatement(statement, `${indent}    `))];
  switch (node.kind) {
    case "expression":
      return [`${at} ${dump(node.expression)}`];
    case "assignment": {
      const annotation = node.annotation ? ` : ${dump(node.annotation)}` : "";
      return [`${at} ${list(node.targets)}${annotation} ${node.operator} ${optional(node.value)}`];
    }
    case "function":
      return [
        `${at} def ${node.name}@${node.nameRange.start}-${node.nameRange.end}${parameters(node.parameters)}${decorated(node.decorators)}`,
        ...block("body", node.body),
      ];
    case "class":
      return [
        `${at} class ${node.name}@${node.nameRange.start}-${node.nameRange.end}${list(node.bases)}${decorated(node.decorators)}`,
        ...block("body", node.body),
      ];
    case "if":
      return [`${at} if ${dump(node.test)}`, ...block("body", node.body), ...block("else", node.orElse)];
    case "loop":
      return [
        `${at} loop ${node.header.start}-${node.header.end} ${list(node.targets)} in ${optional(node.iterable)} test ${optional(node.test)}`,
        ...block("body", node.body),
        ...block("else", node.orElse),
      ];
    case "with": {
      const items = node.items.map((item) => `${dump(item.value)} as ${optional(item.target)}`);
      return [`${at} with ${items.join(", ")}`, ...block("body", node.body)];
    }
    case "try":
      return [
        `${at} try`,
        ...block("body", node.body),
        ...node.handlers.flatMap((handler) => block("except", handler)),
        ...block("else", node.orElse),
        ...block("finally", node.finallyBody),
      ];
    case "return":
      return [`${at} return ${optional(node.value)}`];
    case "import": {
      const names = node.names.map(
        ({ imported, local, range }) => `${range.start}-${range.end} ${imported ?? "-"}→${local}`,
      );
      return [`${at} import ${node.module} [${names.join(", ")}]`];
    }
    case "other":
      return [`${at} ${node.keyword} ${list(node.expressions)}`, ...block("body", node.body)];
  }
}

/** One expression with the ranges of all its parts. */
export function dump(node: Expression): string {
  const at = `${node.start}-${node.end}`;
  switch (node.kind) {
    case "name":
      return `${at} ${node.name}`;
    case "attribute":
      return `${at} (${dump(node.object)}).${node.name}@${node.nameRange.start}-${node.nameRange.end}`;
    case "subscript":
      return `${at} (${dump(node.object)})[${dump(node.index)}]`;
    case "call":
      return `${at} ${node.isNew ? "new" : "call"} (${dump(node.callee)})(${node.arguments.map(argument).join(", ")})@${node.closeParenthesis}`;
    case "number":
      return `${at} #${node.value}`;
    case "string":
      return `${at} ${node.value === null ? "f" : JSON.stringify(node.value)}${node.parts.length > 0 ? list(node.parts) : ""}`;
    case "boolean":
      return `${at} ${node.value}`;
    case "null":
      return `${at} null`;
    case "list":
      return `${at} ${list(node.items)}`;
    case "dictionary":
      return `${at} {${node.entries.map(({ key, value, range }) => `${range.start}-${range.end}| ${optional(key)}: ${dump(value)}`).join(", ")}}`;
    case "binary":
      return `${at} (${dump(node.left)} ${node.operator} ${dump(node.right)})`;
    case "unary":
      return `${at} (${node.operator} ${dump(node.operand)})`;
    case "conditional":
      return `${at} (${dump(node.test)} ? ${dump(node.whenTrue)} : ${dump(node.whenFalse)})`;
    case "lambda":
      return `${at} lambda${parameters(node.parameters)} {${node.body.flatMap((statement) => dumpStatement(statement, "")).join("; ")}}`;
    case "comprehension": {
      const clauses = node.clauses.map(({ target, iterable }) => ` for ${dump(target)} in ${dump(iterable)}`);
      const conditions = node.conditions.map((condition) => ` if ${dump(condition)}`);
      return `${at} <${dump(node.element)}${clauses.join("")}${conditions.join("")}>`;
    }
    case "await":
      return `${at} await ${dump(node.operand)}`;
    case "unknown":
      return `${at} ?${list(node.children)}`;
  }
}

function argument(node: Argument): string {
  const spread = { list: "*", dictionary: "**" };
  const mark = node.spread ? spread[node.spread] : "";
  return `${node.start}-${node.end}| ${node.name ? `${node.name}=` : ""}${mark}${dump(node.value)}`;
}

function parameters(nodes: readonly Parameter[]): string {
  const mark = { list: "*", dictionary: "**" };
  const parts = nodes.map((node) => {
    const annotation = node.annotation ? `: ${dump(node.annotation)}` : "";
    const fallback = node.defaultValue ? ` = ${dump(node.defaultValue)}` : "";
    return `${node.start}-${node.end}| ${node.variadic ? mark[node.variadic] : ""}${node.name}${annotation}${fallback}`;
  });
  return `(${parts.join(", ")})`;
}

function list(nodes: readonly Expression[]): string {
  return `[${nodes.map(dump).join(", ")}]`;
}

function decorated(nodes: readonly Expression[]): string {
  return nodes.length > 0 ? ` @${list(nodes)}` : "";
}

function optional(node: Expression | null): string {
  return node ? dump(node) : "-";
}
