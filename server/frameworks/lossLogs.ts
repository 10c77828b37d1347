import { callSitesOf } from "../facts/calledFunctions.ts";
import { subjectText } from "../facts/dottedText.ts";
import { branchOf, type EventBranch } from "../facts/eventBranches.ts";
import type { LossLogFact } from "../facts/lossLogFacts.ts";
import { functionAround, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { FrameworkName } from "../facts/trainingFacts.ts";
import type { Loop, Statement } from "../syntax/tree.ts";
import { walkExpressions } from "../syntax/walk.ts";
import { lossLogCall } from "./lossLogCalls.ts";
import { trainingLevels } from "./pytorchTrainingLevels.ts";
import type { LoopDraft } from "./trainingEvents.ts";
import { leaves } from "./trainingEvents.ts";

interface Place {
  readonly place: LossLogFact["place"];
  readonly scope: Scope;
  readonly branches: readonly EventBranch[];
}

/** A test that only an unhealthy run passes: what is said under it is no regular log. */
const alarm = /isnan|isinf|isfinite|\bbest|early_?stop|patience/i;

/** The calls that log the loss of a file's training loops, in the order of their places. */
export function collectLossLogs(
  source: SourceIndex,
  drafts: readonly LoopDraft[],
  framework: FrameworkName,
): readonly LossLogFact[] {
  const levels = trainingLevels(source, drafts);
  return drafts.flatMap((draft) => logsOf(draft));

  function logsOf(draft: LoopDraft): readonly LossLogFact[] {
    const found = new Map<number, LossLogFact>();
    // A part that stands in another file may log there.
    if (draft.events.some(({ through }) => through.some((callable) => callable.scope.source !== source))) return [];
    const losses = new Set(
      draft.events.flatMap(({ classified }) =>
        classified.loss === undefined ? [] : (subjectText(classified.loss) ?? []),
      ),
    );
    const training = new Set<Statement>(draft.loop === null ? [] : [draft.loop]);

    function look(statement: Statement, place: Place): void {
      if (statement.kind !== "expression" && statement.kind !== "assignment") return;
      walkExpressions(statement, (expression) => {
        if (expression.kind === "lambda") return "skip";
        if (expression.kind !== "call" || found.has(expression.start)) return undefined;
        const log = lossLogCall(expression, place.scope, losses);
        if (log === null) return undefined;
        const { start, end } = expression;
        const { start: from, end: to } = statement;
        const { branches } = place;
        const where = {
          loopStart: draft.range.start,
          place: place.place,
          branches,
          statement: { start: from, end: to },
        };
        found.set(start, { start, end, framework, ...log, ...where });
        return "skip";
      });
    }

    /** A block without the functions, classes and loops in it, except those loops that the training itself runs through. */
    function block(statements: readonly Statement[], outer: Place, isWithin: (loop: Loop) => boolean): void {
      let place = outer;
      for (const statement of statements) {
        look(statement, place);
        switch (statement.kind) {
          case "if": {
            const text = source.text.slice(statement.test.start, statement.test.end);
            if (!alarm.test(text)) {
              block(statement.body, onSide(place, text, true), isWithin);
              block(statement.orElse, onSide(place, text, false), isWithin);
            }
            if (leaves(statement.body)) place = onSide(place, text, false);
            break;
          }
          case "loop":
            if (!training.has(statement) && isWithin(statement)) block(statement.body, place, isWithin);
            break;
          case "with":
          case "other":
            block(statement.body, place, isWithin);
            break;
          case "try":
            block(statement.body, place, isWithin);
            block(statement.orElse, place, isWithin);
            block(statement.finallyBody, place, isWithin);
            break;
        }
      }
    }

    const { loop, scope } = draft;
    const holdsEvents = (each: Loop) =>
      draft.events.some(({ start, inlined }) => !inlined && each.start < start && start < each.end);
    const body = loop?.body ?? functionAround(scope)?.definition.body ?? [];
    block(body, { place: "iteration", scope, branches: [] }, holdsEvents);
    for (const callable of new Set(draft.events.flatMap(({ through }) => through))) {
      block(callable.definition.body, { place: "iteration", scope: callable.scope, branches: [] }, () => true);
    }
    const callable = loop === null ? functionAround(scope) : null;
    for (const site of callable === null ? [] : callSitesOf(callable)) {
      if (site.loop === null || site.scope.source !== source) continue;
      block(site.loop.body, { place: "caller", scope: site.scope, branches: [] }, () => false);
    }
    if (loop !== null) {
      const around = (each: Loop) => each.start < loop.start && loop.end <= each.end;
      const own = functionAround(scope)?.definition.body ?? (scope.kind === "module" ? source.module.body : []);
      block(own, { place: "behind", scope, branches: [] }, around);
    }
    const epochs = levels.epochLoopOf(draft);
    if (epochs !== null && epochs.scope !== scope && epochs.scope.source === source) {
      block(epochs.loop.body, { place: "caller", scope: epochs.scope, branches: [] }, () => false);
    }
    return [...found.values()].toSorted((a, b) => a.start - b.start);
  }
}

function onSide(place: Place, test: string, taken: boolean): Place {
  return { ...place, branches: [...place.branches, branchOf(test, taken)] };
}
