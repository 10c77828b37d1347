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
  if (!closesOwnLine) {
    const newText = hasTrailingComma ? ` ${argument}` : `, ${argument}`;
    return [{ start: after, end: after, newText }];
  }
  const indentation = text.slice(lineStart(text, last)).match(/^[ \t]*/)?.[0] ?? "";
  const lineEnd = lineContentEnd(text, last);
  const newLine = `${lineEndOf(text)}${indentation}${argument}`;
  if (hasTrailingComma) return [{ start: lineEnd, end: lineEnd, newText: `${newLine},` }];
  if (lineEnd === after) return [{ start: after, end: after, newText: `,${newLine}` }];
  return [
    { start: after, end: after, newText: "," },
    { start: lineEnd, end: lineEnd, newText: newLine },
  ];
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
