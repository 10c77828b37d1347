import type { CheckpointLoad, StateHolder, UnsavedStateFact } from "../facts/checkpointFacts.ts";
import type { TextEdit, TextRange } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { indentationOf, insertLinesAfter, lineContentEnd, lineEndOf, lineStart } from "./sourceLines.ts";

/** Writes the missing state into the checkpoint and reads it back where the weights are read. */
export function saveState({ text }: FixContext, fact: UnsavedStateFact): FixDraft | null {
  const { holder, dictionary, weights } = fact;
  if (holder === null || !isName(holder)) return null;
  if (fact.at === "load" && dictionary === null && weights === null) return null;
  if (fact.resumedAt === null) {
    if (dictionary === null) return null;
    const entries = appendEntries(text, dictionary, [entryOf(text, dictionary, { ...fact, holder })]);
    return entries === null ? null : { title: `Save the state of ${holder}`, edits: entries };
  }
  const { load } = fact;
  if (load === null || !isAfterBuilt(text, load, { ...fact, holder })) return null;
  const companions = fact.companions.filter((each) => isName(each.holder) && isAfterBuilt(text, load, each));
  const holders: readonly StateHolder[] = [{ ...fact, holder }, ...companions];
  const edits =
    dictionary !== null
      ? intoDictionary(text, dictionary, load, holders)
      : weights !== null
        ? withWeights(text, weights, load, holders)
        : null;
  return edits === null ? null : { title: titleOf(holders), edits };
}

function titleOf(holders: readonly StateHolder[]): string {
  const names = holders.map(({ holder }) => holder);
  const listed = [names.slice(0, -1).join(", "), names.at(-1)].filter((part) => part !== "").join(" and ");
  return names.length === 1 ? `Save the state of ${listed} and load it` : `Save the states of ${listed} and load them`;
}

/** An entry each in the dictionary that is saved, and a line each behind the weights that are read from it. */
function intoDictionary(
  text: string,
  dictionary: TextRange,
  load: CheckpointLoad,
  holders: readonly StateHolder[],
): readonly TextEdit[] | null {
  const container = text.slice(load.argument.start, load.argument.end).match(/^([\w.]+)\[(["'])\w+\2\]$/)?.[1];
  if (container === undefined) return null;
  const entries = appendEntries(
    text,
    dictionary,
    holders.map((each) => entryOf(text, dictionary, each)),
  );
  const reads = holders.map(
    (each) => `${each.holder}.load_state_dict(${container}[${quotedKey(text, dictionary, each)}])`,
  );
  const behind = insertLinesAfter(text, load.statement, reads);
  return entries === null || behind === null ? null : [...entries, behind];
}

/** Weights alone are what other code may read: they change only where the one reader is known. */
function withWeights(
  text: string,
  weights: TextRange,
  load: CheckpointLoad,
  holders: readonly StateHolder[],
): readonly TextEdit[] | null {
  const argument = text.slice(load.argument.start, load.argument.end);
  if (!/^torch\.load\(/.test(argument)) return null;
  const quote = text.slice(weights.start - 200, weights.end + 200).includes('"') ? '"' : "'";
  const key = (name: string) => `${quote}${name}${quote}`;
  const written = text.slice(weights.start, weights.end);
  const indentation = indentationOf(text, load.statement.start);
  const reads = holders.map(({ holder, missing }) => `${holder}.load_state_dict(checkpoint[${key(missing)}])`);
  const behind = insertLinesAfter(text, load.statement, reads);
  if (indentation === null || behind === null || /(?<![\w."'/-])checkpoint\s*[=[.),}:]/.test(text)) return null;
  const entries = holders.map(({ holder, missing }) => `${key(missing)}: ${holder}.state_dict()`);
  return [
    {
      start: load.statement.start,
      end: load.statement.start,
      newText: `checkpoint = ${argument}${lineEndOf(text)}${indentation}`,
    },
    { ...load.argument, newText: `checkpoint[${key("model")}]` },
    behind,
    { ...weights, newText: `{${key("model")}: ${written}, ${entries.join(", ")}}` },
  ].toSorted((a, b) => a.start - b.start);
}

function isName(holder: string): boolean {
  return /^[\w.]+$/.test(holder);
}

/** The holder exists where the weights are read: built before, in the same function or above it. */
function isAfterBuilt(text: string, load: CheckpointLoad, { built, holder }: StateHolder): boolean {
  if (built === null || built.end > load.statement.start) return false;
  if (/^self\./.test(holder)) return true;
  return !/^[ \t]*(async[ \t]+)?(def|class)[ \t]/m.test(text.slice(built.end, load.statement.start));
}

function entryOf(text: string, dictionary: TextRange, each: StateHolder): string {
  return `${quotedKey(text, dictionary, each)}: ${each.holder}.state_dict()`;
}

/** The key in the manner of the others: `model_state_dict` → `optimizer_state_dict`. */
function quotedKey(text: string, dictionary: TextRange, { missing }: StateHolder): string {
  const written = text.slice(dictionary.start, dictionary.end);
  const ending = written.match(/["'](?:model|net|network)(_state_dict|_state|_dict)["']/)?.[1] ?? "";
  const quote = written.match(/["']/)?.[0] ?? '"';
  return `${quote}${missing}${ending}${quote}`;
}

/** More entries, in the dictionary's own layout. */
function appendEntries(
  text: string,
  { start, end }: TextRange,
  entries: readonly string[],
): readonly TextEdit[] | null {
  if (text[end - 1] !== "}") return null;
  let last = end - 2;
  while (last > start && /\s/.test(text[last] ?? "")) last -= 1;
  const hasComma = text[last] === ",";
  const after = last + 1;
  const closesOwnLine = indentationOf(text, end - 1) !== null && lineStart(text, end - 1) > last;
  const ownIndentation = text.slice(lineStart(text, last)).match(/^[ \t]*/)?.[0] ?? "";
  if (!closesOwnLine) {
    const isOneLine = lineStart(text, last) <= start;
    const space = isOneLine ? " " : `${lineEndOf(text)}${ownIndentation}`;
    return [{ start: after, end: after, newText: `${hasComma ? "" : ","}${space}${entries.join(`,${space}`)}` }];
  }
  const newLines = entries.map((entry) => `${lineEndOf(text)}${ownIndentation}${entry},`).join("");
  // A comment ends the line: nothing is certain about a comma then.
  if (lineContentEnd(text, last) !== after) return null;
  return [{ start: after, end: after, newText: hasComma ? newLines : `,${newLines}` }];
}
