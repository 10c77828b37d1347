import type { UnsavedStateFact } from "../facts/checkpointFacts.ts";
import { terminalName } from "../facts/dottedText.ts";
import { asFlag, resolve } from "../facts/resolve.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { Argument } from "../syntax/tree.ts";
import type { FixContext, FixDraft } from "./framework.ts";

/** A trainer that is told to save weights alone, in a file that also goes on from a checkpoint. */
export function weightsOnlyTrainer(
  source: SourceIndex,
  framework: "huggingface" | "lightning",
  sites: readonly CallSite[],
): readonly UnsavedStateFact[] {
  const keyword = framework === "huggingface" ? "save_only_model" : "save_weights_only";
  const [site, second] = sites;
  if (site === undefined || second !== undefined) return [];
  const setting = site.call.arguments.find(({ name }) => name === keyword);
  if (setting === undefined) return [];
  const on = asFlag(resolve(setting.value, site.scope));
  if (!on.known || !on.value || on.alternatives.length > 0 || on.overridable) return [];
  const resumed = resumedBy(source, framework);
  if (resumed === null) return [];
  const { start, end } = setting;
  const { value } = setting;
  return [
    {
      start,
      end,
      framework,
      at: "save",
      missing: "optimizer",
      holder: null,
      constructorName: null,
      call: terminalName(site.call.callee) ?? "",
      resumedAt: { start: resumed.start, end: resumed.end },
      keepsCount: true,
      companions: [],
      dictionary: null,
      weights: null,
      load: null,
      built: null,
      setting:
        value.kind === "boolean" ? { start: value.start, end: value.end, name: keyword, instead: "False" } : null,
    },
  ];
}

/** `trainer.train(resume_from_checkpoint=…)`, `trainer.fit(ckpt_path=…)`, unless it is told not to. */
function resumedBy(source: SourceIndex, framework: "huggingface" | "lightning"): Argument | null {
  const [method, keyword] =
    framework === "huggingface" ? (["train", "resume_from_checkpoint"] as const) : (["fit", "ckpt_path"] as const);
  for (const { call, scope } of source.callsByTerminalName.get(method) ?? []) {
    const given = call.arguments.find(({ name }) => name === keyword);
    if (given === undefined) continue;
    const resolved = resolve(given.value, scope);
    const values = resolved.known ? [resolved.value, ...resolved.alternatives] : [];
    if (values.some((value) => value === null || value === false)) continue;
    return given;
  }
  return null;
}

/** Saves everything again: the setting at its default. */
export function saveEverything(_context: FixContext, { setting }: UnsavedStateFact): FixDraft | null {
  if (setting === null) return null;
  const { start, end, name, instead } = setting;
  return { title: `Save the optimizer's state too: ${name}=${instead}`, edits: [{ start, end, newText: instead }] };
}
