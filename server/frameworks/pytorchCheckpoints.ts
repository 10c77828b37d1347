import { calledFunction } from "../facts/calledFunctions.ts";
import type { CheckpointLoad, UnsavedStateFact } from "../facts/checkpointFacts.ts";
import { subjectText, terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { SchedulerFact } from "../facts/schedulerFacts.ts";
import { bindingsOf, type CallSite, type SourceIndex } from "../facts/scope.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { rangeOf } from "../text/range.ts";
import { boundTo } from "./boundTo.ts";
import { noPayload, type Payload, payloadOf } from "./checkpointPayload.ts";
import { checkpointPlace, guardTexts } from "./checkpointPlaces.ts";
import { isGradScaler } from "./pytorchEvents.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";
import { trainingLevels } from "./pytorchTrainingLevels.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** Libraries whose own checkpoints hold everything, or whose state is saved where this does not look. */
const keepsStateItself =
  /\b(pytorch_lightning|lightning|composer|ignite|deepspeed|fairseq|mmcv|mmengine|detectron2|catalyst|fastai)\b|\.save_state\(|torch\.distributed\.checkpoint|\bdcp\.|Checkpointer\(|CheckpointManager\(|\bfabric\.save\(|(?<![.\w])(get|set)_(optimizer_)?state_dict\(|\boptim_state_dict\(/;
const optimizerWords = /opt(im|imizer)s?\b|optim|solver|trainer|\bopts?_[a-z]+$|_opts?$/i;
/** An average or a copy of the weights is kept to be used, not trained on. */
const copyWords = /ema|teacher|averaged|swa|best|shadow|polyak/i;
const modelWords = /(^|[._])(model|net|network|generator|discriminator|encoder|decoder|agent|policy|actor|critic)$/i;
const countKey =
  /^(start_?|last_?|current_?|global_?)?(epochs?|steps?|iter|iters|iterations?|itr|step_?num|update|epoch_?num)(_?i|_?idx)?$/i;
const betterTest =
  /best|improv|better|[<>]=?\s*(self\.)?(max|min|prev|top|old)_|\b(max|min|prev|top|old)_\w+\s*[<>]|lowest|highest|patience|early_?stop|\b(min|max)_\w*(loss|acc|score|err)|(loss|acc\w*|score|f1|bleu|metric|ppl|perplexity|fid|auc|map|iou|dice|error?s?|reward|return|correct|valid\w*|val_\w+)\)?\s*[<>]/i;
const lastTest =
  /==\s*[\w.]*(epochs?|steps?|iter\w*|max\w*|num\w*|total\w*)(\s*-\s*1)?\s*\)?$|^[^|&]*\bis_last|^(?!.*\bor\b).*final/i;
const resumeWords =
  /resum|start_?epoch|epoch_?start|start_?iter|start_?step|initial_epoch|begin_?epoch|epochs_run|continue_?(train|from)|\bargs\.start\b|opt\.epoch\b|last_?epoch|\[["'](start_|global_)?(epoch|step|iter|iteration)["']\]/i;
const otherUse = /eval|test|infer|pre_?train|fine_?tun|transfer|init_(from|checkpoint)|demo|predict|generate|sample\b/i;

/** Checkpoints of a hand-written training loop that leave out what the optimizer and its companions have gathered. */
export function collectTorchUnsavedState(
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
  drafts: readonly LoopDraft[],
  schedulers: readonly SchedulerFact[],
): readonly UnsavedStateFact[] {
  const { text } = source;
  if (drafts.length === 0 || !/\bsave\w*\(|load_state_dict/.test(text) || keepsStateItself.test(text)) return [];
  const wrappers = drafts.flatMap(({ events }) => events.flatMap(({ classified }) => classified.wrapper ?? []));
  if (wrappers.some((wrapper) => !/^(Accelerate|Apex|NativeScaler)$/.test(wrapper))) return [];
  if (optimizers.length > 0 && optimizers.every(({ fact }) => isStateless(fact)) && schedulers.length === 0) return [];
  const trained = new Set(optimizers.flatMap(({ fact }) => modelsOf(fact.parametersText ?? "")));
  const isModel = (name: string) => trained.has(name) || modelWords.test(name);
  const kept = keptState(source, optimizers);
  if (kept === "unclear") return [];
  const saves = savesOf(source, isModel);
  const loads = loadsOf(source, drafts);
  const resumed = loads.find((load) => isResumed(load, saves, text)) ?? null;
  const resumedAt = resumed === null ? null : rangeOf(resumed.call.callee);
  const only = optimizers.length === 1 ? optimizers[0] : undefined;
  const base = {
    framework: "pytorch",
    holder: only?.fact.boundTo ?? null,
    constructorName:
      optimizers.length === 0 ? null : [...new Set(optimizers.map(({ fact }) => fact.constructorName))].join(" and "),
    built: only === undefined ? null : rangeOf(only.site.statement),
    resumedAt,
    setting: null,
    load: loads.length === 1 && loads[0] !== undefined ? loadAt(loads[0]) : null,
  } as const;
  const levels = trainingLevels(source, drafts);

  if (!kept.saved) {
    const places = saves.map((save) => ({ save, place: checkpointPlace(save.site, source, drafts, levels) }));
    if (places.some(({ save }) => save.payload.isUnclear)) return [];
    const regular = places.filter(
      ({ save, place }) =>
        save.payload.models.some((name) => !copyWords.test(name)) &&
        place.repeated &&
        !isForUse(save.site, place.guards, text),
    );
    const chosen = regular.find(({ save }) => save.payload.keys.some((key) => countKey.test(key))) ?? regular[0];
    if (chosen !== undefined) {
      const { site, payload } = chosen.save;
      return [
        {
          ...base,
          ...rangeOf(site.call.callee),
          at: "save",
          missing: "optimizer",
          call: subjectText(site.call.callee) ?? "",
          keepsCount: payload.keys.some((key) => countKey.test(key)),
          companions: resumed === null ? [] : forgotten(source, schedulers, payload),
          dictionary: payload.dictionary === null ? null : rangeOf(payload.dictionary),
          weights: payload.weights === null || saves.length > 1 ? null : rangeOf(payload.weights),
        },
      ];
    }
  }
  if (resumed !== null && !kept.loaded && (kept.saved || saves.length > 0 || countsOn(resumed, text))) {
    const save = saves.length === 1 ? saves[0] : undefined;
    const { dictionary = null, weights = null } = save?.payload ?? {};
    return [
      {
        ...base,
        ...rangeOf(resumed.call.callee),
        at: "load",
        missing: "optimizer",
        call: subjectText(resumed.call.callee) ?? "",
        keepsCount: countsOn(resumed, text),
        companions: save === undefined || kept.saved ? [] : forgotten(source, schedulers, save.payload),
        dictionary: dictionary === null || kept.saved ? null : rangeOf(dictionary),
        weights: weights === null || kept.saved ? null : rangeOf(weights),
      },
    ];
  }
  if (resumed === null || !kept.saved || !kept.loaded) return [];
  const save = saves.find(({ payload }) => payload.dictionary !== null && payload.models.length > 0);
  if (save === undefined || saves.some(({ payload }) => payload.isUnclear)) return [];
  const { dictionary } = save.payload;
  const [companion, ...companions] = forgotten(source, schedulers, save.payload);
  if (companion === undefined) return [];
  return [
    {
      ...base,
      ...companion,
      ...rangeOf(save.site.call.callee),
      at: "save",
      call: subjectText(save.site.call.callee) ?? "",
      keepsCount: save.payload.keys.some((key) => countKey.test(key)),
      companions,
      dictionary: dictionary === null ? null : rangeOf(dictionary),
      weights: null,
    },
  ];
}

/** Plain SGD has nothing to keep: torch 2.13 optim/sgd.py makes a buffer only where momentum is not 0. */
function isStateless({ algorithm, arguments: given }: OptimizerSite["fact"]): boolean {
  if (algorithm !== "sgd") return false;
  const momentum = given.momentum?.resolved;
  return momentum === undefined || (momentum.known && momentum.value === 0 && momentum.alternatives.length === 0);
}

function modelsOf(parameters: string): readonly string[] {
  return [...parameters.matchAll(/([\w.]+)\.(?:named_)?parameters\(/g)].map(([, name]) =>
    (name ?? "").replace(/\.module$/, ""),
  );
}

/** Whether the file keeps an optimizer's state and reads it back; unclear where it saves things that it does not name. */
function keptState(
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
): { readonly saved: boolean; readonly loaded: boolean } | "unclear" {
  const built = new Set<Call>(optimizers.map(({ site }) => site.call));
  const isOptimizer = (expression: Expression, site: CallSite): boolean =>
    optimizerWords.test(subjectText(expression) ?? "") ||
    linkedCalls(expression, site.scope, (call) => built.has(call)).size > 0;
  let saved = false;
  let loaded = false;
  for (const name of ["state_dict", "load_state_dict"]) {
    for (const site of source.callsByTerminalName.get(name) ?? []) {
      const { callee } = site.call;
      if (callee.kind !== "attribute") continue;
      const { object } = callee;
      if (isOptimizer(object, site)) {
        if (name === "state_dict") saved = true;
        else loaded = true;
      } else if (isElement(object, site)) return "unclear";
    }
  }
  for (const site of source.calls) {
    const name = terminalName(site.call.callee) ?? "";
    if (!/save|load|checkpoint|ckpt|snapshot|resume|restore|restart/i.test(name) || /state_dict$|DataLoader/.test(name))
      continue;
    // What a function of the file saves is read there.
    if (calledFunction(site.call, site.scope) !== null) continue;
    for (const { value } of site.call.arguments) {
      if (value.kind === "name" && /^(self|trainer|learner|engine)$/.test(value.name)) return "unclear";
      if (!holdsOptimizer(value, site, isOptimizer)) continue;
      if (/save|snapshot/i.test(name)) saved = true;
      else if (/load|resume|restore|restart|from_/i.test(name)) loaded = true;
      else saved = loaded = true;
    }
  }
  return { saved, loaded };
}

function holdsOptimizer(
  value: Expression,
  site: CallSite,
  isOptimizer: (expression: Expression, site: CallSite) => boolean,
): boolean {
  if (value.kind === "dictionary") return value.entries.some((entry) => holdsOptimizer(entry.value, site, isOptimizer));
  if (value.kind === "list") return value.items.some((item) => holdsOptimizer(item, site, isOptimizer));
  if (value.kind !== "name" && value.kind !== "attribute") return false;
  return isOptimizer(value, site);
}

/** The variable of a loop or comprehension over several things. */
function isElement(object: Expression, { scope }: CallSite): boolean {
  if (object.kind === "subscript") return object.index.kind !== "string" && object.index.kind !== "number";
  if (object.kind === "call") return true;
  if (object.kind !== "name") return false;
  const bindings = bindingsOf(object.name, scope);
  return bindings?.some(({ kind }) => kind === "element" || kind === "opaque") ?? false;
}

interface Save {
  readonly site: CallSite;
  readonly payload: Payload;
  readonly pathText: string;
}

/** The calls that write weights. */
function savesOf(source: SourceIndex, isModel: (name: string) => boolean): readonly Save[] {
  const saves: Save[] = [];
  for (const site of source.calls) {
    const name = terminalName(site.call.callee) ?? "";
    const { callee } = site.call;
    if (name === "save_pretrained" && callee.kind === "attribute") {
      const model = subjectText(callee.object) ?? "";
      const pathText = source.text.slice(callee.end, site.call.end);
      // One folder that is written over and over is the model as it is to be used.
      if (isModel(model) && /epoch|step|checkpoint/i.test(pathText)) {
        saves.push({ site, payload: { ...noPayload, models: [model] }, pathText });
      }
      continue;
    }
    if (!/^(save|save_on_master|save_checkpoint|save_ckpt|save_model|save_state)$/i.test(name)) continue;
    const isTorch = qualifiedName(site.call.callee, site.scope) === "torch.save";
    const first = site.call.arguments[0];
    if (first === undefined || first.spread !== null) continue;
    const payload = payloadOf(first.value, site.scope, isModel);
    const pathText = source.text.slice(first.value.end, site.call.end);
    if (!isTorch && payload.dictionary === null && payload.weights === null) continue;
    // What is saved by a name that says nothing of weights is data.
    if (
      payload.isUnclear &&
      !/state|ckpt|checkpoint|snapshot/i.test(source.text.slice(first.value.start, first.value.end))
    ) {
      continue;
    }
    if (payload.models.length > 0 || payload.isUnclear) saves.push({ site, payload, pathText });
  }
  return saves;
}

/** The best weights, the last ones, or an export: kept to be used. */
function isForUse({ call }: CallSite, guards: readonly string[], text: string): boolean {
  // Keys such as "best_acc" say nothing of the file.
  const written = text.slice(call.arguments[0]?.value.end ?? call.start, call.end);
  return (
    guards.some((test) => betterTest.test(test) || lastTest.test(test) || isSetOnBetter(test, text)) ||
    isEvaluated(call, text) ||
    /best|final|export|pretrain|inference|deploy|onnx/i.test(written)
  );
}

/** A flag that an earlier test on the metric sets. */
function isSetOnBetter(test: string, text: string): boolean {
  return (test.match(/[A-Za-z_]\w*/g) ?? []).some((name) => {
    const set = new RegExp(`^[ \\t]*(?:el)?if (.*):[^\\n]*\\n(?:.*\\n){0,2}?[ \\t]*${name} = True`, "gm");
    return [...text.matchAll(set)].some(([, before]) => betterTest.test(before ?? ""));
  });
}

/** The file that is written is what an evaluation reads. */
function isEvaluated(call: Call, text: string): boolean {
  const path = call.arguments[1]?.value;
  if (path?.kind !== "name") return false;
  return new RegExp(`(eval|test|sample|generate|predict)\\w*\\(\\s*${path.name}\\b`, "i").test(text);
}

/** Reads of weights that training can follow: not behind it in its own function. */
function loadsOf(source: SourceIndex, drafts: readonly LoopDraft[]): readonly CallSite[] {
  return (source.callsByTerminalName.get("load_state_dict") ?? []).filter((site) => {
    const { callee } = site.call;
    if (callee.kind !== "attribute") return false;
    const name = subjectText(callee.object) ?? "";
    if (optimizerWords.test(name) || /sched|scaler|ema|teacher|target|amp|loss|sampler|loader/i.test(name))
      return false;
    if (site.call.arguments.some(({ value }) => value.kind === "call" && terminalName(value.callee) === "state_dict")) {
      return false;
    }
    return drafts.every(({ scope, range }) => scope !== site.scope || site.call.start < range.start);
  });
}

/** Goes on where a run of this file has stopped: it reads what the file writes, or the count of epochs with it. */
function isResumed(site: CallSite, saves: readonly Save[], text: string): boolean {
  const context = contextOf(site, text);
  const owner = site.scope.node?.kind === "function" ? site.scope.node.name : "";
  if (otherUse.test(context.tests) || otherUse.test(owner)) return false;
  if (resumeWords.test(context.tests) || /resume/i.test(owner)) return true;
  if (otherUse.test(context.lines)) return false;
  if (countsOn(site, text)) return true;
  const path = loadedPath(site);
  if (path === null) return false;
  const isGlobal = /^(["']|f["']|self\.|args\.|opt\.|cfg\.|config\.|[A-Z_]+$)/.test(path);
  return saves.some(
    (save) =>
      (isGlobal || save.site.scope === site.scope) &&
      save.pathText.replace(/^\s*,\s*/, "").replace(/\s*\)$/, "") === path,
  );
}

/** The count of epochs or steps is read from the same checkpoint. */
function countsOn(site: CallSite, text: string): boolean {
  const { lines } = contextOf(site, text);
  return /(start|epoch|step|iter)\w*\s*=\s*(int\()?[\w.]+\[["'](start_|global_)?(epochs?|steps?|iter\w*)["']\]/i.test(
    lines,
  );
}

function contextOf(site: CallSite, text: string): { readonly tests: string; readonly lines: string } {
  const before = text.slice(0, site.statement.start).split("\n").slice(-8).join("\n");
  const after = text.slice(site.statement.end).split("\n").slice(0, 7).join("\n");
  return {
    tests: guardTexts(site).join("\n"),
    lines: `${before}${text.slice(site.statement.start, site.statement.end)}${after}`,
  };
}

/** The path in `load_state_dict(torch.load(path))`. */
function loadedPath({ call, scope }: CallSite): string | null {
  const argument = call.arguments[0]?.value;
  if (argument?.kind !== "call" || terminalName(argument.callee) !== "load") return null;
  const path = argument.arguments[0]?.value;
  return path === undefined ? null : scope.source.text.slice(path.start, path.end);
}

function forgotten(source: SourceIndex, schedulers: readonly SchedulerFact[], payload: Payload) {
  return [forgottenScheduler(source, schedulers, payload), forgottenScaler(source)].filter((each) => each !== null);
}

/** A scheduler that counts its own steps and starts again at the first. */
function forgottenScheduler(source: SourceIndex, schedulers: readonly SchedulerFact[], { keys }: Payload) {
  const [scheduler, second] = schedulers;
  if (scheduler === undefined || second !== undefined || scheduler.boundTo === null) return null;
  const { text } = source;
  const counted = /sched|lr_state|warmup/i;
  if (
    keys.some((key) => counted.test(key)) ||
    /sched\w*(\[[^\]]*\])?\.(load_)?state_dict|last_epoch|initial_step/i.test(text)
  ) {
    return null;
  }
  const [step, other] = scheduler.steps;
  if (step === undefined || other !== undefined || (step.hasArgument && !scheduler.needsMetric)) return null;
  if (step.level === "unknown") return null;
  return {
    missing: "scheduler",
    holder: scheduler.boundTo,
    constructorName: scheduler.constructorName,
    built: scheduler.statement,
  } as const;
}

/** A loss scaler that begins at its first scale again. */
function forgottenScaler(source: SourceIndex) {
  if (/scaler\w*\.(load_)?state_dict|amp\.state_dict/i.test(source.text)) return null;
  const sites = (source.callsByTerminalName.get("GradScaler") ?? []).filter(({ call, scope }) =>
    isGradScaler(call, scope),
  );
  const [site, second] = sites;
  const holder = site === undefined ? null : boundTo(site);
  if (site === undefined || second !== undefined || holder === null) return null;
  return { missing: "scaler", holder, constructorName: "GradScaler", built: rangeOf(site.statement) } as const;
}

function loadAt({ call, statement }: CallSite): CheckpointLoad | null {
  const argument = call.arguments[0];
  if (argument === undefined || statement.kind !== "expression") return null;
  return { statement: rangeOf(statement), argument: rangeOf(argument.value) };
}
