import type { Call, DictionaryLiteral, Expression } from "../syntax/tree.ts";
import { terminalName } from "./dottedText.ts";
import { bindingsOf, type FunctionInfo, type Scope, type SourceIndex } from "./scope.ts";

/** The whole of a configuration file as an expression of that file. */
export interface ConfigurationRoot {
  readonly root: Expression;
  readonly scope: Scope;
}

/** The one expression that a name or a field stands for, null where that is not certain. */
export type Follow = (expression: Expression, scope: Scope) => { expression: Expression; scope: Scope } | null;

const maximumDepth = 6;

/** What a call reads where it reads a configuration file of the workspace: `yaml.safe_load(open("train.yaml"))`, `OmegaConf.load(path)`. */
export function configurationOf(call: Call, scope: Scope, follow: Follow): ConfigurationRoot | null {
  const name = terminalName(call.callee) ?? "";
  if (!/^(safe_load|full_load|unsafe_load|loads?|fromfile|load_config|load_yaml|read_yaml)$/.test(name)) return null;
  const first = call.arguments[0];
  if (first === undefined || first.spread !== null) return null;
  const path = pathOf(first.value, scope, follow, 0);
  if (path === null || !/\.(ya?ml|json)$/i.test(path)) return null;
  const file = scope.source.neighbours.configuration(path);
  return file === null ? null : rootOf(file);
}

/** The configuration that `@hydra.main(config_path="conf", config_name="train")` hands to a function. */
export function decoratorConfiguration(callable: FunctionInfo): ConfigurationRoot | null {
  for (const decorator of callable.definition.decorators) {
    if (decorator.kind !== "call" || terminalName(decorator.callee) !== "main") continue;
    const name = literalArgument(decorator, "config_name");
    if (name === null) continue;
    const folder = literalArgument(decorator, "config_path") ?? ".";
    const path = `${folder}/${name.replace(/\.ya?ml$/, "")}.yaml`;
    const file = callable.scope.source.neighbours.configuration(path);
    const found = file === null ? null : rootOf(file);
    if (found !== null) return found;
  }
  return null;
}

function literalArgument(call: Call, keyword: string): string | null {
  const value = call.arguments.find(({ name }) => name === keyword)?.value;
  return value?.kind === "string" ? value.value : null;
}

/** Where Hydra's defaults list lets a key be looked for: the key itself as the root of a group's file, or another whole file. */
export interface ComposedPlace extends ConfigurationRoot {
  readonly isGroup: boolean;
}

/** The files of `defaults: [{optimizer: adam}, base]` in which a key can stand, the last of them first, as later ones win. */
export function composedPlaces(dictionary: DictionaryLiteral, key: string, scope: Scope): readonly ComposedPlace[] {
  if (scope.source.module.language !== "configuration") return [];
  const list = dictionary.entries.find(
    (entry) => entry.key?.kind === "string" && entry.key.value === "defaults",
  )?.value;
  if (list?.kind !== "list") return [];
  return list.items.toReversed().flatMap((item) => {
    const file = composedFile(item, key, scope.source);
    const found = file === null ? null : rootOf(file.source);
    return found === null || file === null ? [] : { ...found, isGroup: file.isGroup };
  });
}

function composedFile(
  item: Expression,
  key: string,
  source: SourceIndex,
): { readonly source: SourceIndex; readonly isGroup: boolean } | null {
  if (item.kind === "string" && item.value !== null && item.value !== "_self_") {
    const file = source.neighbours.configuration(`${item.value}.yaml`);
    return file === null ? null : { source: file, isGroup: false };
  }
  if (item.kind !== "dictionary") return null;
  for (const { key: group, value } of item.entries) {
    const name = group?.kind === "string" ? (group.value ?? "").replace(/^(override\s+)?\/?/, "") : "";
    if (name !== key || value.kind !== "string" || value.value === null) continue;
    const file = source.neighbours.configuration(`${name}/${value.value}.yaml`);
    return file === null ? null : { source: file, isGroup: true };
  }
  return null;
}

function rootOf(file: SourceIndex): ConfigurationRoot | null {
  const [first] = file.module.body;
  return first?.kind === "expression" ? { root: first.expression, scope: file.moduleScope } : null;
}

/** The path behind an expression: a literal, a name or an option's default, what `open` opens, the literal end of a joined path. */
function pathOf(expression: Expression, scope: Scope, follow: Follow, depth: number): string | null {
  if (depth > maximumDepth) return null;
  switch (expression.kind) {
    case "string":
      return expression.value;
    case "binary":
      return expression.operator === "/" ? joined([expression.left, expression.right], scope, follow, depth) : null;
    case "name":
    case "attribute": {
      const last = expression.kind === "name" ? bindingsOf(expression.name, scope)?.at(-1) : undefined;
      if (last?.kind === "context") return pathOf(last.value, last.scope, follow, depth + 1);
      const found = follow(expression, scope);
      return found === null ? null : pathOf(found.expression, found.scope, follow, depth + 1);
    }
    case "call": {
      const name = terminalName(expression.callee) ?? "";
      if (/^(read|read_text)$/.test(name) && expression.callee.kind === "attribute") {
        return pathOf(expression.callee.object, scope, follow, depth + 1);
      }
      const parts = expression.arguments.map(({ value }) => value);
      if (name === "join") return joined(parts, scope, follow, depth);
      const [first] = parts;
      if (/^(open|Path|str|abspath|expanduser|realpath|to_absolute_path|create)$/.test(name) && first !== undefined) {
        return pathOf(first, scope, follow, depth + 1);
      }
      return null;
    }
    default:
      return null;
  }
}

/** The parts that are known up to the end: what stands before them is a folder that is looked for. */
function joined(parts: readonly Expression[], scope: Scope, follow: Follow, depth: number): string | null {
  const known: string[] = [];
  for (const part of parts.toReversed()) {
    const text = pathOf(part, scope, follow, depth + 1);
    if (text === null) break;
    known.unshift(text);
  }
  return known.length === 0 ? null : known.join("/");
}
