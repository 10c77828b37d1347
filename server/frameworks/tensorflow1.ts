import { argumentFor } from "../facts/candidates.ts";
import { subjectText } from "../facts/dottedText.ts";
import { someExpression } from "../facts/expressionChildren.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { OptimizerFact, TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import type { Framework } from "./framework.ts";
import { collectL2Penalties } from "./kerasL2Penalties.ts";
import { collectTensorflowLossCalls } from "./kerasLossCalls.ts";
import { collectKerasPrecision } from "./kerasPrecision.ts";
import { collectKerasTraits } from "./kerasTraits.ts";
import { leaveOutActivation } from "./lossInputFixes.ts";
import { collectLossTerms } from "./lossTerms.ts";
import { setOptimizerArgument } from "./pytorchOptimizerFixes.ts";
import { argumentsOfSignature } from "./signatureArguments.ts";
import { tensorflow1Optimizers } from "./tensorflow1Defaults.ts";
import { collectSaversOfWeights } from "./tensorflow1Savers.ts";
import { tensorflowName } from "./tensorflowNames.ts";

interface OptimizerSite {
  readonly fact: OptimizerFact;
  readonly site: CallSite;
}

/** Training graphs of TensorFlow 1: `tf.train.…Optimizer` with `minimize`, or with gradients computed and applied by hand. */
export const tensorflow1: Framework = {
  name: "tensorflow1",
  title: "TensorFlow 1",
  language: "python",
  mentions: ["tensorflow"],
  needs: {
    words: ["Optimizer", "cross_entropy_with_logits"],
    test: (text) => /Optimizer\s*\(|cross_entropy_with_logits/.test(text),
  },
  collect(source) {
    const optimizers = collectOptimizers(source);
    // A model's own file has its loss, and another one trains it; what speaks of Keras is read there.
    if (optimizers.length === 0) {
      const isModel = /_cross_entropy_with_logits/.test(source.text) && !/\bkeras\b|GradientTape/.test(source.text);
      return isModel ? { lossCalls: collectTensorflowLossCalls(source, "tensorflow1") } : null;
    }
    const facts = optimizers.map(({ fact }) => fact);
    return {
      optimizers: facts,
      unsavedState: collectSaversOfWeights(source, facts),
      lossTerms: collectLossTerms(source, [], "tensorflow1", minimizedLosses(source, optimizers)),
      lossCalls: collectTensorflowLossCalls(source, "tensorflow1"),
      l2Penalties: collectL2Penalties(source, "tensorflow1", facts),
      loops: collectSteps(source, optimizers),
      precision: collectKerasPrecision(source, "tensorflow1"),
      traits: collectKerasTraits(source),
    };
  },
  fixes: { setOptimizerArgument, correctLossInput: leaveOutActivation },
};

function collectOptimizers(source: SourceIndex): readonly OptimizerSite[] {
  const found: OptimizerSite[] = [];
  for (const [constructorName, signature] of Object.entries(tensorflow1Optimizers)) {
    for (const site of source.callsByTerminalName.get(constructorName) ?? []) {
      const { call, scope } = site;
      const name = tensorflowName(call.callee, scope);
      if (name === null || !/^tf\.(train|contrib\.opt|python\.training\.\w+)\.\w+$/.test(name)) continue;
      const nameRange = call.callee.kind === "attribute" ? call.callee.nameRange : call.callee;
      const fact: OptimizerFact = {
        start: call.start,
        end: call.end,
        framework: "tensorflow1",
        constructorName,
        algorithm: signature.algorithm,
        adaptive: signature.adaptive,
        adamFamily: signature.adamFamily,
        nameRange: { start: nameRange.start, end: nameRange.end },
        boundTo: boundTo(site),
        parametersText: null,
        hasParameterGroups: false,
        arguments: argumentsOfSignature(site, signature.parameters),
        libraryVersion: null,
      };
      found.push({ fact, site });
    }
  }
  return found.toSorted((a, b) => a.fact.start - b.fact.start);
}

/** What `minimize` and `compute_gradients` of the file's optimizers are given. */
function minimizedLosses(source: SourceIndex, optimizers: readonly OptimizerSite[]) {
  return ["minimize", "compute_gradients"].flatMap((name) =>
    (source.callsByTerminalName.get(name) ?? []).flatMap(({ call, scope }) => {
      const given = argumentFor(call, "loss", 0);
      if (call.callee.kind !== "attribute" || given === null || given === "unclear") return [];
      const made = linkedCalls(call.callee.object, scope, (each) => optimizers.some(({ site }) => site.call === each));
      return made.size === 0 ? [] : [{ loss: given.value, scope }];
    }),
  );
}

/** The graph's training operation stands for the loop that runs it: one fact a `minimize` or `apply_gradients`. */
function collectSteps(source: SourceIndex, optimizers: readonly OptimizerSite[]): readonly TrainingLoopFact[] {
  const facts: TrainingLoopFact[] = [];
  for (const name of ["minimize", "apply_gradients"]) {
    for (const { call, scope, statement, depth } of source.callsByTerminalName.get(name) ?? []) {
      if (call.callee.kind !== "attribute") continue;
      const receiver = call.callee.object;
      const calls = linkedCalls(receiver, scope, (each) => optimizers.some(({ site }) => site.call === each));
      const of = optimizers.flatMap(({ site }, index) => (calls.has(site.call) ? [index] : []));
      if (of.length === 0) continue;
      const place = {
        start: call.start,
        end: call.end,
        statement: { start: statement.start, end: statement.end },
        subject: subjectText(receiver),
        conditional: depth > 0,
        inlined: false,
      };
      const events: TrainingEvent[] = [
        { ...place, kind: "zero-grad", optimizers: [] },
        { ...place, kind: "backward", optimizers: [] },
        ...(name === "apply_gradients" ? between(source, place, call.arguments[0]?.value) : []),
        { ...place, kind: "optimizer-step", optimizers: of },
      ];
      facts.push({
        start: call.start,
        end: call.end,
        framework: "tensorflow1",
        header: { start: call.callee.start, end: call.callee.end },
        events,
        optimizers: of,
        gradScaler: null,
        gradScalerEnabled: { known: true, value: false, alternatives: [], chain: [], overridable: false },
        wrappedBy: null,
        accumulates: false,
      });
    }
  }
  return facts.toSorted((a, b) => a.start - b.start);
}

/**
 * What happens to gradients before they are applied. A graph's parts can stand anywhere, so that any clip in the file counts;
 * gradients that an object keeps, or that the file does not compute, may be clipped by other code.
 */
function between(
  source: SourceIndex,
  place: Omit<TrainingEvent, "kind" | "optimizers">,
  gradients: Expression | undefined,
): readonly TrainingEvent[] {
  if (/clip/i.test(source.text)) return [{ ...place, kind: "clip", optimizers: [] }];
  const isKept =
    gradients === undefined ||
    someExpression(
      gradients,
      (part) => part.kind === "attribute" && part.object.kind === "name" && part.object.name === "self",
    );
  const isComputed = source.callsByTerminalName.has("compute_gradients") || source.callsByTerminalName.has("gradients");
  return isComputed && !isKept ? [] : [{ ...place, kind: "unknown-call-with-model", optimizers: [] }];
}
