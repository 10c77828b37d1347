import { type Node as JsonNode, parseTree } from "jsonc-parser";
import { isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments, type Node as YamlNode } from "yaml";
import type { TextRange } from "../text/range.ts";
import type { LanguageParser, SyntaxDocument } from "./syntaxDocument.ts";
import type { Comment, DictionaryLiteral, Expression, Module, Statement } from "./tree.ts";

/** Reads JSON or YAML as a module whose statements are its documents, one expression each; a text that does not parse is empty. */
export function createConfigurationParser(format: "json" | "yaml"): LanguageParser {
  const read = format === "json" ? readJson : readYaml;
  return { open: (text) => openDocument(text, read) };
}

function openDocument(firstText: string, read: (text: string) => Module): SyntaxDocument {
  let text = firstText;
  let module = read(text);
  return {
    get text() {
      return text;
    },
    get module() {
      return module;
    },
    update(newText) {
      text = newText;
      module = read(text);
    },
    dispose() {},
  };
}

function moduleOf(text: string, roots: readonly Expression[], comments: readonly Comment[]): Module {
  const body: readonly Statement[] = roots.map((expression) => {
    const { start, end } = expression;
    return { kind: "expression", start, end, expression };
  });
  return { start: 0, end: text.length, language: "configuration", body, comments, holes: [] };
}

function readJson(text: string): Module {
  // What does not parse is a template or has comments of its own kind: as much as can be read is.
  const root = parseTree(text, [], { allowTrailingComma: true });
  return moduleOf(text, root === undefined ? [] : [fromJson(root)], []);
}

function fromJson(node: JsonNode): Expression {
  const place = { start: node.offset, end: node.offset + node.length };
  const children = node.children ?? [];
  switch (node.type) {
    case "object": {
      const entries = children.flatMap(({ children: parts, offset, length }) => {
        const [key, value] = parts ?? [];
        if (key === undefined || value === undefined) return [];
        return [{ key: fromJson(key), value: fromJson(value), range: { start: offset, end: offset + length } }];
      });
      return { ...place, kind: "dictionary", entries };
    }
    case "array":
      return { ...place, kind: "list", items: children.map(fromJson) };
    default:
      return scalar(node.value, place);
  }
}

function scalar(value: unknown, place: TextRange): Expression {
  if (typeof value === "number") return { ...place, kind: "number", value };
  if (typeof value === "boolean") return { ...place, kind: "boolean", value };
  if (value === null) return { ...place, kind: "null" };
  if (typeof value !== "string") return { ...place, kind: "unknown", children: [] };
  // `${oc.env:LR}` and `{{ lr }}` are filled in later.
  return { ...place, kind: "string", value: /\$\{|\{\{/.test(value) ? null : value, parts: [] };
}

function readYaml(text: string): Module {
  const documents = parseAllDocuments(text, { uniqueKeys: false, logLevel: "silent" });
  if (!Array.isArray(documents)) return moduleOf(text, [], []);
  if (documents.some(({ errors }) => errors.length > 0)) return moduleOf(text, [], yamlComments(text));
  const roots = documents.flatMap(({ contents }) => (contents === null ? [] : [fromYaml(contents)]));
  return moduleOf(text, roots, yamlComments(text));
}

function fromYaml(node: YamlNode): Expression {
  const place = { start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 };
  if (isMap(node)) {
    const entries = node.items.flatMap((pair): DictionaryLiteral["entries"] => {
      if (!isPair(pair) || !isNode(pair.key)) return [];
      const key = fromYaml(pair.key);
      const value = isNode(pair.value)
        ? fromYaml(pair.value)
        : ({ kind: "null", start: key.end, end: key.end } as const);
      const isMerge = key.kind === "string" && key.value === "<<";
      return [{ key: isMerge ? null : key, value, range: { start: key.start, end: value.end } }];
    });
    return { ...place, kind: "dictionary", entries };
  }
  if (isSeq(node)) return { ...place, kind: "list", items: node.items.filter(isNode).map(fromYaml) };
  if (isScalar(node)) return scalar(node.value, place);
  return { ...place, kind: "unknown", children: [] };
}

function isNode(value: unknown): value is YamlNode {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);
}

/** Comments at the end of lines or alone on them; a sign inside quotes is none. */
function yamlComments(text: string): readonly Comment[] {
  return [...text.matchAll(/^((?:[^"'#\n]|\S#)*?)(?<=^|\s)(#[^\r\n]*)/gm)].flatMap((match) => {
    const [, before, comment] = match;
    if (before === undefined || comment === undefined) return [];
    const start = match.index + before.length;
    return [{ start, end: start + comment.length, text: comment }];
  });
}
