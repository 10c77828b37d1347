import { indentOf } from "./mutations.ts";

/** A change of a script that changes nothing about its training; null where it cannot be made. */
export interface Twin {
  readonly name: string;
  readonly make: (text: string) => string | null;
}

export const twins: readonly Twin[] = [
  { name: "comment lines between statements", make: withComments },
  {
    name: "comments at the ends of lines",
    make: (text) =>
      changed(
        text,
        text.replace(/^(\s*[\w.]+\.(step|zero_grad|backward|eval|update)\([^'"]*\))[ \t]*$/gm, "$1  # as in the paper"),
      ),
  },
  { name: "imports in another order", make: withImportsReversed },
  { name: "optimizer renamed", make: renaming("optimizer", "descent") },
  { name: "model renamed", make: renaming("model", "backbone") },
  { name: "loss renamed", make: renaming("loss", "objective_value") },
  { name: "script in a function", make: inFunction },
];

function changed(before: string, after: string): string | null {
  return before === after ? null : after;
}

function withComments(text: string): string | null {
  const lines = text.split("\n");
  const result = lines.flatMap((line) =>
    /^\s*[\w.]+\.(step|zero_grad|backward)\(.*\)\s*$/.test(line)
      ? [`${indentOf(line)}# the usual order`, line]
      : [line],
  );
  return changed(text, result.join("\n"));
}

function withImportsReversed(text: string): string | null {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => /^(import|from) /.test(line));
  let end = first;
  while (first >= 0 && /^(import [\w., ]+|from [\w.]+ import [\w., ]+)$/.test(lines[end] ?? "")) end++;
  const block = lines.slice(first, end);
  if (block.length < 3 || block.some((line) => line.includes("__future__"))) return null;
  return [...lines.slice(0, first), ...block.reverse(), ...lines.slice(end)].join("\n");
}

/** Renames a variable everywhere; not where it is also a keyword, an attribute, a string or something of a library. */
function renaming(name: string, other: string): (text: string) => string | null {
  return (text) => {
    const used = new RegExp(`\\b${name}\\b`, "g");
    if (!new RegExp(`^\\s*${name} = `, "m").test(text) || /"""|'''|\bf["']|\*\*|global /.test(text)) return null;
    if (
      new RegExp(
        `[.'"]${name}\\b|\\b${name}['"]|[(,]\\s*${name}\\s*=(?!=)|^\\s+${name}\\s*=[^=].*,$|(import|from) .*\\b${name}\\b`,
        "m",
      ).test(text)
    )
      return null;
    return changed(text, text.replace(used, other));
  };
}

/** Everything after the imports becomes the body of `main`. */
function inFunction(text: string): string | null {
  const lines = text.split("\n");
  if (/"""|'''|__name__|^global |^\s+global |^from __future__|\\$/m.test(text)) return null;
  const last = lines.findLastIndex((line) => /^(import|from) [\w.]+( import [\w., ]+)?( as \w+)?$/.test(line));
  if (last < 0 || lines.some((line, index) => index > last && /^(import|from) /.test(line))) return null;
  if (!lines.some((line) => /^for /.test(line))) return null;
  const body = lines.slice(last + 1).map((line) => (line.trim() === "" ? line : `    ${line}`));
  return [...lines.slice(0, last + 1), "", "def main():", ...body, "", "main()", ""].join("\n");
}
