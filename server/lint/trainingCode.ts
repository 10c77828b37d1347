import { isUtf8 } from "node:buffer";
import path from "node:path";
import { frameworks } from "../frameworks/index.ts";
import { largestSource } from "../text/decode.ts";
import { searchForWords } from "../text/wordsIn.ts";
import { isTestCode } from "./testCode.ts";
import { withoutProse } from "./withoutProse.ts";

/** How much of a file has to be read: `none` when it names no framework, `mention` when it names one and does not train. */
export type TrainingCode = "none" | "mention" | "training";

const python = new Set([".py", ".pyi", ".ipynb"]);
const configuration = new Set([".json", ".yaml", ".yml"]);

/** A comment that silences nothing is a finding wherever a framework is mentioned. */
const suppression = "haywire:";
const wordsIn = searchForWords([
  suppression,
  ...frameworks.flatMap(({ mentions, needs }) => [...mentions, ...(needs?.words ?? [])]),
]);
const anyMention = frameworks.flatMap(({ mentions }) => mentions);

/**
 * What code a file can hold, by a look at its bytes that takes a fraction of the time of decoding and parsing. A text that does
 * not train has no findings of its own, but settings that can differ from an earlier state of the file. What decoding would have
 * to speak of counts as training: notebooks, large files, and bytes that are not UTF-8.
 */
export function trainingCodeInBytes(file: string, bytes: Buffer): TrainingCode {
  if (file.toLowerCase().endsWith(".ipynb") || bytes.length > largestSource) return "training";
  if (bytes.includes(0) || !isUtf8(bytes)) return "training";
  const found = wordsIn(bytes);
  const isMentioned = (words: readonly string[]) => words.some((word) => found.has(word));
  if (!isMentioned(anyMention)) return "none";
  // One byte a character: what is looked for is ASCII.
  const text = bytes.toString("latin1");
  if (isTestCode(file, text)) return "mention";
  if (found.has(suppression)) return "training";
  const extension = path.extname(file).toLowerCase();
  const language = python.has(extension) ? "python" : configuration.has(extension) ? "configuration" : "typescript";
  const mentioned = frameworks.filter((each) => each.language === language && isMentioned(each.mentions));
  if (mentioned.length === 0) return "none";
  const holds = (code: string) =>
    mentioned.some(({ needs }) => !needs || (isMentioned(needs.words) && needs.test(code, found)));
  // Few texts get past the first look, and of those an example in a docstring is told from code.
  if (!holds(text)) return "mention";
  return language !== "python" || holds(withoutProse(text)) ? "training" : "mention";
}
