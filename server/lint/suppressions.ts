import type { Fix, Severity } from "../rules/rule.ts";
import type { Comment } from "../syntax/tree.ts";
import type { TextEdit, TextRange } from "../text/range.ts";

/** A comment that asks for silence: `# haywire: ignore[rule-a, rule-b] reason`. */
export interface Suppression {
  /** What goes when the suppression is removed. */
  readonly range: TextRange;
  readonly names: readonly { readonly name: string; readonly range: TextRange }[];
  /** The line (as the offset of its start) that it speaks of; null for the whole file. */
  readonly line: number | null;
}

interface Silenceable extends TextRange {
  readonly rule: string;
}

const directive = /haywire:\s*ignore(-file)?\[([^\]\n]*)\]/;

/**
 * Reads the suppressions among a file's comments. One alone on its line speaks of the next line that holds code, one behind
 * code of its own line.
 */
export function readSuppressions(text: string, comments: readonly Comment[]): readonly Suppression[] {
  return comments.flatMap((comment) => {
    const match = directive.exec(comment.text);
    if (match === null) return [];
    const listStart = comment.start + match.index + match[0].indexOf("[") + 1;
    return [
      {
        range: directiveRange(comment, match),
        names: namesIn(match[2] ?? "", listStart),
        line: match[1] === undefined ? spokenLine(text, comment, comments) : null,
      },
    ];
  });
}

/** Which findings stay and which suppression names silenced one; `ignore-file` names and line names alike. */
export function applySuppressions<T extends Silenceable>(
  text: string,
  found: readonly T[],
  suppressions: readonly Suppression[],
): { readonly kept: readonly T[]; readonly used: ReadonlySet<TextRange> } {
  const used = new Set<TextRange>();
  const kept = found.filter((finding) => {
    const first = lineStart(text, finding.start);
    const matching = suppressions
      .filter(({ line }) => line === null || (line >= first && line <= finding.end))
      .flatMap(({ names }) => names.filter(({ name }) => name === finding.rule));
    for (const { range } of matching) used.add(range);
    return matching.length === 0;
  });
  return { kept, used };
}

export interface UnusedSuppression extends TextRange {
  readonly rule: "unused-suppression";
  readonly severity: Severity;
  readonly message: string;
  readonly fixes: readonly Fix[];
}

/** One finding a name that silenced nothing; `maySpeak` says whether the named rule could have spoken at all. */
export function unusedSuppressions(
  text: string,
  suppressions: readonly Suppression[],
  used: ReadonlySet<TextRange>,
  knownRules: ReadonlySet<string>,
  maySpeak: (rule: string) => boolean,
): readonly UnusedSuppression[] {
  return suppressions.flatMap((suppression) => {
    const unused = suppression.names.filter(
      ({ name, range }) => !used.has(range) && (!knownRules.has(name) || maySpeak(name)),
    );
    const all = unused.length === suppression.names.length;
    return unused.map(({ name, range }) => ({
      ...range,
      rule: "unused-suppression" as const,
      severity: "hint" as const,
      message: knownRules.has(name)
        ? `This comment silences nothing: ${name} has no finding ${suppression.line === null ? "in this file" : "on this line"}. Remove it, so that it does not hide a later one.`
        : `There is no rule named ${name === "" ? "in this comment" : name}, so the comment silences nothing. Correct the name or remove it.`,
      fixes: [
        all
          ? { title: "Remove the comment", applicability: "safe" as const, edits: [commentRemoval(text, suppression)] }
          : {
              title: `Remove ${name} from the comment`,
              applicability: "safe" as const,
              edits: [nameRemoval(suppression, range)],
            },
      ],
    }));
  });
}

/** The directive with its comment sign and reason, without what else the comment says before it. */
function directiveRange(comment: Comment, match: RegExpExecArray): TextRange {
  const directiveStart = comment.start + match.index;
  if (comment.text.startsWith("/*")) {
    const isAll = /^\/\*\s*$/.test(comment.text.slice(0, match.index));
    return isAll
      ? { start: comment.start, end: comment.end }
      : { start: directiveStart, end: directiveStart + match[0].length };
  }
  const sign = comment.text.startsWith("#") ? "#" : "//";
  const signIndex = comment.text.lastIndexOf(sign, match.index);
  const isDirectiveAlone = comment.text.slice(signIndex + sign.length, match.index).trim() === "";
  return { start: isDirectiveAlone ? comment.start + signIndex : directiveStart, end: comment.end };
}

function namesIn(list: string, listStart: number): Suppression["names"] {
  let offset = listStart;
  return list.split(",").map((part) => {
    const start = offset + (part.length - part.trimStart().length);
    offset += part.length + 1;
    const name = part.trim();
    return { name, range: { start, end: start + name.length } };
  });
}

function spokenLine(text: string, comment: Comment, comments: readonly Comment[]): number {
  const own = lineStart(text, comment.start);
  if (text.slice(own, comment.start).trim() !== "") return own;
  const commentLines = new Set(comments.map(({ start }) => lineStart(text, start)));
  let next = lineEnd(text, comment.end);
  while (next < text.length) {
    const end = lineEnd(text, next);
    const isCommentAlone = commentLines.has(next) && /^\s*(#|\/\/|\/\*)/.test(text.slice(next, end));
    if (text.slice(next, end).trim() !== "" && !isCommentAlone) return next;
    next = end;
  }
  return own;
}

/** The comment with the blanks before it; the whole line when nothing else stands there. */
function commentRemoval(text: string, { range }: Suppression): TextEdit {
  const line = lineStart(text, range.start);
  const before = text.slice(line, range.start);
  const end = lineEnd(text, range.end);
  const alone = before.trim() === "" && text.slice(range.end, end).trim() === "";
  if (alone) return { start: line, end, newText: "" };
  return { start: line + before.trimEnd().length, end: range.end, newText: "" };
}

/** The name with the comma that joins it to its neighbour. */
function nameRemoval({ names }: Suppression, range: TextRange): TextEdit {
  const index = names.findIndex((each) => each.range === range);
  const next = names[index + 1];
  if (next !== undefined) return { start: range.start, end: next.range.start, newText: "" };
  return { start: names[index - 1]?.range.end ?? range.start, end: range.end, newText: "" };
}

function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

/** The offset behind the line's end. */
function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  return newline < 0 ? text.length : newline + 1;
}
