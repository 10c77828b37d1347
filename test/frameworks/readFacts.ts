import type { TrainingFacts } from "../../server/facts/trainingFacts.ts";
import { collectFacts } from "../../server/frameworks/collectFacts.ts";
import { createParsers } from "../../server/lint/loadParsers.ts";
import type { LanguageParser } from "../../server/syntax/syntaxDocument.ts";
import type { TextEdit, TextRange } from "../../server/text/range.ts";

async function parserFor(path: string): Promise<LanguageParser> {
  const parser = await createParsers().forPath(path);
  if (parser === null) throw new Error(`no parser reads ${path}`);
  return parser;
}

const python = await parserFor("train.py");
const typescript = await parserFor("train.ts");
const json = await parserFor("ds_config.json");
const yaml = await parserFor("config.yaml");

/** Facts of a Python program, with versions pinned where given. */
export function factsOf(text: string, versions: Readonly<Record<string, string>> = {}): TrainingFacts {
  return read(python, "train.py", text, versions);
}

/** Facts of a TypeScript program. */
export function factsOfTypeScript(text: string): TrainingFacts {
  return read(typescript, "train.ts", text, {});
}

/** Facts of a configuration in JSON. */
export function factsOfJson(text: string): TrainingFacts {
  return read(json, "ds_config.json", text, {});
}

/** Facts of a configuration in YAML. */
export function factsOfYaml(text: string): TrainingFacts {
  return read(yaml, "config.yaml", text, {});
}

function read(
  parser: LanguageParser,
  path: string,
  text: string,
  versions: Readonly<Record<string, string>>,
): TrainingFacts {
  const document = parser.open(text);
  try {
    return collectFacts({ path, text, module: document.module, libraryVersions: new Map(Object.entries(versions)) });
  } finally {
    document.dispose();
  }
}

/** The text of a range. */
export function sliceOf(text: string, range: TextRange | null | undefined): string | null {
  return range === null || range === undefined ? null : text.slice(range.start, range.end);
}

/** The text after edits that do not overlap; equal starts keep their order. */
export function applied(text: string, edits: readonly TextEdit[]): string {
  let result = text;
  for (const { start, end, newText } of edits.toSorted((a, b) => a.start - b.start).toReversed()) {
    result = result.slice(0, start) + newText + result.slice(end);
  }
  return result;
}

/** Takes the place of `!`: the value, or a failure that names what was looked for. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`${what} is missing`);
  return value;
}
