import type { TextEdit, TextRange } from "../text/range.ts";
import { indentationOf, lineContentEnd, lineEndOf, lineStart } from "./sourceLines.ts";

/**
 * Edits that append an argument to a call, in the call's own layout: trailing commas, one argument a line and comments stay as
 * they are. `call` ends with its closing parenthesis.
 */
export function appendArgument(text: string, call: TextRange, argument: string): readonly TextEdit[] {
  const close = call.end - 1;
  const last = lastSignificant(text, call.start, close);
  const previous = text[last];
  if (previous === "(") return [{ start: last + 1, end: last + 1, newText: argument }];
  const after = last + 1;
  const hasTrailingComma = previous === ",";
  const closesOwnLine = indentationOf(text, close) !== null && lineStart(text, close) > last;
  const indentation = text.slice(lineStart(text, last)).match(/^[ \t]*/)?.[0] ?? "";
  if (!closesOwnLine) {
    const separator = hasLineOfItsOwn(text, call, last, argument) ? `${lineEndOf(text)}${indentation}` : " ";
    const newText = hasTrailingComma ? `${separator}${argument}` : `,${separator}${argument}`;
    return [{ start: after, end: after, newText }];
  }
  const lineEnd = lineContentEnd(text, last);
  const newLine = `${lineEndOf(text)}${indentation}${argument}`;
  if (hasTrailingComma) return [{ start: lineEnd, end: lineEnd, newText: `${newLine},` }];
  if (lineEnd === after) return [{ start: after, end: after, newText: `,${newLine}` }];
  return [
    { start: after, end: after, newText: "," },
    { start: lineEnd, end: lineEnd, newText: newLine },
  ];
}

/** Arguments stand one on a line, or the last line has one alone and no room for another (PEP 8 and black: 79 to 88 columns). */
function hasLineOfItsOwn(text: string, call: TextRange, last: number, argument: string): boolean {
  const start = lineStart(text, last);
  const line = text.slice(start, last + 1);
  if (start <= call.start || depthOf(line) !== 0 || /^\s*[)\]}]/.test(line)) return false;
  const above = text.slice(Math.max(call.start, lineStart(text, start - 1)), start).trimEnd();
  const isAlone = !hasTopLevelComma(line.replace(/,\s*$/, ""));
  const isList = above.endsWith(",") && !hasTopLevelComma(above.slice(above.indexOf("(") + 1, -1));
  return isAlone && (isList || line.length + argument.length > 86);
}

/** How many more brackets a piece of code opens than it closes. */
function depthOf(code: string): number {
  return (code.match(/[([{]/g)?.length ?? 0) - (code.match(/[)\]}]/g)?.length ?? 0);
}

function hasTopLevelComma(code: string): boolean {
  return code.split(",").some((_, index, parts) => index > 0 && depthOf(parts.slice(0, index).join(",")) === 0);
}

/** Offset of the last character before `end` that is neither white space nor in a comment; strings are stepped over. */
function lastSignificant(text: string, start: number, end: number): number {
  let last = start;
  for (let at = start; at < end; at += 1) {
    const character = text[at] ?? "";
    if (character === "#" || text.startsWith("//", at)) {
      at = lineContentEnd(text, at);
    } else if (text.startsWith("/*", at)) {
      const close = text.indexOf("*/", at + 2);
      at = close < 0 ? end : close + 1;
    } else if (character === '"' || character === "'" || character === "`") {
      at = stringEnd(text, at, end);
      last = at;
    } else if (!/\s/.test(character)) last = at;
  }
  return last;
}

/** Offset of a string's closing quote. */
function stringEnd(text: string, at: number, end: number): number {
  const quote = text[at] ?? "";
  const triple = quote.repeat(3);
  const delimiter = quote !== "`" && text.startsWith(triple, at) ? triple : quote;
  for (let index = at + delimiter.length; index < end; index += 1) {
    if (text[index] === "\\") index += 1;
    else if (text.startsWith(delimiter, index)) return index + delimiter.length - 1;
  }
  return end - 1;
}
