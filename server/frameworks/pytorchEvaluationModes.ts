import { terminalName } from "../facts/dottedText.ts";
import type { EvaluationEdit, EvaluationModeFact } from "../facts/evaluationModeFacts.ts";
import { type FunctionInfo, functionAround, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { Call, Expression, Statement } from "../syntax/tree.ts";
import { type ModeLayers, mayComeInEvaluation, modeLayersOf } from "./modeLayers.ts";
import { mode, modeOf } from "./pytorchModeState.ts";
import {
  type ModeTrace,
  type Training,
  traceModes,
  type ValidationCall,
  type ValidationPass,
} from "./pytorchModeTrace.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** These set modes and switch gradients off themselves. */
const setsModes = /^(pytorch_lightning|lightning|ignite|catalyst|composer|fastai|skorch|mmengine|mmcv|torchtnt)\b/;

/** Validation passes in training mode or with a graph, and training that goes on in evaluation mode. */
export function collectTorchEvaluationModes(
  source: SourceIndex,
  drafts: readonly LoopDraft[],
): readonly EvaluationModeFact[] {
  if (drafts.length === 0 || !/val|test|eval|dev/i.test(source.text)) return [];
  if (source.imports.some(({ statement }) => setsModes.test(statement.module))) return [];
  const modelNames = modelNamesOf(source);
  const traces = rootsOf(source, drafts)
    .map((root) => traceModes(source, drafts, root, modelNames))
    .filter(({ trainings }) => trainings.length > 0);
  const found = new Map<number, EvaluationModeFact>();
  for (const trace of traces) {
    for (const pass of trace.validations) {
      const everywhere = traces.flatMap(({ validations }) =>
        validations.filter(({ marked }) => marked.start === pass.marked.start),
      );
      const fact = faultOf(pass, trace, everywhere, traces, source);
      if (fact !== null && !found.has(fact.start)) found.set(fact.start, fact);
    }
  }
  for (const trace of traces) {
    for (const { model, evaluation, isWithin, training } of trace.left) {
      const { callee } = evaluation;
      const receiver = callee.kind === "attribute" ? callee.object : callee;
      const layers = layersOf(trace, model);
      if (layers === "none" || hasOwnTrain(model, source)) continue;
      const { start, end } = evaluation;
      found.set(start, {
        start,
        end,
        framework: "pytorch",
        fault: "left-in-evaluation",
        recordsGraph: false,
        model: source.text.slice(receiver.start, receiver.end),
        layer: layers === "unknown" ? null : layers.layer,
        training: training.draft.header,
        edit: { validation: null, models: [], trainBefore: trainBefore(training, model, isWithin) },
      });
    }
  }
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}

/** The module, and functions that nothing in the file calls and that training is reached from. */
function rootsOf(
  source: SourceIndex,
  drafts: readonly LoopDraft[],
): readonly { readonly body: readonly Statement[]; readonly scope: Scope }[] {
  const trains = trainingFunctions(source, drafts);
  const isRoot = ({ definition: { name } }: FunctionInfo) => trains.has(name) && !source.callsByTerminalName.has(name);
  return [
    { body: source.module.body, scope: source.moduleScope },
    ...[...source.functions.values()].filter(isRoot).map(({ definition, scope }) => ({ body: definition.body, scope })),
  ];
}

/** Names of the functions that hold a training loop or call one that does. */
function trainingFunctions(source: SourceIndex, drafts: readonly LoopDraft[]): ReadonlySet<string> {
  const names = new Set<string>();
  const queue: string[] = [];
  const add = (scope: Scope) => {
    for (let current: Scope | null = scope; current !== null; current = current.parent) {
      const name = current.node?.kind === "function" ? current.node.name : null;
      if (name === null || names.has(name)) continue;
      names.add(name);
      queue.push(name);
    }
  };
  for (const { scope } of drafts) add(scope);
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    for (const site of source.callsByTerminalName.get(name) ?? []) add(site.scope);
  }
  return names;
}

/** Names whose parameters or mode the file asks for. */
function modelNamesOf({ callsByTerminalName }: SourceIndex): ReadonlySet<string> {
  const names = new Set<string>();
  for (const method of ["parameters", "named_parameters", "train", "eval"]) {
    for (const { call } of callsByTerminalName.get(method) ?? []) {
      const name = call.callee.kind === "attribute" ? terminalName(call.callee.object) : null;
      if (name !== null && !/optim|^torch$|^nn$/.test(name))
        names.add(
          name === "module" && call.callee.kind === "attribute" && call.callee.object.kind === "attribute"
            ? (terminalName(call.callee.object.object) ?? name)
            : name,
        );
    }
  }
  return names;
}

function faultOf(
  pass: ValidationPass,
  trace: ModeTrace,
  everywhere: readonly ValidationPass[],
  traces: readonly ModeTrace[],
  source: SourceIndex,
): EvaluationModeFact | null {
  const first = pass.calls[0];
  const all = everywhere.flatMap(({ calls }) => calls);
  if (first === undefined || !all.every(({ model }) => isTrained(model, traces))) return null;
  if (all.some(({ call, model }) => saysItsMode(call) || isOneOfSeveral(model, source))) return null;
  if (!givesFigures(pass)) return null;
  // Before PyTorch 0.4 an input that was volatile kept no graph.
  const recordsGraph = all.every(({ gradients }) => gradients === "on") && !/volatile\s*=\s*True/.test(source.text);
  const standings = all.map((call) => standingOf(call, trace, source));
  const inTraining = !standings.includes("apart") && standings.includes("training");
  const layers = inTraining ? modeLayersOf(first.call.callee, first.scope) : "unknown";
  const fault = inTraining && layers !== "none" ? "training-mode" : "gradients";
  if (fault === "gradients" && !recordsGraph) return null;
  const { start, end } = pass.marked;
  const training = trace.trainings.find(({ models }) => models.has(first.model)) ?? trace.trainings[0];
  if (training === undefined) return null;
  return {
    start,
    end,
    framework: "pytorch",
    fault,
    recordsGraph,
    model: textOf(first.call.callee, source),
    layer: typeof layers === "string" ? null : layers.layer,
    training: training.draft.header,
    edit: editOf(pass, first, training, fault),
  };
}

const figures =
  /\breturn\s+\w|loss|criterion|acc|correct|metric|score|err|argmax|topk|\bmax\(|pred|append|==|\beq\(|\+=/i;

/** A function called `test` that only shows what comes out (`print(output.size())`) tells nothing that a mode would falsify. */
function givesFigures({ scope }: ValidationPass): boolean {
  const around = functionAround(scope)?.definition;
  return around === undefined || figures.test(scope.source.text.slice(around.start, around.end));
}

/** `model(x, training=False)`: a Keras model on torch. */
function saysItsMode({ arguments: given }: Call): boolean {
  return given.some(({ name }) => name === "training");
}

/** `for model in models`: which of them is meant, and what was done to it, is not followed. */
function isOneOfSeveral(model: string, { text }: SourceIndex): boolean {
  return new RegExp(`\\bfor ([\\w, ]+, )?${lastName(model)}(, [\\w, ]+)? in\\b`).test(text);
}

/** `train_custom()`: a method of the model's own that may put it back. */
function hasOwnTrain(model: string, { text }: SourceIndex): boolean {
  return new RegExp(`\\b${lastName(model)}\\.\\w*train\\w+\\(`).test(text);
}

function lastName(model: string): string {
  return model.match(/\w+$/)?.[0] ?? "(?!)";
}

/** A loop of the file trains it: a discriminator, a teacher or a critic has modes of its own. */
function isTrained(model: string, traces: readonly ModeTrace[]): boolean {
  return traces.some(({ trainings }) => trainings.some(({ models }) => models.has(model)));
}

/**
 * `"training"`: put into training mode, trained so far, or fresh; `"apart"`: it or another model, which may be the same under
 * another name, is in evaluation mode or was handed to code that is not read.
 */
function standingOf(
  { modes, model }: ValidationCall,
  { root }: ModeTrace,
  source: SourceIndex,
): "training" | "apart" | "unclear" {
  const evaluated = mode.evaluation | mode.validated | mode.unknown;
  if ([...modes.values()].some((each) => (each & evaluated) !== 0)) return "apart";
  const own = modeOf(modes, model);
  if ((own & mode.training) !== 0) return "training";
  if (mayComeInEvaluation(source)) return "unclear";
  return (own & mode.trained) !== 0 || root.kind === "module" ? "training" : "unclear";
}

function layersOf({ trainings, validations }: ModeTrace, model: string): ModeLayers {
  const call = validations.flatMap(({ calls }) => calls).find((each) => each.model === model);
  if (call !== undefined) return modeLayersOf(call.call.callee, call.scope);
  return trainings.some(({ models }) => models.has(model)) ? "unknown" : "none";
}

function editOf(
  pass: ValidationPass,
  first: ValidationCall,
  training: Training,
  fault: EvaluationModeFact["fault"],
): EvaluationEdit {
  const { source } = pass.scope;
  const inPlace = pass.calls.every(({ scope }) => scope === pass.scope);
  const models = inPlace ? [...new Set(pass.calls.map(({ call }) => textOf(call.callee, source)))] : [];
  const { start, end } = pass.statement;
  const isBack = fault === "gradients" || callsTrain(training, source) || isOver(pass, training);
  return {
    validation: { start, end },
    models,
    trainBefore: isBack ? null : trainBefore(training, first.model, first.within === training.draft),
  };
}

/** The pass comes at the end of the module, where no training goes on. */
function isOver({ scope, statement }: ValidationPass, { draft }: Training): boolean {
  const { module, text } = scope.source;
  const isLast = scope === draft.scope && draft.loop !== null && draft.loop.end <= statement.start;
  return isLast && text[statement.start - 1] === "\n" && module.body.some(({ start }) => start === statement.start);
}

/** `train()` is called at the top of the function or of the loop that the training loop stands in. */
function callsTrain({ draft }: Training, source: SourceIndex): boolean {
  const around = draft.scope.node ?? source.module;
  const start = draft.loop?.start ?? around.start;
  return (source.callsByTerminalName.get("train") ?? []).some(
    ({ call, scope, loop }) =>
      scope === draft.scope &&
      call.end <= start &&
      call.callee.kind === "attribute" &&
      (loop !== null || draft.scope.kind === "function"),
  );
}

function trainBefore({ draft, models }: Training, model: string, isWithin: boolean): EvaluationEdit["trainBefore"] {
  const called = models.get(model);
  const statement = isWithin ? draft.loop?.body[0] : draft.loop;
  if (called === undefined || called.scope !== draft.scope || statement === undefined || statement === null)
    return null;
  return { statement: { start: statement.start, end: statement.end }, receiver: called.text };
}

function textOf({ start, end }: Expression, { text }: SourceIndex): string {
  return text.slice(start, end).replace(/\.forward$/, "");
}
