import { subjectText } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import type { Resolved } from "../facts/resolved.ts";
import type { Scope, SourceIndex } from "../facts/scope.ts";
import type { TrainingEvent, TrainingLoopFact } from "../facts/trainingFacts.ts";
import type { Expression } from "../syntax/tree.ts";
import { isGradScaler, torchClassifier } from "./pytorchEvents.ts";
import { gradScalerEnabled, siteOf } from "./pytorchFlags.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";
import { collectLoopDrafts, type EventDraft, type LoopDraft } from "./trainingEvents.ts";

/** Training loops of torch code as facts, each beside the draft that it was made from. */
export function collectTorchLoops(
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
): readonly { readonly fact: TrainingLoopFact; readonly draft: LoopDraft }[] {
  const hooked = clipsInHook(source);
  return collectLoopDrafts(source, torchClassifier(optimizers)).map((draft) => {
    const scaler = scalerOf(draft.events);
    const wrapper = draft.events.find((event) => event.classified.wrapper !== undefined)?.classified.wrapper ?? null;
    const stepped = draft.events.filter((event) => event.kind === "optimizer-step" || event.kind === "scaler-step");
    const fact: TrainingLoopFact = {
      ...draft.range,
      framework: "pytorch",
      header: { start: draft.header.start, end: draft.header.end },
      events: draft.events.map(eventFact),
      optimizers: [...new Set(stepped.flatMap((event) => event.optimizers))].toSorted((a, b) => a - b),
      gradScaler: scaler === null ? null : subjectText(scaler.expression),
      gradScalerEnabled: scaler === null ? absent : enabledOf(scaler, source),
      wrappedBy: wrapper ?? (hooked ? "a gradient hook" : null),
      accumulates: accumulates(draft.events, stepped),
    };
    return { fact, draft };
  });
}

const absent: Resolved<boolean> = { known: true, value: false, alternatives: [], chain: [], overridable: false };

function eventFact(event: EventDraft): TrainingEvent {
  const { start, end, kind, statement, subject, optimizers, conditional, inlined } = event;
  return { start, end, kind, statement, subject, optimizers, conditional, inlined };
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

/** The step runs on every n-th micro-batch, or backward runs in a loop of its own inside the step's. */
function accumulates(events: readonly EventDraft[], stepped: readonly EventDraft[]): boolean {
  if (stepped.some((event) => event.everyNth)) return true;
  const shallowest = Math.min(...stepped.map((event) => event.depth));
  return events.some((event) => /backward$/.test(event.kind) && event.depth > shallowest);
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
