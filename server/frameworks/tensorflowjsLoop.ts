import { rootName, subjectText, terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { Assignment, Call, Expression } from "../syntax/tree.ts";
import { compiledOptimizer, type TfjsOptimizerSite } from "./tensorflowjsOptimizers.ts";
import { type Classified, type Classifier, collectLoopDrafts, type LoopDraft } from "./trainingEvents.ts";

/** Training loops of TensorFlow.js: `minimize` and `applyGradients` in loops, and `model.fit` after `compile` in the same file. */
export function collectTfjsLoops(
  source: SourceIndex,
  optimizers: readonly TfjsOptimizerSite[],
): { readonly drafts: readonly LoopDraft[]; readonly facts: readonly TrainingLoopFact[] } {
  const classifier = tfjsClassifier(source, optimizers);
  const drafts = collectLoopDrafts(source, classifier);
  const written = drafts.map(({ range, header, events }) => {
    const facts = events.map(({ start, end, kind, subject, optimizers: of, statement, conditional, inlined }) => ({
      start,
      end,
      kind,
      subject,
      optimizers: of,
      statement,
      conditional,
      inlined,
    }));
    return loopFact(range, header, facts);
  });
  return { drafts, facts: [...written, ...fitLoops(source, optimizers)].toSorted((a, b) => a.start - b.start) };
}

/** Gradients are computed afresh by each call, so that a backward pass is preceded by zeroed gradients. */
function tfjsClassifier(source: SourceIndex, optimizers: readonly TfjsOptimizerSite[]): Classifier {
  function call(expression: Call, scope: Scope): Classified | readonly Classified[] | null {
    const { callee } = expression;
    const name = terminalName(callee);
    const receiver = callee.kind === "attribute" ? callee.object : null;
    const first = expression.arguments[0]?.value;
    if (name === null) return null;
    if (name === "minimize" && receiver !== null) {
      const subject = subjectText(receiver);
      const of = linked(receiver, scope, optimizers);
      return [...backwardOf(first, subject), { kind: "optimizer-step", subject, optimizers: of }];
    }
    if (name === "variableGrads" || name === "computeGradients") return backwardOf(first, null);
    if (name === "applyGradients" && receiver !== null) {
      const step = {
        kind: "optimizer-step",
        subject: subjectText(receiver),
        optimizers: linked(receiver, scope, optimizers),
      } as const;
      return first?.kind === "call" && !isRebuilt(first) ? [unknownCall(first), step] : step;
    }
    if (name === "trainOnBatch" && receiver !== null) {
      const subject = subjectText(receiver);
      const of = compiledOn(receiver, source, optimizers);
      return [...backwardOf(undefined, subject), { kind: "optimizer-step", subject, optimizers: of }];
    }
    const isClip =
      /clip/i.test(name) && (/grad|norm/i.test(name) || (first !== undefined && isGradientNamed(first, receiver)));
    return isClip ? { kind: "clip", subject: first === undefined ? null : subjectText(first), optimizers: [] } : null;
  }

  function assignment({ targets, value }: Assignment): Classified | null {
    const target = targets[0];
    if (target?.kind !== "name" || value === null || value.kind === "lambda" || !/clip/i.test(target.name)) return null;
    return /grad|scale|coef|factor|norm|clipped/i.test(target.name)
      ? { kind: "clip", subject: target.name, optimizers: [] }
      : null;
  }

  return { call, assignment, runsCallbacks: /^(tidy|forEach|forEachAsync|map|then|profile|time)$/ };
}

function backwardOf(loss: Expression | undefined, subject: string | null): readonly Classified[] {
  const given = loss === undefined ? {} : { loss };
  return [
    { kind: "zero-grad", subject, optimizers: [] },
    { kind: "backward", subject, optimizers: [], ...given },
  ];
}

/** A function that makes the applied gradients of the computed ones can clip them. */
function unknownCall(call: Call): Classified {
  return { kind: "unknown-call-with-model", subject: subjectText(call.callee), optimizers: [] };
}

function isRebuilt(call: Call): boolean {
  return subjectText(call.callee) === "Object.fromEntries";
}

function isGradientNamed(first: Expression, receiver: Expression | null): boolean {
  const names = [rootName(first), receiver === null ? null : rootName(receiver)];
  return names.some((name) => name !== null && /grad|^g$|^dw$/i.test(name));
}

function linked(receiver: Expression, scope: Scope, optimizers: readonly TfjsOptimizerSite[]): readonly number[] {
  const calls = linkedCalls(receiver, scope, (each) => optimizers.some(({ site }) => site.call === each));
  const indices = optimizers.flatMap(({ site }, index) => (calls.has(site.call) ? [index] : []));
  if (indices.length > 0) return indices;
  const name = subjectText(receiver)?.split(".").at(-1);
  return optimizers.flatMap(({ fact }, index) => (fact.boundTo?.split(".").at(-1) === name ? [index] : []));
}

/** Optimizers of the `compile` calls on the same object; of any object when the file compiles just one. */
function compiledOn(
  model: Expression,
  source: SourceIndex,
  optimizers: readonly TfjsOptimizerSite[],
): readonly number[] {
  const sites = source.callsByTerminalName.get("compile") ?? [];
  const name = subjectText(model);
  const same = sites.filter(({ call }) => call.callee.kind === "attribute" && subjectText(call.callee.object) === name);
  const chosen = same.length > 0 ? same : sites.length === 1 ? sites : [];
  const indices = chosen.flatMap(({ call, scope }) => {
    const entry = compiledOptimizer(call.arguments[0]?.value, scope);
    if (entry === null) return [];
    if (entry.kind !== "string") return linked(entry, scope, optimizers);
    return optimizers.flatMap(({ fact }, index) => (fact.start === entry.start ? [index] : []));
  });
  return [...new Set(indices)].toSorted((a, b) => a - b);
}

function fitLoops(source: SourceIndex, optimizers: readonly TfjsOptimizerSite[]): readonly TrainingLoopFact[] {
  const facts: TrainingLoopFact[] = [];
  for (const name of ["fit", "fitDataset"]) {
    for (const { call, scope, statement } of source.callsByTerminalName.get(name) ?? []) {
      if (call.callee.kind !== "attribute") continue;
      const of = compiledOn(call.callee.object, source, optimizers);
      if (of.length === 0 || qualifiedName(call.callee, scope)?.startsWith("tf.") === true) continue;
      const subject = subjectText(call.callee.object);
      const range = { start: call.start, end: call.end };
      const place = {
        ...range,
        statement: { start: statement.start, end: statement.end },
        conditional: false,
        inlined: false,
      };
      const kinds = ["zero-grad", "backward", "optimizer-step"] as const;
      const events = kinds.map((kind) => ({
        ...place,
        kind,
        subject,
        optimizers: kind === "optimizer-step" ? of : [],
      }));
      facts.push(loopFact(range, { start: call.callee.start, end: call.callee.end }, events));
    }
  }
  return facts;
}

function loopFact(
  range: { readonly start: number; readonly end: number },
  header: { readonly start: number; readonly end: number },
  events: TrainingLoopFact["events"],
): TrainingLoopFact {
  const stepped = events.filter(({ kind }) => kind === "optimizer-step").flatMap(({ optimizers }) => optimizers);
  return {
    ...range,
    framework: "tensorflowjs",
    header: { start: header.start, end: header.end },
    events,
    optimizers: [...new Set(stepped)].toSorted((a, b) => a - b),
    gradScaler: null,
    gradScalerEnabled: { known: true, value: false, alternatives: [], chain: [], overridable: false },
    wrappedBy: null,
    accumulates: false,
  };
}
