import type { UnsavedStateFact } from "../facts/checkpointFacts.ts";
import { subjectText, terminalName } from "../facts/dottedText.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { Expression } from "../syntax/tree.ts";
import { checkpointPlace } from "./checkpointPlaces.ts";
import type { OptaxOptimizerSite } from "./optaxOptimizers.ts";
import { trainingLevels } from "./pytorchTrainingLevels.ts";
import type { LoopDraft } from "./trainingEvents.ts";

const savers = ["save_checkpoint", "save_checkpoint_multiprocess", "dump", "to_bytes", "msgpack_serialize", "save"];

/** Parameters that a JAX loop saves again and again without the state of its optimizer. */
export function collectOptaxUnsavedState(
  source: SourceIndex,
  optimizers: readonly OptaxOptimizerSite[],
  drafts: readonly LoopDraft[],
): readonly UnsavedStateFact[] {
  const sites = savers.flatMap((name) => source.callsByTerminalName.get(name) ?? []);
  if (drafts.length === 0 || sites.length === 0) return [];
  const written = sites.map((site) => ({ site, values: site.call.arguments.map(({ value }) => value) }));
  // A state, a dictionary that is not read, or the optimizer's own part: everything is there, or may be.
  if (written.some(({ values }) => values.some((value) => mayHoldState(value, source)))) return [];
  // What an evaluation reads is written to be evaluated.
  if (/\b(evaluate|eval_\w+|test)\(\s*\w*path\b/.test(source.text)) return [];
  const levels = trainingLevels(source, drafts);
  for (const { site, values } of written) {
    if (!values.some((value) => isParameters(value, source))) continue;
    const place = checkpointPlace(site, source, drafts, levels);
    if (
      !place.repeated ||
      place.guards.some((test) => /best|<|>|final|last/i.test(test)) ||
      /best|final/i.test(textOf(site))
    )
      continue;
    const restored = source.callsByTerminalName.get("restore_checkpoint")?.[0];
    const { callee } = site.call;
    return [
      {
        start: callee.start,
        end: callee.end,
        framework: "optax",
        at: "save",
        missing: "optimizer",
        holder: null,
        constructorName: optimizers.length === 1 ? (optimizers[0]?.fact.constructorName ?? null) : null,
        call: subjectText(callee) ?? "",
        resumedAt: restored === undefined ? null : { start: restored.call.callee.start, end: restored.call.callee.end },
        keepsCount: site.call.arguments.some(({ name }) => name === "step"),
        companions: [],
        dictionary: null,
        weights: null,
        load: null,
        built: null,
        setting: null,
      },
    ];
  }
  return [];
}

function isParameters(value: Expression, source: SourceIndex): boolean {
  if (value.kind === "dictionary") {
    return value.entries.some((entry) => isParameters(entry.value, source));
  }
  const name = terminalName(value) ?? "";
  return /^(\w*_)?(params|weights)$/.test(name);
}

function mayHoldState(value: Expression, source: SourceIndex): boolean {
  const text = source.text.slice(value.start, value.end);
  if (/opt/i.test(text)) return true;
  if (value.kind === "name")
    return /state|ckpt|checkpoint|tree|bundle|payload|target|carry|save_dict/i.test(value.name);
  if (value.kind === "attribute") return !/params$|weights$/.test(value.name) && /state/i.test(value.name);
  if (value.kind === "dictionary") return value.entries.some((entry) => mayHoldState(entry.value, source));
  return value.kind === "call" && /state|replicate|device_get|Args/i.test(text) && !/params/.test(text);
}

function textOf({ call, scope }: CallSite): string {
  return scope.source.text.slice(call.start, call.end);
}
