import type { LossLogFact } from "../facts/lossLogFacts.ts";
import type { TextEdit } from "../text/range.ts";
import { indentationOf, insertLineAfter, insertLinesBefore, lineEndOf, lineStart, quoteOf } from "./sourceLines.ts";

/** Edits that log one more number beside the loss, in the logger's own way; null where none is certain. */
export function extendLog(
  text: string,
  { extension, statement, callee }: LossLogFact,
  name: string,
  variable: string,
): readonly TextEdit[] | null {
  if (extension === null) return null;
  const quote = quoteOf(text);
  const quoted = (value: string) => `${quote}${value}${quote}`;
  const number = `float(${variable})`;
  const shown = `${name} {${variable}:.4g}`;
  switch (extension.form) {
    case "argument":
      return [insertion(extension.at, `, f${quoted(shown)}`)];
    case "text":
      return [insertion(extension.at, `, ${shown}`)];
    case "concatenation":
      return [insertion(extension.at, ` + f${quoted(`, ${shown}`)}`)];
    case "keyword":
      return [insertion(extension.at, `, ${name}=${number}`)];
    case "entry":
      return [insertion(extension.at, `${entrySeparator(text, extension.at)}${quoted(name)}: ${number}`)];
    case "key": {
      const line = insertLinesBefore(text, statement, [`${extension.dictionary}[${quoted(name)}] = ${number}`]);
      return line === null ? null : [line];
    }
    case "call": {
      const call = `${callee}(${quoted(tagBeside(extension.tag, name))}, ${number}${extension.rest})`;
      const line = insertLineAfter(text, statement, call);
      return line === null ? null : [line];
    }
  }
}

function insertion(at: number, newText: string): TextEdit {
  return { start: at, end: at, newText };
}

/** Entries that have a line each go on having one. */
function entrySeparator(text: string, at: number): string {
  const start = lineStart(text, at);
  const line = text.slice(start, at);
  const indentation = /^[ \t]+(?=["'])/.exec(line)?.[0];
  return indentation === undefined || indentationOf(text, start + indentation.length) === null
    ? ", "
    : `,${lineEndOf(text)}${indentation}`;
}

/** `"train/grad_norm"` beside `"train/loss"`, `"grad_norm/train"` beside `"loss/train"`. */
export function tagBeside(tag: string, name: string): string {
  const parts = tag.split("/");
  const named = parts.findLastIndex((part) => /loss/i.test(part));
  const index = /^losses$/i.test(parts[named] ?? "") ? parts.length - 1 : named;
  return index < 0 ? name : parts.with(index, name).join("/");
}
