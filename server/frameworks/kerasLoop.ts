import { calledFunction } from "../facts/calledFunctions.ts";
import { dottedText, subjectText, terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import type { CallSite, Scope, SourceIndex } from "../facts/scope.ts";
import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { Assignment, Call, Expression } from "../syntax/tree.ts";
import {
  compiledIndices,
  compiledOptimizer,
  type KerasOptimizerSite,
  linkedKerasOptimizers,
} from "./kerasOptimizers.ts";
import { tensorflowName } from "./tensorflowNames.ts";
import { type Classified, type Classifier, collectLoopDrafts, type LoopDraft } from "./trainingEvents.ts";

/** Training of Keras code: `GradientTape` and `train_on_batch` in loops or step functions, and `model.fit` after `compile`. */
export function collectKerasLoops(
  source: SourceIndex,
  optimizers: readonly KerasOptimizerSite[],
): { readonly drafts: readonly LoopDraft[]; readonly facts: readonly TrainingLoopFact[] } {
  const drafts = collectLoopDrafts(source, kerasClassifier(source, optimizers));
  const written = drafts.map(({ range, header, events }) =>
    loopFact(
      range,
      header,
      events.map(({ start, end, kind, subject, optimizers: of, statement, conditional, inlined }) => ({
        start,
        end,
        kind,
        subject,
        optimizers: of,
        statement,
        conditional,
        inlined,
      })),
    ),
  );
  return { drafts, facts: [...written, ...fitLoops(source, optimizers)].toSorted((a, b) => a.start - b.start) };
}

/** Gradients are computed afresh by each call, so that a backward pass is preceded by zeroed gradients. */
function kerasClassifier(source: SourceIndex, optimizers: readonly KerasOptimizerSite[]): Classifier {
  const textOf = (expression: Expression | undefined): string =>
    expression === undefined ? "" : source.text.slice(expression.start, expression.end);

  function call(expression: Call, scope: Scope): Classified | readonly Classified[] | null {
    const { callee } = expression;
    const name = terminalName(callee);
    const receiver = callee.kind === "attribute" ? callee.object : null;
    const [first, second] = expression.arguments;
    if (name === null) return null;
    if (receiver !== null) {
      const subject = subjectText(receiver);
      if (name === "gradient" && first !== undefined && second !== undefined) return backwardOf(first.value, subject);
      if (/^(get_gradients|compute_gradients)$/.test(name)) return backwardOf(first?.value, subject);
      if (name === "apply_gradients" || name === "minimize" || (name === "apply" && first !== undefined)) {
        const of = linkedKerasOptimizers(receiver, scope, optimizers);
        if (of.length === 0 && name !== "apply_gradients") return null;
        const clips = /clip/i.test(textOf(first?.value)) || of.some((index) => optimizers[index]?.mayClip === true);
        return [...(name === "minimize" ? backwardOf(first?.value, subject) : []), ...stepOf(subject, of, clips)];
      }
      if (/^(train_on_batch|train_step_on_batch)$/.test(name)) {
        const of = compiledOn(receiver, scope, source, optimizers);
        if (of.length === 0) return null;
        const clips = of.some((index) => optimizers[index]?.mayClip === true);
        return [...backwardOf(undefined, subject), ...stepOf(subject, of, clips)];
      }
    }
    if (isGradientClip(name, textOf(first?.value))) {
      return { kind: "clip", subject: first === undefined ? null : subjectText(first.value), optimizers: [] };
    }
    return changesGradients(expression, name, scope)
      ? { kind: "unknown-call-with-model", subject: name, optimizers: [] }
      : null;
  }

  /** A function that is handed gradients and cannot be read here may clip them. */
  function changesGradients(expression: Call, name: string, scope: Scope): boolean {
    if (!expression.arguments.some(({ value }) => /^(self\.)?\w*grad(ient)?s?(_and_vars)?$/i.test(textOf(value))))
      return false;
    if (harmless.test(name) || calledFunction(expression, scope) !== null) return false;
    return tensorflowName(expression.callee, scope) === null;
  }

  function assignment({ targets, value }: Assignment): Classified | null {
    const target = targets[0];
    if (target?.kind !== "name" || value === null || !/clip/i.test(target.name) || !/grad/i.test(target.name))
      return null;
    return { kind: "clip", subject: target.name, optimizers: [] };
  }

  return { call, assignment, runsCallbacks: /^(map|map_structure|cond)$/ };
}

const harmless =
  /^(zip|list|tuple|len|print|enumerate|append|extend|any|all|isinstance|type|sum|dict|int|float|str|allreduce|all_reduce|reduce|get_unscaled_gradients|aggregate_gradients|histogram|scalar|log|info|debug|numpy|format|assert_equal|pop|merge_call|assign_add|assign)$/;

/** `clip_by_value` guards losses as often as gradients; the norms are those of gradients. */
function isGradientClip(name: string, first: string): boolean {
  if (/^clip_by_(global_norm|norm|average_norm)$/.test(name)) return true;
  if (!/clip/i.test(name)) return false;
  return /grad/i.test(name) || /grad/i.test(first) || /^[a-z]$/.test(first);
}

function backwardOf(loss: Expression | undefined, subject: string | null): readonly Classified[] {
  const given = loss === undefined ? {} : { loss };
  return [
    { kind: "zero-grad", subject, optimizers: [] },
    { kind: "backward", subject, optimizers: [], ...given },
  ];
}

function stepOf(subject: string | null, of: readonly number[], clips: boolean): readonly Classified[] {
  const step = { kind: "optimizer-step", subject, optimizers: of } as const;
  return clips ? [{ kind: "clip", subject, optimizers: of }, step] : [step];
}

/** Optimizers of the `compile` calls on the same model: by its name, or by the constructor call behind both names. */
function compiledOn(
  model: Expression,
  scope: Scope,
  source: SourceIndex,
  optimizers: readonly KerasOptimizerSite[],
): readonly number[] {
  const sites = (source.callsByTerminalName.get("compile") ?? []).filter((site) => compiledOptimizer(site) !== null);
  const name = dottedText(model);
  const same = sites.filter((site) => name !== null && dottedText(receiverOf(site)) === name);
  const here = same.filter((site) => site.scope === scope);
  if (here.length > 0) return compiledIndices(holdingAt(model, here), optimizers);
  if (same.length > 0) return compiledIndices(same, optimizers);
  const made = madeBy(model, scope);
  return compiledIndices(
    sites.filter((site) => [...madeBy(receiverOf(site), site.scope)].some((call) => made.has(call))),
    optimizers,
  );
}

/** Of several compilations under one name, as in a notebook's cells, those that can hold at a place of the same scope. */
function holdingAt(place: Expression, sites: readonly CallSite[]): readonly CallSite[] {
  const before = sites.filter(({ call }) => call.end <= place.start);
  const last = before.findLastIndex(({ depth }) => depth === 0);
  return last < 0 ? sites : before.slice(last);
}

function receiverOf({ call }: CallSite): Expression {
  return call.callee.kind === "attribute" ? call.callee.object : call.callee;
}

/** The calls that make a model: Keras's own classes, and classes of the file or imported ones by their capital letter. */
function madeBy(model: Expression, scope: Scope): ReadonlySet<Call> {
  return linkedCalls(model, scope, ({ callee }) => /^[A-Z]/.test(terminalName(callee) ?? ""));
}

function fitLoops(source: SourceIndex, optimizers: readonly KerasOptimizerSite[]): readonly TrainingLoopFact[] {
  const facts: TrainingLoopFact[] = [];
  const clipsInStep = [...source.classes.values()].some(({ methods }) => {
    const step = methods.get("train_step")?.definition;
    return step !== undefined && /clip/i.test(source.text.slice(step.start, step.end));
  });
  for (const name of ["fit", "fit_generator"]) {
    for (const { call, scope, statement } of source.callsByTerminalName.get(name) ?? []) {
      if (call.callee.kind !== "attribute") continue;
      const of = compiledOn(call.callee.object, scope, source, optimizers);
      if (of.length === 0) continue;
      const clips = clipsInStep || of.some((index) => optimizers[index]?.mayClip === true);
      const header = { start: call.callee.start, end: call.callee.end };
      const place = {
        ...header,
        statement: { start: statement.start, end: statement.end },
        subject: subjectText(call.callee.object),
        conditional: false,
        inlined: false,
      };
      const events: TrainingEvent[] = [
        { ...place, kind: "zero-grad", optimizers: [] },
        { ...place, kind: "backward", optimizers: [] },
        ...(clips ? [{ ...place, kind: "clip", optimizers: of } as const] : []),
        { ...place, kind: "optimizer-step", optimizers: of },
      ];
      facts.push(loopFact({ start: call.start, end: call.end }, header, events));
    }
  }
  return facts;
}

function loopFact(
  range: { readonly start: number; readonly end: number },
  header: { readonly start: number; readonly end: number },
  events: readonly TrainingEvent[],
): TrainingLoopFact {
  const stepped = events.filter(({ kind }) => kind === "optimizer-step").flatMap(({ optimizers }) => optimizers);
  return {
    ...range,
    framework: "keras",
    header: { start: header.start, end: header.end },
    events,
    optimizers: [...new Set(stepped)].toSorted((a, b) => a - b),
    gradScaler: null,
    gradScalerEnabled: { known: true, value: false, alternatives: [], chain: [], overridable: false },
    wrappedBy: null,
    accumulates: false,
  };
}
