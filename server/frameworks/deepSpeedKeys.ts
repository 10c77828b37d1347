import { dictionariesIn, type Entry, entryOf, literalOf, valueAt } from "../facts/configurationEntries.ts";
import type { DeepSpeedKeyFact } from "../facts/deepSpeedFacts.ts";
import type { DictionaryLiteral } from "../syntax/tree.ts";

/** What other libraries call `gradient_clipping`: DeepSpeed reads none of these (runtime/constants.py, GRADIENT_CLIPPING). */
const otherSpellings =
  /^(gradient_?clip|grad_?clip|clip_?grad|gradient_clip_val|max_grad_norm|clip_?norm|grad_clipping|clip_gradients?|gradientClipping)$/;

/** Keys of a configuration that are ignored, refused, or stand against each other. */
export function deepSpeedKeys(dictionary: DictionaryLiteral): readonly DeepSpeedKeyFact[] {
  return [
    ...misspelledClips(dictionary),
    ...misplacedClips(dictionary),
    ...bothHalfTypes(dictionary),
    ...batches(dictionary),
  ];
}

/** Without a section of DeepSpeed's the keys may be a script's own settings, whose names are its affair. */
function misspelledClips(dictionary: DictionaryLiteral): readonly DeepSpeedKeyFact[] {
  const hasSection = dictionary.entries.some(({ key }) => key?.kind === "string" && sections.test(key.value ?? ""));
  if (!hasSection) return [];
  const right = entryOf(dictionary, "gradient_clipping");
  return dictionary.entries.flatMap(({ key, value, range }) =>
    key?.kind === "string" && key.value !== null && otherSpellings.test(key.value)
      ? [fact("clip-misspelled", { key, value, range }, right)]
      : [],
  );
}

/** `gradient_clipping` inside another section; those of `zero_optimization` and the like are refused or ignored alike. */
function misplacedClips(dictionary: DictionaryLiteral): readonly DeepSpeedKeyFact[] {
  const right = entryOf(dictionary, "gradient_clipping");
  return dictionariesIn(dictionary).flatMap(({ dictionary: inner, path }) => {
    const entry = path.length > 0 && sections.test(path[0] ?? "") ? entryOf(inner, "gradient_clipping") : null;
    return entry === null ? [] : [fact("clip-misplaced", entry, right)];
  });
}

const sections = /^(optimizer|scheduler|fp16|bf16|zero_optimization)$/;

function bothHalfTypes(dictionary: DictionaryLiteral): readonly DeepSpeedKeyFact[] {
  const brain = entryOf(dictionary, "bf16") ?? entryOf(dictionary, "bfloat16");
  const half = entryOf(valueAt(dictionary, "fp16"), "enabled");
  const enabled = entryOf(brain?.value, "enabled");
  if (literalOf(half?.value) !== true || literalOf(enabled?.value) !== true) return [];
  return half === null ? [] : [fact("both-half-types", half, enabled)];
}

/** Whatever the number of devices is, the whole is a multiple of what one does (runtime/config.py, `_batch_assertion`). */
function batches(dictionary: DictionaryLiteral): readonly DeepSpeedKeyFact[] {
  const total = entryOf(dictionary, "train_batch_size");
  const micro = entryOf(dictionary, "train_micro_batch_size_per_gpu");
  const accumulation = entryOf(dictionary, "gradient_accumulation_steps");
  const numbers = [total, micro, accumulation].map((entry) => literalOf(entry?.value));
  const [all, one, steps = accumulation === null ? 1 : undefined] = numbers;
  if (total === null || typeof all !== "number" || typeof one !== "number" || typeof steps !== "number") return [];
  if (one * steps <= 0 || all % (one * steps) === 0) return [];
  return [{ ...fact("batch-does-not-divide", total, micro), values: [String(all), String(one), String(steps)] }];
}

function fact(fault: DeepSpeedKeyFact["fault"], { key, range }: Entry, other: Entry | null): DeepSpeedKeyFact {
  const name = key.kind === "string" ? (key.value ?? "") : "";
  return {
    start: key.start,
    end: key.end,
    fault,
    key: name,
    values: [],
    entry: { start: range.start, end: range.end },
    other: other === null ? null : { start: other.key.start, end: other.key.end },
  };
}
