import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import type { EpochLoopFact } from "../facts/epochLoopFacts.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { asFlag } from "../facts/resolve.ts";
import type { SchedulerFact } from "../facts/schedulerFacts.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { TrainerFact } from "../facts/trainerFacts.ts";
import type { OptimizerFact, PrecisionFact, TrainingLoopFact } from "../facts/trainingFacts.ts";
import { appendArgument } from "./argumentInsertion.ts";
import { boundTo } from "./boundTo.ts";
import { trainerEpochs } from "./fitEpochs.ts";
import type { FixContext, FixDraft, Framework } from "./framework.ts";
import { collectHiddenNonfinites } from "./hiddenNonfinites.ts";
import { argumentClasses, optimizerNamed, optimizerParameters, trainerParameters } from "./huggingFaceDefaults.ts";
import { clipByTrainer, showNonfinite } from "./huggingFaceFixes.ts";
import { warmlessTrainer } from "./huggingFaceSchedules.ts";
import { replaceThreshold, settingTooHigh } from "./ineffectiveClips.ts";
import { literalBehind } from "./literalBehind.ts";
import { setOptimizerArgument } from "./pytorchOptimizerFixes.ts";
import { collectTorchTraits } from "./pytorchTraits.ts";
import { argumentsOfSignature } from "./signatureArguments.ts";
import { saveEverything, weightsOnlyTrainer } from "./trainerCheckpoints.ts";
import { trainerLoop } from "./trainerLoop.ts";
import { unvalidatedTrainers } from "./unvalidatedTraining.ts";

interface ArgumentsSite {
  readonly site: CallSite;
  readonly trainer: TrainerFact;
  readonly optimizer: OptimizerFact;
}

const argumentsCall = new RegExp(`\\b(?:${argumentClasses.join("|")})\\s*\\(`);

/** Training by transformers' Trainer and what is built on it: the settings stand in TrainingArguments or a class like it. */
export const huggingFace: Framework = {
  name: "huggingface",
  title: "Hugging Face",
  language: "python",
  mentions: ["transformers", "from trl", "import trl"],
  needs: { words: argumentClasses, test: (text) => argumentsCall.test(text) },
  collect(source) {
    const found = argumentClasses.flatMap((name) =>
      (source.callsByTerminalName.get(name) ?? []).flatMap((site) => argumentsAt(site, name)),
    );
    const sites = found.toSorted((a, b) => a.trainer.start - b.trainer.start);
    if (sites.length === 0) return null;
    const trainers = sites.map(({ trainer }) => trainer);
    return {
      trainers,
      optimizers: sites.map(({ optimizer }) => optimizer),
      loops: sites.flatMap((each, index) => unclippedLoop(each, index, source)),
      schedulers: sites.flatMap(({ site, trainer }, index) => warmlessTrainer(source, site, trainer, index)),
      epochLoops: sites.flatMap(({ trainer }, index) => constantRun(trainer, index)),
      precision: [...sites.flatMap(({ trainer }) => precisionOf(trainer)), ...brainFloatWeights(source, trainers)],
      // With torch in the text its collector has told them already.
      traits: /\btorch\b/.test(source.text) ? [] : collectTorchTraits(source),
      ineffectiveClips: trainers.flatMap((trainer) => settingTooHigh(trainer, trainer.settings.clipNorm)),
      unsavedState: weightsOnlyTrainer(
        source,
        "huggingface",
        sites.map(({ site }) => site),
      ),
      unvalidatedTrainings: unvalidatedTrainers(source, collectTorchTraits(source)),
      hiddenNonfinites: collectHiddenNonfinites(source, trainers),
    };
  },
  fixes: {
    clipGradientNorm: clipByTrainer("max_grad_norm"),
    setOptimizerArgument,
    makeClipEffective: replaceThreshold,
    showNonfinite,
    saveState: saveEverything,
    scheduleRate,
    warmUpSchedule,
  },
};

function argumentsAt(site: CallSite, className: string): readonly ArgumentsSite[] {
  const { call, scope } = site;
  const name = qualifiedName(call.callee, scope);
  if (name === null || !/^(transformers|trl|sentence_transformers)\./.test(name)) return [];
  const { start, end } = call.callee.kind === "attribute" ? call.callee.nameRange : call.callee;
  const place = { start: call.start, end: call.end, framework: "huggingface", nameRange: { start, end } } as const;
  const settings = argumentsOfSignature(site, trainerParameters);
  const trainer: TrainerFact = { ...place, constructorName: className, boundTo: boundTo(site), settings };
  const optim = settings.optimizer?.resolved;
  const isBuiltElsewhere = buildsOptimizerItself.test(scope.source.text) || mayBeSet(trainer, "deepSpeed");
  const named =
    optim?.known === true && optim.alternatives.length === 0 && !isBuiltElsewhere
      ? optimizerNamed(optim.value)
      : { algorithm: "unknown", adaptive: false, adamFamily: false };
  const optimizer: OptimizerFact = {
    ...place,
    ...named,
    constructorName: named.algorithm,
    boundTo: trainer.boundTo,
    parametersText: null,
    hasParameterGroups: false,
    arguments: {
      ...argumentsOfSignature(site, optimizerParameters(className)),
      ...(settings.optimizer?.given === true ? {} : fusedByDefault(trainer)),
    },
    libraryVersion: null,
  };
  return [{ site, trainer, optimizer }];
}

/** `Trainer(optimizers=(…))`, or a subclass that builds its own. */
const buildsOptimizerItself = /\boptimizers\s*=|optimizer_cls_and_kwargs|def create_optimizer|def get_optimizer_cls/;

/** `adamw_torch_fused` from torch 2.8 on, which nothing here tells: transformers 5.23 training_args.py L787–880. */
function fusedByDefault({ nameRange }: TrainerFact): OptimizerFact["arguments"] {
  const resolved = { known: false, reason: "it goes by the version of torch", chain: [] } as const;
  return { fused: { name: "fused", keyword: "optim", range: nameRange, valueRange: null, given: false, resolved } };
}

/** A schedule is linear unless told otherwise (transformers 5.23 training_args.py): a run is told of only where it is constant. */
function constantRun(trainer: TrainerFact, index: number): readonly EpochLoopFact[] {
  const resolved = trainer.settings.schedule?.resolved;
  if (resolved?.known !== true || resolved.value !== "constant" || resolved.alternatives.length > 0) return [];
  return trainerEpochs(trainer, [index], false);
}

/** A cosine in place of the constant rate. */
function scheduleRate(context: FixContext, _optimizer: OptimizerFact, run: EpochLoopFact): FixDraft | null {
  const trainer = context.facts.trainers.find(({ start }) => start === run.start);
  const range = trainer?.settings.schedule?.valueRange;
  if (range == null) return null;
  const written = context.text.slice(range.start, range.end).match(/^(["'])constant\1$/);
  if (written === null) return null;
  const newText = `${written[1]}cosine${written[1]}`;
  return { title: "Lower the learning rate along a cosine", edits: [{ ...range, newText }] };
}

/** Its schedules all take `warmup_steps`. */
function warmUpSchedule(context: FixContext, { start, end }: SchedulerFact): FixDraft | null {
  const settings = context.facts.trainers.find((each) => each.start === start)?.settings;
  const setting = settings?.warmupSteps;
  if (setting === undefined || settings?.warmupRatio?.given === true) return null;
  const title = "Raise the learning rate over the first 1000 steps with warmup_steps=1000";
  if (!setting.given) return { title, edits: appendArgument(context.text, { start, end }, "warmup_steps=1000") };
  const range = literalBehind(context, setting);
  return range === null ? null : { title, edits: [{ ...range, newText: "1000" }] };
}

function mayBeSet({ settings }: TrainerFact, name: "deepSpeed"): boolean {
  const resolved = settings[name]?.resolved;
  return resolved !== undefined && (!resolved.known || resolved.value !== null || resolved.alternatives.length > 0);
}

/** The Trainer clips at 1.0 unless told otherwise (transformers 5.23 trainer.py L1930): a loop is told of only where it does not. */
function unclippedLoop(
  { site, trainer, optimizer }: ArgumentsSite,
  index: number,
  { text }: SourceIndex,
): readonly TrainingLoopFact[] {
  const setting = trainer.settings.clipNorm;
  if (setting?.range == null || !setting.given || !setting.resolved.known) return [];
  const values = [setting.resolved.value, ...setting.resolved.alternatives];
  if (!values.every((value) => typeof value === "number" && value <= 0)) return [];
  if (clipsInCode.test(text) || optimizer.algorithm === "unknown") return [];
  return [trainerLoop("huggingface", site, setting.range, [index])];
}

const clipsInCode = /clip_grad|on_pre_optimizer_step/;

/**
 * `from_pretrained(…, torch_dtype=torch.bfloat16)` of a model that a Trainer trains: its optimizer updates those weights as they
 * are. DeepSpeed and FSDP keep float32 copies.
 */
function brainFloatWeights(source: SourceIndex, trainers: readonly TrainerFact[]): readonly PrecisionFact[] {
  if (/deepspeed|fsdp|fully_shard/i.test(source.text) || trainers.some((each) => mayBeSet(each, "deepSpeed")))
    return [];
  const found = new Map<number, PrecisionFact>();
  for (const [name, sites] of source.callsByTerminalName) {
    if (!/Trainer$/.test(name)) continue;
    for (const { call, scope } of sites) {
      const model = argumentFor(call, "model", 0);
      if (!/^(transformers|trl)\./.test(qualifiedName(call.callee, scope) ?? "")) continue;
      if (model === null || model === "unclear") continue;
      linkedCalls(model.value, scope, (made, from) => {
        if (terminalName(made.callee) !== "from_pretrained") return false;
        const given = argumentFor(made, "torch_dtype", null) ?? argumentFor(made, "dtype", null);
        const type = given === null || given === "unclear" ? null : given;
        const isBrainFloat =
          type !== null &&
          (qualifiedName(type.value, from) === "torch.bfloat16" ||
            (type.value.kind === "string" && type.value.value === "bfloat16"));
        if (type !== null && isBrainFloat && from.source === source) {
          const { start, end } = type;
          const shownBy = source.text.slice(start, end);
          const enabled = { known: true, value: true, alternatives: [], chain: [], overridable: false } as const;
          const fact = { framework: "huggingface", scope: "parameters", type: "bfloat16", shownBy, enabled } as const;
          found.set(start, { start, end, ...fact });
        }
        return true;
      });
    }
  }
  return [...found.values()];
}

function precisionOf(trainer: TrainerFact): readonly PrecisionFact[] {
  const types = [
    ["halfFloat", "float16"],
    ["brainFloat", "bfloat16"],
  ] as const;
  return types.flatMap(([name, type]) => {
    const setting = trainer.settings[name];
    if (setting === undefined || !setting.given || setting.range === null || !setting.resolved.known) return [];
    const { start, end } = setting.range;
    const shownBy = `${setting.keyword}=True`;
    const enabled = asFlag(setting.resolved);
    return [{ start, end, framework: "huggingface", scope: "autocast", type, shownBy, enabled } as const];
  });
}
