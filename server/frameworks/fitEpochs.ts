import { argumentFor } from "../facts/candidates.ts";
import type { EpochLoopFact } from "../facts/epochLoopFacts.ts";
import { resolve } from "../facts/resolve.ts";
import type { Resolved } from "../facts/resolved.ts";
import { bindingsOf, type CallSite, type Scope } from "../facts/scope.ts";
import type { TrainerFact } from "../facts/trainerFacts.ts";
import type { FrameworkName, ScalarValue, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { Expression } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { certainCall } from "./certainCalls.ts";
import { tensorflowName } from "./tensorflowNames.ts";

/** The epochs that Keras's `fit` runs, where they are a number and every callback is one of Keras or of the file. */
export function kerasFitEpochs(
  fits: readonly CallSite[],
  loops: readonly TrainingLoopFact[],
): readonly EpochLoopFact[] {
  return fits.flatMap((site): readonly EpochLoopFact[] => {
    const { call, scope, statement } = site;
    const loop = loops.find(({ start }) => start === call.start);
    const epochs = argumentFor(call, "epochs", 3);
    if (loop === undefined || epochs === null || epochs === "unclear") return [];
    const isOpen = call.arguments.some(({ spread }) => spread !== null) || !readsCallbacks(site);
    return [
      {
        ...runOf({ start: call.start, end: call.end }, "keras", epochs, loop.optimizers, isOpen),
        length: lengthOf(resolve(epochs.value, scope)),
        lengthText: scope.source.text.slice(epochs.value.start, epochs.value.end),
        training: { start: statement.start, end: statement.end },
      },
    ];
  });
}

/** The epochs or steps that a Trainer's settings give it. */
export function trainerEpochs(
  trainer: TrainerFact,
  optimizers: readonly number[],
  isOpen: boolean,
): readonly EpochLoopFact[] {
  const { steps, epochs } = trainer.settings;
  const hasSteps =
    steps?.resolved.known === true && typeof steps.resolved.value === "number" && steps.resolved.value > 0;
  const setting = hasSteps ? steps : epochs;
  if (setting === undefined || setting.range === null) return [];
  const { start, end } = trainer;
  return [
    {
      ...runOf({ start, end }, trainer.framework, setting.range, optimizers, isOpen),
      counts: hasSteps ? "steps" : "epochs",
      length: lengthOf(setting.resolved),
    },
  ];
}

function runOf(
  range: TextRange,
  framework: FrameworkName,
  header: TextRange,
  optimizers: readonly number[],
  isOpen: boolean,
): EpochLoopFact {
  return {
    ...range,
    framework,
    header: { start: header.start, end: header.end },
    optimizers,
    counts: "epochs",
    length: null,
    lengthText: null,
    training: range,
    validationLoss: null,
    isOpen,
  };
}

function lengthOf(resolved: Resolved<ScalarValue>): number | null {
  if (!resolved.known || resolved.alternatives.length > 0) return null;
  return typeof resolved.value === "number" ? resolved.value : null;
}

/** No callback, or a list of calls of Keras's own classes and of functions and classes of the file. */
function readsCallbacks({ call, scope }: CallSite): boolean {
  const callbacks = argumentFor(call, "callbacks", 5);
  if (callbacks === null) return true;
  if (callbacks === "unclear") return false;
  const { value } = callbacks;
  if (value.kind === "list") return value.items.every((item) => isReadCallback(item, scope));
  if (value.kind !== "name" || new RegExp(`\\b${value.name}\\.(append|extend|insert)\\b`).test(scope.source.text))
    return false;
  const [only, ...others] = bindingsOf(value.name, scope) ?? [];
  if (only?.kind !== "assignment" || others.length > 0 || only.value.kind !== "list") return false;
  return only.value.items.every((item) => isReadCallback(item, only.scope));
}

function isReadCallback(item: Expression, scope: Scope): boolean {
  const made = certainCall(item, scope);
  if (made === null) return false;
  if (tensorflowName(made.call.callee, made.scope)?.startsWith("keras.callbacks.") === true) return true;
  const { callee } = made.call;
  const last = callee.kind === "name" ? bindingsOf(callee.name, made.scope)?.at(-1) : undefined;
  return last?.kind === "class" || last?.kind === "function";
}
