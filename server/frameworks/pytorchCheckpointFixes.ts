import type { UnsavedStateFact } from "../facts/checkpointFacts.ts";
import type { TextEdit } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { indentationOf, insertLineAfter, lineContentEnd, lineEndOf, lineStart } from "./sourceLines.ts";

/** Writes the missing state into the checkpoint and reads it back where the weights are read. */
export function saveState({ text }: FixContext, fact: UnsavedStateFact): FixDraft | null {
  const { holder, dictionary, weights, load } = fact;
  if (holder === null || !/^[\w.]+$/.test(holder)) return null;
  if (fact.at === "load" && dictionary === null && weights === null) return null;
  const title = `Save the state of ${holder}`;
  if (dictionary !== null) {
    const quote = quoteOfKeys(text.slice(dictionary.start, dictionary.end));
    const key = keyFor(text.slice(dictionary.start, dictionary.end), fact);
    const entry = appendEntry(text, dictionary, `${quote}${key}${quote}: ${holder}.state_dict()`);
    if (fact.resumedAt === null) return { title, edits: entry };
    const read = readBack(text, fact, `${quote}${key}${quote}`);
    return read === null ? null : { title: `${title} and load it`, edits: [...entry, ...read] };
  }
  // Weights alone are what other code may read: they change only where the one reader is known.
  if (weights === null || load === null || fact.resumedAt === null) return null;
  const argument = text.slice(load.argument.start, load.argument.end);
  if (!/^torch\.load\(/.test(argument) || !isAfterBuilt(text, fact)) return null;
  const quote = text.slice(weights.start - 200, weights.end + 200).includes('"') ? '"' : "'";
  const key = (name: string) => `${quote}${name}${quote}`;
  const written = text.slice(weights.start, weights.end);
  const indentation = indentationOf(text, load.statement.start);
  const behind = insertLineAfter(text, load.statement, `${holder}.load_state_dict(checkpoint[${key("optimizer")}])`);
  if (indentation === null || behind === null || /\bcheckpoint\b/.test(text)) return null;
  return {
    title: `${title} and load it`,
    edits: [
      {
        start: load.statement.start,
        end: load.statement.start,
        newText: `checkpoint = ${argument}${lineEndOf(text)}${indentation}`,
      },
      { ...load.argument, newText: `checkpoint[${key("model")}]` },
      behind,
      { ...weights, newText: `{${key("model")}: ${written}, ${key("optimizer")}: ${holder}.state_dict()}` },
    ].toSorted((a, b) => a.start - b.start),
  };
}

/** `optimizer.load_state_dict(checkpoint["optimizer"])` behind the weights, in the same block. */
function readBack(text: string, fact: UnsavedStateFact, key: string): readonly TextEdit[] | null {
  const { load, holder } = fact;
  if (load === null || !isAfterBuilt(text, fact)) return null;
  const container = text.slice(load.argument.start, load.argument.end).match(/^([\w.]+)\[(["'])\w+\2\]$/)?.[1];
  if (container === undefined) return null;
  const line = insertLineAfter(text, load.statement, `${holder}.load_state_dict(${container}[${key}])`);
  return line === null ? null : [line];
}

/** The holder exists where the weights are read: built before, in the same function or above it. */
function isAfterBuilt(text: string, { built, load, holder }: UnsavedStateFact): boolean {
  if (built === null || load === null || built.end > load.statement.start) return false;
  if (/^self\./.test(holder ?? "")) return true;
  return !/^[ \t]*(async[ \t]+)?(def|class)[ \t]/m.test(text.slice(built.end, load.statement.start));
}

/** The key in the manner of the others: `model_state_dict` → `optimizer_state_dict`. */
function keyFor(dictionary: string, { missing }: UnsavedStateFact): string {
  const ending = dictionary.match(/["'](?:model|net|network)(_state_dict|_state|_dict)["']/)?.[1] ?? "";
  return `${missing}${ending}`;
}

function quoteOfKeys(dictionary: string): string {
  return dictionary.match(/["']/)?.[0] ?? '"';
}

/** One more entry, in the dictionary's own layout. */
function appendEntry(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  entry: string,
): readonly TextEdit[] {
  if (text[end - 1] !== "}") return [];
  let last = end - 2;
  while (last > start && /\s/.test(text[last] ?? "")) last -= 1;
  const hasComma = text[last] === ",";
  const after = last + 1;
  const closesOwnLine = indentationOf(text, end - 1) !== null && lineStart(text, end - 1) > last;
  if (!closesOwnLine) {
    const isOneLine = lineStart(text, last) <= start;
    const indentation = isOneLine
      ? " "
      : `${lineEndOf(text)}${text.slice(lineStart(text, last)).match(/^[ \t]*/)?.[0] ?? ""}`;
    return [{ start: after, end: after, newText: `${hasComma ? "" : ","}${indentation}${entry}` }];
  }
  const indentation = text.slice(lineStart(text, last)).match(/^[ \t]*/)?.[0] ?? "";
  const newLine = `${lineEndOf(text)}${indentation}${entry}`;
  // A comment ends the line: nothing is certain about a comma then.
  if (lineContentEnd(text, last) !== after) return [];
  return [{ start: after, end: after, newText: hasComma ? `${newLine},` : `,${newLine},` }];
}
