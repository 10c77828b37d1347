import { subjectText } from "../facts/dottedText.ts";
import { isBackward, isStep } from "../facts/eventKinds.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import type { Resolved } from "../facts/resolved.ts";
import { functionAround, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { Expression } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { isCalledScaler, isGradScaler, torchClassifier } from "./pytorchEvents.ts";
import { gradScalerEnabled, siteOf } from "./pytorchFlags.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";
import { collectLoopDrafts, type EventDraft, type LoopDraft } from "./trainingEvents.ts";

/** Training loops of torch code as facts, each beside the draft that it was made from. */
export function collectTorchLoops(
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
): readonly { readonly fact: TrainingLoopFact; readonly draft: LoopDraft }[] {
  // Whatever steps, a loop trains where its file's own calls run backward; most files of a library have none.
  const { callsByTerminalName: calls } = source;
  if (!calls.has("backward") && !calls.has("manual_backward") && ![...calls.keys()].some(isCalledScaler)) return [];
  const hooked = clipsInHook(source);
  return collectLoopDrafts(source, torchClassifier(optimizers)).map((draft) => {
    const scaler = scalerOf(draft.events);
    const wrapper = draft.events.find((event) => event.classified.wrapper !== undefined)?.classified.wrapper ?? null;
    const apart = (hooked ? "a gradient hook" : null) ?? leftToCallers(draft) ?? unreadLine(draft, source);
    const stepped = draft.events.filter(isStep);
    const fact: TrainingLoopFact = {
      ...draft.range,
      framework: "pytorch",
      header: { start: draft.header.start, end: draft.header.end },
      events: draft.events.map(eventFact),
      optimizers: [...new Set(stepped.flatMap((event) => event.optimizers))].toSorted((a, b) => a - b),
      gradScaler: scaler === null ? null : subjectText(scaler.expression),
      gradScalerEnabled: scaler === null ? absent : enabledOf(scaler, source),
      wrappedBy: wrapper ?? apart,
      ...(apart === null && leavesClipping(wrapper, source.text) ? { clipsOnlyWhenAsked: true } : {}),
      accumulates: accumulates(draft.events),
    };
    return { fact, draft };
  });
}

/**
 * Accelerate clips nothing by itself unless an engine steps, which clips by its own configuration; nor does Apex, except for
 * optimizers that are told to (`FusedLAMB(max_grad_norm=1.0)`, apex optimizers/fused_lamb.py). Nor does Lightning under manual
 * optimization (lightning 2.6 plugins/precision/precision.py, `_clip_gradients`), where a hook may.
 */
function leavesClipping(wrapper: string | null, text: string): boolean {
  if (/deepspeed/i.test(text)) return false;
  if (wrapper === "Accelerate") return !/megatron|DummyOptim|accelerate_config/i.test(text);
  if (wrapper === "Apex") return !/FP16_Optimizer|max_grad_norm=/.test(text);
  return wrapper === "Lightning" && !/clip_grad|gradient_clip|Grad(ient)?s?_?Clip/i.test(text);
}

const absent: Resolved<boolean> = { known: true, value: false, alternatives: [], chain: [], overridable: false };

/** A step function that nothing in the file calls and that zeroes nothing leaves that to callers which are not seen. */
function leftToCallers({ loop, scope, events }: LoopDraft): string | null {
  if (loop !== null || events.some(({ kind }) => kind === "zero-grad")) return null;
  const callable = functionAround(scope);
  const called = callable !== null && (scope.source.callsByTerminalName.get(callable.definition.name)?.length ?? 0) > 0;
  return called ? null : "its callers";
}

/** A line that does not parse may hold the very call whose absence a rule would report. */
function unreadLine({ range, events }: LoopDraft, { module: { holes } }: SourceIndex): string | null {
  if (holes.length === 0) return null;
  const bodies = [range, ...events.flatMap(({ through }) => through.map(({ definition }) => definition))];
  const isIn = (hole: TextRange) => bodies.some((body) => body.start <= hole.start && hole.start < body.end);
  return holes.some(isIn) ? "a line that does not parse" : null;
}

function eventFact(event: EventDraft): TrainingEvent {
  const { start, end, kind, statement, subject, optimizers, conditional, inlined, branches, everyNth, depth } = event;
  return { start, end, kind, statement, subject, optimizers, conditional, inlined, branches, everyNth, depth };
}

function scalerOf(events: readonly EventDraft[]): { readonly expression: Expression; readonly scope: Scope } | null {
  for (const { classified, scope } of events) {
    if (classified.scaler !== undefined) return { expression: classified.scaler, scope };
  }
  return null;
}

function enabledOf(
  scaler: { readonly expression: Expression; readonly scope: Scope },
  source: SourceIndex,
): Resolved<boolean> {
  const [only, ...more] = linkedCalls(scaler.expression, scaler.scope, isGradScaler);
  const site = only === undefined || more.length > 0 ? null : siteOf(only, source);
  if (site === null) return { known: false, reason: "the GradScaler is made elsewhere", chain: [] };
  return gradScalerEnabled(site);
}

/** A step is rarer than the backward passes before it: under a test on the batch's number, or outside their inner loop. */
function accumulates(events: readonly EventDraft[]): boolean {
  let backward: EventDraft | null = null;
  for (const event of events) {
    if (isBackward(event)) backward = event;
    else if (isStep(event) && backward !== null) {
      if (event.everyNth && !backward.everyNth) return true;
      if (backward.depth > event.depth) return true;
    }
  }
  return false;
}

/** `p.register_hook(lambda g: g.clamp(-1, 1))` clips where no loop shows it. */
function clipsInHook(source: SourceIndex): boolean {
  for (const name of ["register_hook", "register_full_backward_hook", "register_post_accumulate_grad_hook"]) {
    for (const { call } of source.callsByTerminalName.get(name) ?? []) {
      if (/clip|clamp|norm/.test(source.text.slice(call.start, call.end))) return true;
    }
  }
  return false;
}
