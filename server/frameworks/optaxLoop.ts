import { calledFunction } from "../facts/calledFunctions.ts";
import { argumentFor } from "../facts/candidates.ts";
import { subjectText, terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { Assignment, Call, Expression } from "../syntax/tree.ts";
import { boundTo } from "./boundTo.ts";
import { linkedOptaxOptimizers, type OptaxOptimizerSite } from "./optaxOptimizers.ts";
import { type Classified, type Classifier, collectLoopDrafts, type LoopDraft } from "./trainingEvents.ts";

/** Training steps written with JAX: gradients of a function, an optax update or a flax train state. */
export function collectOptaxLoops(
  source: SourceIndex,
  optimizers: readonly OptaxOptimizerSite[],
): { readonly drafts: readonly LoopDraft[]; readonly facts: readonly TrainingLoopFact[] } {
  const drafts = collectLoopDrafts(source, optaxClassifier(source, optimizers));
  const facts = drafts.map(({ range, header, events }): TrainingLoopFact => {
    const stepped = events.filter(({ kind }) => kind === "optimizer-step").flatMap((event) => event.optimizers);
    return {
      ...range,
      framework: "optax",
      header: { start: header.start, end: header.end },
      events: events.map(({ start, end, kind, subject, optimizers: of, statement, conditional, inlined }) => ({
        start,
        end,
        kind,
        subject,
        optimizers: of,
        statement,
        conditional,
        inlined,
      })),
      optimizers: [...new Set(stepped)].toSorted((a, b) => a - b),
      gradScaler: null,
      gradScalerEnabled: { known: true, value: false, alternatives: [], chain: [], overridable: false },
      wrappedBy: null,
      accumulates: false,
    };
  });
  return { drafts, facts };
}

/** Gradients are values of their own, so that a backward pass is preceded by zeroed gradients. */
function optaxClassifier(source: SourceIndex, optimizers: readonly OptaxOptimizerSite[]): Classifier {
  const textOf = ({ start, end }: Expression): string => source.text.slice(start, end);

  function call(expression: Call, scope: Scope): Classified | readonly Classified[] | null {
    const { callee } = expression;
    const name = terminalName(callee);
    const receiver = callee.kind === "attribute" ? callee.object : null;
    const differentiated = gradientOf(callee, scope);
    if (differentiated !== null) return backwardOf(differentiated);
    if (name === null) return null;
    if (receiver !== null && (name === "update" || name === "apply_gradients")) {
      const of =
        name === "update"
          ? linkedOptaxOptimizers(receiver, scope, optimizers)
          : ofTrainStates(subjectText(receiver), source, optimizers);
      const updatesModel = name === "update" && of.length === 0 && expression.arguments.length === 2;
      const stepped = updatesModel ? ofNnxOptimizers(receiver, scope, source, optimizers) : of;
      if (name === "apply_gradients" || stepped.length > 0) {
        const subject = subjectText(receiver);
        const step = { kind: "optimizer-step", subject, optimizers: stepped } as const;
        const clips =
          stepped.some((index) => optimizers[index]?.mayClip === true) ||
          expression.arguments.some(({ value }) => /clip/i.test(textOf(value)));
        return clips ? [{ kind: "clip", subject, optimizers: stepped }, step] : step;
      }
    }
    const first = expression.arguments[0]?.value;
    if (
      /clip|global_norm/i.test(name) &&
      (/grad|norm/i.test(name) || expression.arguments.some(({ value }) => isGradientNamed(textOf(value))))
    ) {
      return { kind: "clip", subject: first === undefined ? null : subjectText(first), optimizers: [] };
    }
    return changesGradients(expression, name, scope)
      ? { kind: "unknown-call-with-model", subject: name, optimizers: [] }
      : null;
  }

  /** A function that is handed gradients and cannot be read here may clip them. */
  function changesGradients(expression: Call, name: string, scope: Scope): boolean {
    if (!expression.arguments.some(({ value }) => /^(\w*_)?grads?(ients)?$/i.test(textOf(value)))) return false;
    if (/^(print|len|zip|list|isinstance|append|is_fin|debug|log)$/.test(name)) return false;
    if (calledFunction(expression, scope) !== null) return false;
    const full = qualifiedName(expression.callee, scope);
    return full === null || !/^(jax|flax|numpy|optax|functools|chex)\b/.test(full);
  }

  function assignment({ targets, value }: Assignment): Classified | null {
    const target = targets[0];
    if (
      target?.kind !== "name" ||
      value === null ||
      !/clip/i.test(target.name) ||
      !/grad|norm|coef|scale/i.test(target.name)
    )
      return null;
    return { kind: "clip", subject: target.name, optimizers: [] };
  }

  return { call, assignment, runsCallbacks: /^(tree_map|tree_multimap|map)$/ };
}

function backwardOf(differentiated: Call): readonly Classified[] {
  const loss = differentiated.arguments[0]?.value;
  return [
    { kind: "zero-grad", subject: null, optimizers: [] },
    { kind: "backward", subject: null, optimizers: [], ...(loss === undefined ? {} : { loss }) },
  ];
}

/** Functions that make the gradient of a function. */
const differentiating =
  /^(jax|flax\.nnx|flax\.linen|haiku|equinox)\.(?:\w+\.)*(grad|value_and_grad|filter_grad|filter_value_and_grad)$/;

/** The call behind `jax.grad(loss)(params)`, and `grad_fn(params)` of a name that is set to `jax.value_and_grad(loss)`. */
function gradientOf(callee: Expression, scope: Scope): Call | null {
  const made = linkedCalls(callee, scope, (call, from) => {
    const name = qualifiedName(call.callee, from);
    return (name !== null && differentiating.test(name)) || /^value_and_grad$/.test(terminalName(call.callee) ?? "");
  });
  const [first] = made;
  return first ?? null;
}

function isGradientNamed(text: string): boolean {
  return /grad|^updates$|^[gx]$/i.test(text);
}

/** `TrainState.create(tx=…)` bound to the same name; every train state of the file where a step function has names of its own. */
function ofTrainStates(
  state: string | null,
  source: SourceIndex,
  optimizers: readonly OptaxOptimizerSite[],
): readonly number[] {
  const created = (source.callsByTerminalName.get("create") ?? []).flatMap((site) => {
    const given = argumentFor(site.call, "tx", null);
    return given === null || given === "unclear" ? [] : [{ site, tx: given.value }];
  });
  const same = created.filter(({ site }) => boundTo(site) === state);
  const indices = (same.length > 0 ? same : created).flatMap(({ site, tx }) =>
    linkedOptaxOptimizers(tx, site.scope, optimizers),
  );
  return [...new Set(indices)].toSorted((a, b) => a - b);
}

/** `nnx.Optimizer(model, tx)`, whose `update(model, grads)` steps. */
function ofNnxOptimizers(
  receiver: Expression,
  scope: Scope,
  source: SourceIndex,
  optimizers: readonly OptaxOptimizerSite[],
): readonly number[] {
  if (!/^(self\.)?\w*(optim|opt|state)\w*(\.\w*opt\w*)?$/i.test(subjectText(receiver) ?? "")) return [];
  const made = (source.callsByTerminalName.get("Optimizer") ?? []).filter(({ call, scope: from }) =>
    /^flax\.nnx\b/.test(qualifiedName(call.callee, from) ?? ""),
  );
  const linked = linkedCalls(receiver, scope, (call) => made.some((each) => each.call === call));
  const chosen = linked.size > 0 ? made.filter(({ call }) => linked.has(call)) : made.length === 1 ? made : [];
  const indices = chosen.flatMap(({ call, scope: from }) => {
    const tx = argumentFor(call, "tx", 1);
    return tx === null || tx === "unclear" ? [] : linkedOptaxOptimizers(tx.value, from, optimizers);
  });
  return [...new Set(indices)].toSorted((a, b) => a - b);
}
