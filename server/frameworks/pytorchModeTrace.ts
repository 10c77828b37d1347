import { calledFunction } from "../facts/calledFunctions.ts";
import { argumentFor } from "../facts/candidates.ts";
import { terminalName } from "../facts/dottedText.ts";
import { forEachChild } from "../facts/expressionChildren.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { bindingsOf, type FunctionInfo, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { Call, Expression, Loop, Statement } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { allWithMode, joined, type Modes, mode, modeOf, withMode } from "./pytorchModeState.ts";
import type { LoopDraft } from "./trainingEvents.ts";
import { gradientsAfter, gradientsIn, isValidationFunction, isValidationLoop } from "./validationPasses.ts";

/** A pass over validation data with what every call of a model in it met. */
export interface ValidationPass {
  /** What is marked: a loop's header, or the call of the model. */
  readonly marked: TextRange;
  readonly statement: Statement;
  readonly scope: Scope;
  readonly calls: readonly ValidationCall[];
}

export interface ValidationCall {
  readonly call: Call;
  readonly scope: Scope;
  readonly model: string;
  readonly modes: Modes;
  readonly gradients: "on" | "off" | "unknown";
  /** The training loop that it interrupts. */
  readonly within: LoopDraft | null;
}

/** A run of a training loop with what its models are called there. */
export interface Training {
  readonly draft: LoopDraft;
  readonly models: Map<string, { readonly text: string; readonly scope: Scope }>;
}

/** A model that trains on in evaluation mode. */
export interface LeftInEvaluation {
  readonly model: string;
  readonly evaluation: Call;
  /** The training loop was interrupted by it. */
  readonly isWithin: boolean;
  readonly training: Training;
}

/** What one entry of a file, its module or a function that nothing in it calls, does in order. */
export interface ModeTrace {
  readonly root: Scope;
  readonly validations: readonly ValidationPass[];
  readonly left: readonly LeftInEvaluation[];
  readonly trainings: readonly Training[];
  readonly trainCalls: readonly TextRange[];
}

interface Evaluation {
  readonly call: Call;
  readonly within: LoopDraft | null;
  readonly order: number;
  /** A validation has run in the mode that it sets. */
  isUsed: boolean;
}

interface Place {
  readonly scope: Scope;
  readonly names: ReadonlyMap<string, string>;
  readonly validation: { readonly marked: TextRange | null; readonly statement: Statement } | null;
  readonly training: Training | null;
  readonly conditional: boolean;
  readonly gradients: "on" | "off" | "unknown";
  readonly through: readonly FunctionInfo[];
  readonly leaving: { next: Modes | null; out: Modes | null };
  readonly returning: { modes: Modes | null };
  readonly statement: Statement | null;
}

/** Statements looked at for one entry: bounds the work on tangled code. */
const maximumSteps = 6000;
const maximumInlining = 6;

/** Functions that are handed a model and leave its mode as it is. */
const harmless =
  /^(print|len|id|type|isinstance|hasattr|getattr|setattr|list|sum|next|iter|str|repr|compile|save\w*|load\w*|count\w*|num_\w*|get_(param|model|optim|lr)\w*|init\w*|weights?_init|watch|add_graph|summary|log\w*|clip\w*|\w*optim\w*|deepcopy|convert_sync_batchnorm|unwrap\w*|prepare|initialize|accumulate|no_sync|join|to|cuda|set_\w*grad\w*|update\w*|parameters|build\w*|create\w*|make\w*|info|debug|append|backward|step|param\w*|[A-Z]\w*)$/;

/** Follows the modes of models through a file's training code, with functions of the file inlined. */
export function traceModes(
  source: SourceIndex,
  drafts: readonly LoopDraft[],
  root: { readonly body: readonly Statement[]; readonly scope: Scope },
  modelNames: ReadonlySet<string>,
): ModeTrace {
  const draftOf = new Map(drafts.flatMap((draft) => (draft.loop === null ? [] : [[draft.loop, draft] as const])));
  const validations = new Map<number, { pass: ValidationPass; calls: ValidationCall[] }>();
  const left = new Map<Call, LeftInEvaluation>();
  const trainings: Training[] = [];
  /** Models that something has put back into training, in order; `"*"` for all. */
  const restored: string[] = [];
  const trainCalls: TextRange[] = [];
  const lastEvaluation = new Map<string, Evaluation>();
  let evaluations = 0;
  /** Training goes through these on purpose: frozen parts, teachers. */
  const deliberate = new Set<Call>();
  let steps = 0;

  function identity(expression: Expression, { names }: Place): string | null {
    if (expression.kind === "name") return names.get(expression.name) ?? expression.name;
    if (expression.kind === "subscript") {
      const object = identity(expression.object, { names } as Place);
      return object === null ? null : `${object}[]`;
    }
    if (expression.kind !== "attribute") return null;
    const object = identity(expression.object, { names } as Place);
    if (object === null || /^(module|_orig_mod)$/.test(expression.name)) return object;
    return `${object}.${expression.name}`;
  }

  function run(body: readonly Statement[], from: Modes | null, place: Place): Modes | null {
    let modes = from;
    let { gradients } = place;
    for (const statement of body) {
      if (modes === null || steps++ > maximumSteps) return modes;
      modes = runStatement(statement, modes, { ...place, gradients, statement });
      gradients = gradientsAfter(statement) ?? gradients;
    }
    return modes;
  }

  function runStatement(statement: Statement, modes: Modes, place: Place): Modes | null {
    switch (statement.kind) {
      case "expression":
        return isExit(statement.expression) ? null : evaluate(statement.expression, modes, place);
      case "assignment":
        return assign(statement, modes, place);
      case "return": {
        const after = statement.value === null ? modes : evaluate(statement.value, modes, place);
        place.returning.modes = joined(place.returning.modes, after);
        return null;
      }
      case "if": {
        const tested = evaluate(statement.test, modes, place);
        const inside = { ...place, conditional: true };
        return joined(run(statement.body, tested, inside), run(statement.orElse, tested, inside));
      }
      case "loop":
        return runLoop(statement, modes, place);
      case "with": {
        let after = modes;
        for (const { value } of statement.items) after = evaluate(value, after, place);
        return run(statement.body, after, { ...place, gradients: gradientsIn(statement, place) });
      }
      case "try": {
        const after = run(statement.body, modes, place);
        const handled = statement.handlers.reduce<Modes | null>(
          (all, handler) => joined(all, run(handler, joined(modes, after), { ...place, conditional: true })),
          null,
        );
        return run(statement.finallyBody, joined(run(statement.orElse, after, place), handled), place);
      }
      case "other": {
        let after = modes;
        for (const each of statement.expressions) after = evaluate(each, after, place);
        if (statement.keyword === "continue") place.leaving.next = joined(place.leaving.next, after);
        else if (statement.keyword === "break") place.leaving.out = joined(place.leaving.out, after);
        else if (statement.keyword !== "raise") return run(statement.body, after, place);
        return null;
      }
      default:
        return modes;
    }
  }

  function assign(statement: Extract<Statement, { kind: "assignment" }>, modes: Modes, place: Place): Modes {
    if (statement.value === null) return modes;
    const after = evaluate(statement.value, modes, place);
    const target = statement.targets[0];
    const model = target === undefined ? null : identity(target, place);
    // Another model under the same name begins in the mode that it is made in.
    if (model === null || statement.value.kind !== "call" || !after.has(model)) return after;
    let readsItself = false;
    const look = (part: Expression): void => {
      if (identity(part, place) === model) readsItself = true;
      forEachChild(part, look);
    };
    look(statement.value);
    if (readsItself) return after;
    restored.push(model);
    return withMode(after, model, mode.unset);
  }

  function runLoop(loop: Loop, before: Modes, place: Place): Modes | null {
    const head = loop.iterable === null ? before : evaluate(loop.iterable, before, place);
    const draft = draftOf.get(loop) ?? null;
    const training = draft === null ? place.training : { draft, models: new Map() };
    if (draft !== null && training !== null) trainings.push(training);
    const isValidation =
      draft === null &&
      place.validation?.marked == null &&
      isValidationLoop(loop, place.scope, place.conditional, place.training !== null);
    const leaving: Place["leaving"] = { next: null, out: null };
    const inside: Place = {
      ...place,
      conditional: draft === null && place.conditional,
      training,
      validation: draft !== null ? null : isValidation ? { marked: loop.header, statement: loop } : place.validation,
      leaving,
    };
    const firstTraining = draft === null ? trainings.length : trainings.length - 1;
    const firstRestored = restored.length;
    const firstEvaluation = evaluations;
    const once = joined(run(loop.body, head, inside), leaving.next);
    if (once !== null) notice(once, trainings.slice(firstTraining), restored.slice(firstRestored), firstEvaluation);
    leaving.next = null;
    // A second turn meets what the first one leaves behind.
    const twice = once === null ? null : joined(run(loop.body, once, inside), leaving.next);
    const after = joined(joined(once, twice), leaving.out);
    return loop.orElse.length === 0 ? (after ?? head) : run(loop.orElse, after ?? head, place);
  }

  /** A turn of a loop ends in evaluation mode, and nothing in the loop puts the model back. */
  function notice(modes: Modes, within: readonly Training[], back: readonly string[], since: number): void {
    for (const training of within) {
      const { models } = training;
      for (const model of models.keys()) {
        if ((modeOf(modes, model) & mode.validated) === 0) continue;
        const isBack = back.some((each) => each === "*" || each === model || model.startsWith(`${each}.`));
        if (!isBack) leave(model, training, since);
      }
    }
  }

  function leave(model: string, training: Training, since: number): void {
    for (let name = model; ; name = name.slice(0, name.lastIndexOf("."))) {
      const evaluation = lastEvaluation.get(name);
      if (evaluation !== undefined) {
        const { call, within, order } = evaluation;
        // A model that was put there before the loop is meant to stay there.
        if (order >= since && !left.has(call))
          left.set(call, { model, evaluation: call, isWithin: within === training.draft, training });
        return;
      }
      if (!name.includes(".")) return;
    }
  }

  function evaluate(expression: Expression, modes: Modes, place: Place): Modes {
    if (expression.kind === "lambda" || expression.kind === "name" || expression.kind === "number") return modes;
    let after = modes;
    forEachChild(expression, (child) => {
      after = evaluate(child, after, place);
    });
    return expression.kind === "call" ? runCall(expression, after, place) : after;
  }

  function runCall(call: Call, modes: Modes, place: Place): Modes {
    const { callee } = call;
    const name = terminalName(callee);
    const own = callee.kind === "attribute" ? methodOf(callee.object, callee.name, place.scope) : null;
    if (callee.kind === "attribute" && own === null && (name === "eval" || name === "train")) {
      const set = modeSetBy(call, name);
      const model = identity(callee.object, place);
      if (set !== null && model !== null) return setMode(call, callee.object, model, set, modes, place);
    }
    const isForward = callee.kind === "attribute" && callee.name === "forward";
    const called = isForward ? callee.object : callee;
    if (modelNames.has(terminalName(called) ?? "") && (isForward || own === null)) {
      const model = identity(called, place);
      if (model !== null && !(called.kind === "name" && isFunctionName(called.name, place.scope)))
        return forward(call, model, modes, place);
    }
    const callable = own ?? calledFunction(call, place.scope);
    if (callable !== null) return inline(callable, call, modes, place);
    return handedOn(call, name ?? "", modes, place);
  }

  function setMode(call: Call, receiver: Expression, model: string, set: number, modes: Modes, place: Place): Modes {
    const isAny = receiver.kind === "name" && isElement(receiver.name, place.scope);
    if (set === mode.evaluation)
      lastEvaluation.set(model, { call, within: place.training?.draft ?? null, order: evaluations++, isUsed: false });
    else {
      restored.push(isAny ? "*" : model);
      trainCalls.push(call);
    }
    return withMode(isAny ? allWithMode(modes, set) : modes, model, set);
  }

  function forward(call: Call, model: string, modes: Modes, place: Place): Modes {
    const { validation, training, statement } = place;
    const now = modeOf(modes, model);
    if (validation !== null && statement !== null) {
      const marked = validation.marked ?? call;
      const at = validation.marked === null ? statement : validation.statement;
      const entry = validations.get(marked.start) ?? {
        pass: { marked, statement: at, scope: place.scope, calls: [] },
        calls: [],
      };
      validations.set(marked.start, entry);
      entry.calls.push({
        call,
        scope: place.scope,
        model,
        modes,
        gradients: place.gradients,
        within: training?.draft ?? null,
      });
      const evaluation = lastEvaluation.get(model);
      if (evaluation !== undefined) evaluation.isUsed = true;
      return (now & mode.evaluation) === 0 ? modes : withMode(modes, model, (now & ~mode.evaluation) | mode.validated);
    }
    if (training === null) return modes;
    const { callee } = call;
    const evaluation = (now & mode.evaluation) !== 0 ? lastEvaluation.get(model) : undefined;
    if (evaluation?.isUsed === false) deliberate.add(evaluation.call);
    training.models.set(model, { text: source.text.slice(callee.start, callee.end), scope: place.scope });
    return now === mode.unset ? withMode(modes, model, mode.trained) : modes;
  }

  function inline(callable: FunctionInfo, call: Call, modes: Modes, place: Place): Modes {
    if (place.through.length >= maximumInlining || place.through.includes(callable)) return modes;
    const names = new Map<string, string>();
    for (const [name, value] of place.names) if (callable.scope.parent !== null) names.set(name, value);
    callable.definition.parameters.forEach(({ name }, position) => {
      names.delete(name);
      const isReceiver = position === 0 && callable.owner !== null && name === "self";
      if (isReceiver) {
        const object = call.callee.kind === "attribute" ? identity(call.callee.object, place) : null;
        names.set(name, object ?? name);
        return;
      }
      const hasReceiver = callable.owner !== null && callable.definition.parameters[0]?.name === "self";
      const argument = argumentFor(call, name, position - (hasReceiver ? 1 : 0));
      const given = argument === null || argument === "unclear" ? null : identity(argument.value, place);
      names.set(name, given ?? `${callable.definition.name}(${name})`);
    });
    const returning: Place["returning"] = { modes: null };
    const { training, validation, conditional } = place;
    const isValidation = validation === null && training === null && isValidationFunction(callable.definition.name);
    const after = run(callable.definition.body, modes, {
      scope: callable.scope,
      names,
      training,
      validation: isValidation ? { marked: null, statement: callable.definition } : validation,
      conditional,
      gradients: gradientsIn(callable.definition, place),
      through: [...place.through, callable],
      leaving: { next: null, out: null },
      returning,
      statement: null,
    });
    return joined(after, returning.modes) ?? modes;
  }

  /** Code that is not read may set the mode of a model that it is given. */
  function handedOn(call: Call, name: string, modes: Modes, place: Place): Modes {
    let after = modes;
    if (harmless.test(name) && !/eval|valid|test/i.test(name)) return after;
    for (const { value } of call.arguments) {
      const model = modelNames.has(terminalName(value) ?? "") ? identity(value, place) : null;
      if (model === null) continue;
      restored.push(model);
      after = withMode(after, model, mode.unknown);
    }
    const receiver = call.callee.kind === "attribute" ? call.callee.object : null;
    if (
      receiver !== null &&
      modelNames.has(terminalName(receiver) ?? "") &&
      /^(apply|fit|evaluate|predict|test|validate|train\w+|freeze\w*|eval\w+)$/.test(name)
    ) {
      const model = identity(receiver, place);
      if (model !== null) {
        restored.push(model);
        after = withMode(after, model, mode.unknown);
      }
    }
    return after;
  }

  /** The method that a class of the file gives an object, where it is made in the file. */
  function methodOf(object: Expression, name: string, scope: Scope): FunctionInfo | null {
    if (!/^(train|eval|run|fit|test|validate|evaluate)$/.test(name)) return null;
    const found = new Set<FunctionInfo>();
    linkedCalls(object, scope, (call, from) => {
      const last = call.callee.kind === "name" ? bindingsOf(call.callee.name, from)?.at(-1) : undefined;
      if (last?.kind !== "class") return false;
      const method = source.classes.get(last.definition)?.methods.get(name);
      if (method !== undefined) found.add(method);
      return true;
    });
    const [only] = found;
    return found.size === 1 ? (only ?? null) : null;
  }

  run(root.body, new Map(), {
    scope: root.scope,
    names: new Map(),
    validation: null,
    training: null,
    conditional: false,
    gradients:
      root.scope.node?.kind === "function"
        ? gradientsIn(root.scope.node, { gradients: "on", scope: root.scope })
        : "on",
    through: [],
    leaving: { next: null, out: null },
    returning: { modes: null },
    statement: null,
  });
  return {
    root: root.scope,
    validations: [...validations.values()].map(({ pass, calls }) => ({ ...pass, calls })),
    left: [...left.values()].filter(({ evaluation }) => !deliberate.has(evaluation)),
    trainings,
    trainCalls,
  };
}

/** The mode that `model.eval()` or `model.train(…)` sets; null for other methods of these names. */
function modeSetBy({ arguments: given }: Call, name: "eval" | "train"): number | null {
  const [first, ...more] = given;
  if (more.length > 0) return null;
  if (first === undefined) return name === "eval" ? mode.evaluation : mode.training;
  if (name === "eval" || (first.name !== null && first.name !== "mode")) return null;
  if (first.value.kind !== "boolean") return mode.unknown;
  return first.value.value ? mode.training : mode.evaluation;
}

function isElement(name: string, scope: Scope): boolean {
  return bindingsOf(name, scope)?.some(({ kind }) => kind === "element" || kind === "opaque") === true;
}

function isFunctionName(name: string, scope: Scope): boolean {
  return bindingsOf(name, scope)?.at(-1)?.kind === "function";
}

function isExit(expression: Expression): boolean {
  return expression.kind === "call" && /^(exit|quit|_exit|abort)$/.test(terminalName(expression.callee) ?? "");
}
