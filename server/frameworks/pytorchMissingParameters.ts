import { calledFunction } from "../facts/calledFunctions.ts";
import { dottedText, rootName, subjectText, terminalName } from "../facts/dottedText.ts";
import { someExpression } from "../facts/expressionChildren.ts";
import type { MissingParametersFact } from "../facts/missingParametersFacts.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { bindingsOf, type CallSite, type Scope, type SourceIndex } from "../facts/scope.ts";
import type { Assignment, Call, Expression, Statement } from "../syntax/tree.ts";
import type { OptimizerSite } from "./pytorchOptimizers.ts";
import type { LoopDraft } from "./trainingEvents.ts";

/** Layers of torch.nn that hold parameters. */
const layer =
  /^torch\.nn\.(Linear|Bilinear|LazyLinear|Conv[123]d|ConvTranspose[123]d|Embedding|EmbeddingBag|LSTM|GRU|RNN|LayerNorm|BatchNorm[123]d|GroupNorm|Transformer\w*|MultiheadAttention|Parameter)$/;
const container = /^torch\.nn\.(Sequential|ModuleList|ModuleDict)$/;
/** Parameters are replaced by flat or sharded ones: torch 2.13 distributed/fsdp/fully_sharded_data_parallel.py, `FullyShardedDataParallel` docstring. */
const shards =
  /^torch\.distributed\.(fsdp\.([\w.]+\.)?(FullyShardedDataParallel|fully_shard)|_composable\.fsdp\.([\w.]+\.)?fully_shard)$/;

/** Optimizers that certainly lack parameters: what takes them stands between the optimizer and its steps, in straight-line code. */
export function collectTorchMissingParameters(
  source: SourceIndex,
  optimizers: readonly OptimizerSite[],
  drafts: readonly LoopDraft[],
): readonly MissingParametersFact[] {
  const found: MissingParametersFact[] = [];
  for (const [index, { fact, site }] of optimizers.entries()) {
    if (fact.parametersText === "[]") {
      const isFilled = source.text.includes("add_param_group");
      if (!isFilled) found.push(missing(site.call, "empty", "", "", fact.boundTo ?? "the optimizer", site));
      continue;
    }
    const model = fact.parametersText?.match(/^([A-Za-z_]\w*)\.parameters\(\)$/)?.[1];
    const { boundTo } = fact;
    if (model === undefined || boundTo === null) continue;
    const until = firstStep(drafts, index, site) ?? handedOver(source, site, model, boundTo);
    if (until === null || /add_param_group/.test(source.text)) continue;
    for (const statement of blockOf(site, source)) {
      if (statement.start <= site.statement.start) continue;
      if (statement.start >= until || isBoundAgain(statement, boundTo)) break;
      const taken = takenBy(statement, model, site.scope);
      if (taken === null) continue;
      found.push(missing(taken.range, taken.how, taken.subject, taken.by, boundTo, site));
      break;
    }
  }
  return found;
}

interface Taken {
  readonly range: Expression;
  readonly how: MissingParametersFact["how"];
  readonly subject: string;
  readonly by: string;
}

function takenBy(statement: Statement, model: string, scope: Scope): Taken | null {
  if (statement.kind === "assignment") return takenByAssignment(statement, model, scope);
  if (statement.kind !== "expression" || statement.expression.kind !== "call") return null;
  const call = statement.expression;
  const name = terminalName(call.callee);
  const [first, second] = call.arguments;
  if (name === "add_module" && call.callee.kind === "attribute" && rootName(call.callee.object) === model) {
    const added = second === undefined ? null : layerName(second.value, scope);
    const text = subjectText(call.callee.object);
    if (added === null || text === null || first?.value.kind !== "string") return null;
    return { range: call.callee, how: "layer-added", subject: `${text}.${first.value.value ?? ""}`, by: added };
  }
  if (name === "fully_shard" && first !== undefined && dottedText(first.value) === model) {
    return shardedBy(call, scope)
      ? { range: call.callee, how: "wrapped-later", subject: model, by: "fully_shard" }
      : null;
  }
  return null;
}

function takenByAssignment({ targets, operator, value }: Assignment, model: string, scope: Scope): Taken | null {
  const [target, other] = targets;
  if (operator !== "=" || value === null || target === undefined || other !== undefined) return null;
  if (target.kind === "name") {
    if (target.name !== model || value.kind !== "call") return null;
    if (shardedBy(value, scope)) return { range: value.callee, how: "wrapped-later", subject: model, by: "FSDP" };
    if (someExpression(value, (part) => part.kind === "name" && part.name === model)) return null;
    const built = builtModel(value, scope);
    return built === null ? null : { range: value.callee, how: "model-replaced", subject: model, by: built };
  }
  if (target.kind !== "attribute" && target.kind !== "subscript") return null;
  if (rootName(target) !== model || value.kind !== "call") return null;
  const added = layerName(value, scope);
  const text = subjectText(target);
  return added === null || text === null ? null : { range: value.callee, how: "layer-added", subject: text, by: added };
}

/** `nn.Linear` of a new layer, or of a container with one in it. */
function layerName(value: Expression, scope: Scope): string | null {
  if (value.kind !== "call") return null;
  const name = qualifiedName(value.callee, scope);
  if (name === null) return null;
  if (layer.test(name)) return name.replace(/^torch\./, "");
  if (!container.test(name)) return null;
  const holds = value.arguments.some(({ value: part }) => part.kind === "call" && layerName(part, scope) !== null);
  return holds ? name.replace(/^torch\./, "") : null;
}

function shardedBy(call: Call, scope: Scope): boolean {
  return shards.test(qualifiedName(call.callee, scope) ?? "");
}

/** A model made anew: a class of the file, or what `torch.load` reads. */
function builtModel(call: Call, scope: Scope): string | null {
  if (qualifiedName(call.callee, scope) === "torch.load") return "torch.load";
  if (call.callee.kind !== "name") return null;
  const last = bindingsOf(call.callee.name, scope)?.at(-1);
  return last?.kind === "class" ? call.callee.name : null;
}

/** Where the optimizer first steps in its own function, through calls or not; null where it certainly does not. */
function firstStep(drafts: readonly LoopDraft[], index: number, { scope, call }: CallSite): number | null {
  const own = drafts.filter(
    (draft) =>
      draft.loop !== null &&
      draft.scope === scope &&
      draft.range.start > call.end &&
      draft.events.some(({ kind, optimizers }) => /^(optimizer|scaler)-step$/.test(kind) && optimizers.includes(index)),
  );
  return own.length === 0 ? null : Math.min(...own.map(({ range }) => range.start));
}

/** Where a function of the file gets the model and its optimizer: to train. */
function handedOver(
  source: SourceIndex,
  { scope, call: built }: CallSite,
  model: string,
  optimizer: string,
): number | null {
  const places = source.calls.flatMap(({ call, scope: from }) => {
    if (from !== scope || call.start < built.end || calledFunction(call, from) === null) return [];
    const names = call.arguments.map(({ value }) => dottedText(value));
    return names.includes(model) && names.includes(optimizer) ? [call.start] : [];
  });
  return places.length === 0 ? null : Math.min(...places);
}

/** The statements of the block that the optimizer is built in: all of them run when it is built. */
function blockOf({ scope, statement }: CallSite, source: SourceIndex): readonly Statement[] {
  let found: readonly Statement[] = [];
  function visit(body: readonly Statement[]): void {
    if (body.includes(statement)) found = body;
    for (const each of body) {
      if (
        each.kind === "function" ||
        each.kind === "class" ||
        each.end < statement.start ||
        each.start > statement.start
      )
        continue;
      if (each.kind === "if" || each.kind === "loop") [each.body, each.orElse].forEach(visit);
      else if (each.kind === "try") [each.body, ...each.handlers, each.orElse, each.finallyBody].forEach(visit);
      else if (each.kind === "with" || each.kind === "other") visit(each.body);
    }
  }
  visit(scope.node === null ? source.module.body : scope.node.body);
  return found;
}

function isBoundAgain(statement: Statement, name: string): boolean {
  return statement.kind === "assignment" && statement.targets.some((target) => dottedText(target) === name);
}

function missing(
  range: Expression,
  how: MissingParametersFact["how"],
  subject: string,
  by: string,
  optimizer: string,
  { call }: CallSite,
): MissingParametersFact {
  return {
    start: range.start,
    end: range.end,
    framework: "pytorch",
    how,
    subject,
    by,
    optimizer,
    builtAt: { start: call.callee.start, end: call.callee.end },
  };
}
