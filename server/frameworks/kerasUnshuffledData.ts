import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { resolve } from "../facts/resolve.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { UnshuffledDataFact } from "../facts/unshuffledDataFacts.ts";
import type { Argument, Call, Expression } from "../syntax/tree.ts";
import { speaksOfNoOrder } from "./orderedData.ts";
import { siteOf } from "./pytorchFlags.ts";

const readers = /^(flow|flow_from_directory|flow_from_dataframe|\w+_dataset_from_directory)$/;

/** `fit` and the readers of images that train it, told not to shuffle, which they do by default. */
export function collectKerasUnshuffledData(
  source: SourceIndex,
  fits: readonly CallSite[],
): readonly UnshuffledDataFact[] {
  if (fits.length === 0 || !speaksOfNoOrder(source)) return [];
  return fits.flatMap((site) => {
    const { call, scope } = site;
    const epochs = argumentFor(call, "epochs", 3);
    const count = epochs === null || epochs === "unclear" ? null : resolve(epochs.value, scope);
    if (count === null || (count.known && count.value === 1)) return [];
    const own = toldNotTo(call, argumentFor(call, "shuffle", 8));
    const data = argumentFor(call, "x", 0);
    if (own !== null) return [own];
    if (data === null || data === "unclear") return [];
    const made = linkedCalls(data.value, scope, (each) => readers.test(terminalName(each.callee) ?? ""));
    return [...made].flatMap((each) => {
      const inner = siteOf(each, source);
      return inner === null ? [] : (toldNotTo(each, argumentFor(each, "shuffle", null)) ?? []);
    });
  });
}

function toldNotTo({ start, end }: Call, shuffle: Argument | null | "unclear"): UnshuffledDataFact | null {
  if (shuffle === null || shuffle === "unclear" || !isFalse(shuffle.value)) return null;
  const { value } = shuffle;
  return {
    start: shuffle.start,
    end: shuffle.end,
    framework: "keras",
    said: "shuffle=False",
    value: { start: value.start, end: value.end },
    call: { start, end },
  };
}

function isFalse(value: Expression): boolean {
  return value.kind === "boolean" && !value.value;
}

/** `shuffle: false` among the options of TensorFlow.js's `fit`, which shuffles by default. */
export function collectTfjsUnshuffledData(
  source: SourceIndex,
  fits: readonly CallSite[],
): readonly UnshuffledDataFact[] {
  if (fits.length === 0 || !speaksOfNoOrder(source)) return [];
  return fits.flatMap(({ call }) => {
    const options = call.arguments[2]?.value;
    if (terminalName(call.callee) !== "fit" || options?.kind !== "dictionary") return [];
    const entry = (name: string) =>
      options.entries.find(
        ({ key }) => (key?.kind === "name" ? key.name : key?.kind === "string" ? key.value : null) === name,
      );
    const shuffle = entry("shuffle");
    const epochs = entry("epochs")?.value;
    if (shuffle === undefined || !isFalse(shuffle.value) || epochs === undefined) return [];
    if (epochs.kind === "number" && epochs.value === 1) return [];
    return [
      {
        start: shuffle.range.start,
        end: shuffle.range.end,
        framework: "tensorflowjs",
        said: "shuffle: false",
        value: { start: shuffle.value.start, end: shuffle.value.end },
        call: { start: call.start, end: call.end },
      },
    ] as const;
  });
}
