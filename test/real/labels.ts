import { readFileSync } from "node:fs";

/** `true` and `false` judge a finding; `missed` is a fault that a reader found and Haywire should. */
export type Verdict = "true" | "false" | "missed";

/** A public training script: where it is, and whether somebody has read it whole, looking for faults. */
export interface Script {
  /** `owner/name` on GitHub. */
  readonly repository: string;
  readonly commit: string;
  readonly path: string;
  readonly readWhole: boolean;
}

/** What a reader says about one place of a script. */
export interface Label {
  readonly repository: string;
  readonly commit: string;
  readonly path: string;
  readonly rule: string;
  /** 1-based; `cell:line` in a notebook, both 1-based. */
  readonly line: string;
  readonly verdict: Verdict;
  readonly why: string;
}

const folder = new URL("./", import.meta.url);

/** The scripts of `scripts.tsv`, in its order. Throws on a line that is not of its form. */
export function readScripts(): readonly Script[] {
  return rowsOf("scripts.tsv", ["repository", "commit", "path", "read whole"]).map(
    ([repository = "", commit = "", path = "", readWhole = ""]) => {
      return { repository, commit, path, readWhole: oneOf(readWhole, ["yes", "no"]) === "yes" };
    },
  );
}

/** The labels of `labels.tsv`, in its order. Throws on a line that is not of its form. */
export function readLabels(): readonly Label[] {
  return rowsOf("labels.tsv", ["repository", "commit", "path", "rule", "line", "verdict", "why"]).map(
    ([repository = "", commit = "", path = "", rule = "", line = "", verdict = "", why = ""]) => {
      if (!/^(\d+:)?\d+$/.test(line)) throw new Error(`Not a line: ${line} (${path})`);
      return { repository, commit, path, rule, line, verdict: oneOf(verdict, ["true", "false", "missed"]), why };
    },
  );
}

function rowsOf(name: string, columns: readonly string[]): readonly (readonly string[])[] {
  const [header = "", ...lines] = readFileSync(new URL(name, folder), "utf8").replace(/\n$/, "").split("\n");
  if (header !== columns.join("\t")) throw new Error(`${name} has other columns: ${header}`);
  return lines.map((line, index) => {
    const cells = line.split("\t");
    if (cells.length !== columns.length) throw new Error(`${name}, line ${index + 2}: ${cells.length} columns`);
    return cells;
  });
}

function oneOf<T extends string>(text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw new Error(`${text} is none of ${choices.join(", ")}`);
  return found;
}
