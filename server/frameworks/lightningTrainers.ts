import { argumentFor } from "../facts/candidates.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { bindingsOf, type CallSite, type ClassInfo, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { TrainerFact, TrainerSettingName } from "../facts/trainerFacts.ts";
import type { ScalarValue } from "../facts/trainingFacts.ts";
import type { Call } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import { isLightning, type LightningModule, lightningModules } from "./lightningModules.ts";
import { argumentsOfSignature, type SignatureParameter } from "./signatureArguments.ts";

const keyword = (
  name: TrainerSettingName,
  written: string,
  value: ScalarValue,
): SignatureParameter<TrainerSettingName> => ({ keyword: written, keywordOnly: true, name, default: value });

/** Source: lightning 2.6 pytorch/trainer/trainer.py L94–134. `precision=None` means 32-true. */
const parameters: readonly SignatureParameter<TrainerSettingName>[] = [
  keyword("clipNorm", "gradient_clip_val", null),
  keyword("precision", "precision", null),
  keyword("epochs", "max_epochs", null),
  keyword("steps", "max_steps", -1),
  keyword("accumulation", "accumulate_grad_batches", 1),
  keyword("detectAnomaly", "detect_anomaly", false),
];

/** A Lightning Trainer with the modules of the file that it certainly fits. */
export interface LightningTrainer {
  readonly site: CallSite;
  readonly fact: TrainerFact;
  readonly fits: readonly LightningModule[];
  /** It fits something that is not known here. */
  readonly fitsOthers: boolean;
}

/** The Trainers that a file builds. */
export function lightningTrainers(source: SourceIndex): readonly LightningTrainer[] {
  const sites = (source.callsByTerminalName.get("Trainer") ?? []).filter(({ call, scope }) =>
    isLightning(qualifiedName(call.callee, scope), "Trainer"),
  );
  if (sites.length === 0) return [];
  const modules = lightningModules(source);
  return sites.map((site) => {
    const { callee, start, end } = site.call;
    const nameRange = callee.kind === "attribute" ? callee.nameRange : callee;
    const fact: TrainerFact = {
      start,
      end,
      framework: "lightning",
      constructorName: "Trainer",
      nameRange: { start: nameRange.start, end: nameRange.end },
      boundTo: boundTo(site),
      settings: argumentsOfSignature(site, parameters),
    };
    return { site, fact, ...fittedBy(site.call, source, modules) };
  });
}

function fittedBy(
  trainer: Call,
  source: SourceIndex,
  modules: ReadonlyMap<ClassInfo, LightningModule>,
): Pick<LightningTrainer, "fits" | "fitsOthers"> {
  const fits = new Set<LightningModule>();
  let fitsOthers = false;
  for (const { call, scope } of source.callsByTerminalName.get("fit") ?? []) {
    if (call.callee.kind !== "attribute") continue;
    const receivers = linkedCalls(call.callee.object, scope, (each) => each === trainer);
    if (!receivers.has(trainer)) continue;
    const model = argumentFor(call, "model", 0);
    const found = model === null || model === "unclear" ? [] : modulesBehind(model.value, scope, source, modules);
    for (const each of found) fits.add(each);
    if (found.length === 0) fitsOthers = true;
  }
  return { fits: [...fits], fitsOthers };
}

function modulesBehind(
  model: Call["callee"],
  scope: Scope,
  source: SourceIndex,
  modules: ReadonlyMap<ClassInfo, LightningModule>,
): readonly LightningModule[] {
  const moduleOf = (call: Call, from: Scope): LightningModule | null => {
    const { callee } = call;
    const isLoad = callee.kind === "attribute" && callee.name === "load_from_checkpoint";
    const name = isLoad ? callee.object : callee;
    if (name.kind !== "name") return null;
    const last = bindingsOf(name.name, from)?.at(-1);
    const info = last?.kind === "class" ? source.classes.get(last.definition) : undefined;
    return info === undefined ? null : (modules.get(info) ?? null);
  };
  const found: LightningModule[] = [];
  linkedCalls(model, scope, (call, from) => {
    const module = moduleOf(call, from);
    if (module !== null) found.push(module);
    return module !== null;
  });
  return found;
}
