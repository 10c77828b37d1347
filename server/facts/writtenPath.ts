import type { Call, Expression } from "../syntax/tree.ts";
import { candidatesOfName } from "./candidates.ts";
import { terminalName } from "./dottedText.ts";
import { resolve } from "./resolve.ts";
import type { Scope } from "./scope.ts";

/** A path in the code, or as much of its beginning as is known. */
export interface WrittenPath {
  readonly text: string;
  readonly isWhole: boolean;
}

const deepest = 8;
const nothing: WrittenPath = { text: "", isWhole: false };

/** What is known of the path that an expression gives: through names, `os.path.join`, `pathlib`, sums and formatted text. */
export function writtenPath(expression: Expression, scope: Scope, depth = 0): WrittenPath {
  if (depth > deepest) return nothing;
  const resolved = resolve(expression, scope);
  if (resolved.known && typeof resolved.value === "string") return { text: resolved.value, isWhole: true };
  switch (expression.kind) {
    case "string":
      return expression.value === null
        ? formatted(expression, scope, depth)
        : { text: expression.value, isWhole: true };
    case "name": {
      const found = candidatesOfName(expression.name, expression, scope);
      const [only, ...more] = found.known ? found.candidates : [];
      if (only === undefined || more.length > 0 || only.position !== null) return nothing;
      return writtenPath(only.expression, only.scope, depth + 1);
    }
    case "binary": {
      const left = writtenPath(expression.left, scope, depth + 1);
      if (!left.isWhole || (expression.operator !== "/" && expression.operator !== "+"))
        return { ...left, isWhole: false };
      const right = writtenPath(expression.right, scope, depth + 1);
      return expression.operator === "/" ? joined([left, right]) : appended([left, right]);
    }
    case "call":
      return ofCall(expression, scope, depth);
    default:
      return nothing;
  }
}

function ofCall(call: Call, scope: Scope, depth: number): WrittenPath {
  const name = terminalName(call.callee) ?? "";
  const parts = () => call.arguments.map(({ value }) => writtenPath(value, scope, depth + 1));
  if (call.callee.kind === "attribute" && /^(resolve|absolute|expanduser|as_posix|rstrip|strip)$/.test(name)) {
    const own = writtenPath(call.callee.object, scope, depth + 1);
    if (own.text !== "") return own;
  }
  if (/^(Path|PurePath|PosixPath|join|joinpath)$/.test(name)) {
    const base =
      name === "joinpath" && call.callee.kind === "attribute"
        ? [writtenPath(call.callee.object, scope, depth + 1)]
        : [];
    return joined([...base, ...parts()]);
  }
  if (/^(str|abspath|realpath|normpath|expanduser|fspath|to_absolute_path)$/.test(name)) return parts()[0] ?? nothing;
  return nothing;
}

/** The text before and between the interpolated values, as long as these are known. */
function formatted(expression: Expression & { readonly kind: "string" }, scope: Scope, depth: number): WrittenPath {
  const { text } = scope.source;
  const pieces: WrittenPath[] = [];
  let at = text.indexOf(text.slice(expression.start, expression.end).match(/["'`]/)?.[0] ?? '"', expression.start) + 1;
  for (const part of expression.parts) {
    const before = text.slice(at, part.start).replace(/\$?\{\s*$/, "");
    // A specification such as `{epoch:03d}`, escapes and adjacent literals are more than this reads.
    if (/[{}\\"'`\n]/.test(before)) return appended([...pieces, nothing]);
    pieces.push({ text: before, isWhole: true }, writtenPath(part, scope, depth + 1));
    const close = text.indexOf("}", part.end);
    if (text.slice(part.end, close).trim() !== "") return appended([...pieces, nothing]);
    at = close + 1;
  }
  const rest = text.slice(at, expression.end - 1);
  return appended([...pieces, { text: rest, isWhole: !/[{}\\"'`\n]/.test(rest) }]);
}

function appended(parts: readonly WrittenPath[]): WrittenPath {
  let text = "";
  for (const part of parts) {
    text += part.text;
    if (!part.isWhole) return { text, isWhole: false };
  }
  return { text, isWhole: true };
}

function joined(parts: readonly WrittenPath[]): WrittenPath {
  let text = "";
  for (const part of parts) {
    if (part.text === "" && part.isWhole) continue;
    const isAbsolute = /^([/\\~]|[A-Za-z]:)/.test(part.text);
    text = text === "" || isAbsolute ? part.text : `${text.replace(/[/\\]$/, "")}/${part.text}`;
    if (!part.isWhole) return { text, isWhole: false };
  }
  return { text, isWhole: true };
}
