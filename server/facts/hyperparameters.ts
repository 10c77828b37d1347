import type { Expression, Loop, Statement } from "../syntax/tree.ts";
import { walkStatements } from "../syntax/walk.ts";
import type { TextRange } from "../text/range.ts";
import { commandLineOptions } from "./argparseDefaults.ts";
import { settingsInCalls, typeName } from "./callHyperparameters.ts";
import { terminalName } from "./dottedText.ts";
import { resolve } from "./resolve.ts";
import type { Scope, SourceIndex } from "./scope.ts";
import type { TrainerFact } from "./trainerFacts.ts";
import type { HyperparameterFact, OptimizerArgument, OptimizerFact, ScalarValue } from "./trainingFacts.ts";

/** Every named scalar setting of a file that is written in it, in order of position; a name that comes again gets `#2`. */
export function collectHyperparameters(
  source: SourceIndex,
  optimizers: readonly OptimizerFact[],
  trainers: readonly TrainerFact[] = [],
): readonly HyperparameterFact[] {
  const found: HyperparameterFact[] = [];
  const add: Add = (name, value, scope, isSize = false) => {
    const resolved = literalValue(value, scope);
    if (resolved === undefined) return;
    const { start, end } = value;
    found.push({
      name,
      value: resolved,
      start,
      end,
      valueRange: { start, end },
      valueText: source.text.slice(start, end),
      ...(isSize ? { isSize } : {}),
    });
  };
  for (const { destination, candidate } of commandLineOptions(source)) {
    if (candidate !== null) add(`args.${destination}`, candidate.expression, candidate.scope);
  }
  constantsOf(source.module.body, source.moduleScope, add);
  for (const { definition, scope } of source.classes.values()) {
    if (/config|param|args|settings|options/i.test(definition.name)) {
      for (const statement of definition.body) fieldOf(definition.name, statement, scope, add);
    }
  }
  addLocals(source, add);
  const listed = new Set(found.map((fact) => fact.valueRange.start));
  for (const { name, value, scope, isSize } of settingsInCalls(source)) {
    const type = typeName(value);
    if (listed.has(value.start)) continue;
    if (type !== null) addType(found, source, name, value, type);
    else add(name, value, scope, isSize);
  }
  for (const optimizer of optimizers) {
    const { start, end } = optimizer.nameRange;
    // A name of a module can be put back; one that is imported itself may be imported no more.
    if (/^([\w.]+)?\.\w+$/.test(source.text.slice(start === 0 ? 0 : start - 1, end))) {
      addType(found, source, `${boundName(optimizer) ?? "optimizer"}.algorithm`, { start, end }, optimizer.algorithm);
    }
  }
  const written = new Set(found.map((fact) => fact.valueRange.start));
  for (const optimizer of optimizers)
    found.push(...settingsOf(source, optimizer, optimizer.algorithm, optimizer.arguments, written));
  for (const trainer of trainers) found.push(...settingsOf(source, trainer, "trainer", trainer.settings, written));
  return numbered(found.toSorted((a, b) => a.start - b.start));
}

type Add = (name: string, value: Expression, scope: Scope, isSize?: boolean) => void;

/** What the literals of a run are mostly called: in functions nothing else tells a setting from a passing value. */
const usualNames =
  /^(lr|(base_|max_|min_)?learning_?rate|(train_|eval_|mini_?)?batch_?size|bs|(num_|n_|max_)?epochs?|(num_|max_|warmup_|total_)+(steps|iters|iterations)|weight_decay|momentum|gamma|beta_?[12]|eps(ilon)?|dropout(_rate)?|seed|(random|manual)_seed|hidden(_size|_dim)?|embed(ding)?_(dim|size)|num_layers|n_layers?|num_heads|accumulation_steps|grad(ient)?_accumulation_steps|(max_)?grad_norm|clip(_norm|_value)?)$/i;

/** Settings that functions give names to, and numbers of epochs or steps that a loop's own range holds. */
function addLocals(source: SourceIndex, add: Add): void {
  for (const { definition, scope } of source.functions.values()) {
    walkStatements(definition.body, (statement) => {
      if (statement.kind === "function" || statement.kind === "class") return "skip";
      if (statement.kind === "loop") addRange(statement, scope, add);
      if (statement.kind !== "assignment" || statement.operator !== "=" || statement.value === null) return undefined;
      const [target, ...more] = statement.targets;
      if (target?.kind === "name" && more.length === 0 && usualNames.test(target.name)) {
        add(`${definition.name}.${target.name}`, statement.value, scope);
      }
      return undefined;
    });
  }
  walkStatements(source.module.body, (statement) => {
    if (statement.kind === "function" || statement.kind === "class") return "skip";
    if (statement.kind === "loop") addRange(statement, source.moduleScope, add);
    return undefined;
  });
}

/** `for epoch in range(10)` */
function addRange({ targets, iterable }: Loop, scope: Scope, add: Add): void {
  const [target] = targets;
  if (target?.kind !== "name" || iterable?.kind !== "call" || terminalName(iterable.callee) !== "range") return;
  const word = /epoch/i.test(target.name) ? "epochs" : /step|iter/i.test(target.name) ? "steps" : null;
  const end = iterable.arguments.length === 1 ? iterable.arguments[0] : iterable.arguments[1];
  if (word !== null && end !== undefined) add(`range.${word}`, end.value, scope);
}

function addType(
  found: HyperparameterFact[],
  source: SourceIndex,
  name: string,
  { start, end }: TextRange,
  value: string,
): void {
  found.push({ name, value, start, end, valueRange: { start, end }, valueText: source.text.slice(start, end) });
}

function boundName({ boundTo }: Pick<OptimizerFact, "boundTo">): string | null {
  return boundTo?.replace(/^(self|this)\./, "") ?? null;
}

/** Module constants, also those under `if __name__ == "__main__":`, and entries of dictionaries that are called a config. */
function constantsOf(body: readonly Statement[], scope: Scope, add: Add): void {
  for (const statement of body) {
    if (statement.kind === "if") constantsOf(statement.body, scope, add);
    if (statement.kind !== "assignment" || statement.operator !== "=" || statement.value === null) continue;
    const [target, ...more] = statement.targets;
    if (target === undefined || more.length > 0) continue;
    if (target.kind === "list" && statement.value.kind === "list") {
      const { items } = statement.value;
      target.items.forEach((item, index) => {
        const value = items[index];
        if (item.kind === "name" && value !== undefined && isSetting(item.name)) add(item.name, value, scope);
      });
    }
    if (target.kind !== "name") continue;
    if (isSetting(target.name)) add(target.name, statement.value, scope);
    if (/config|cfg|hparams|hyper|params|settings|options|defaults|kwargs/i.test(target.name)) {
      entriesOf(target.name, statement.value, scope, add);
    }
  }
}

function entriesOf(name: string, value: Expression, scope: Scope, add: Add): void {
  if (value.kind === "dictionary") {
    for (const { key, value: entry } of value.entries) {
      const word = key?.kind === "string" ? key.value : key?.kind === "name" ? key.name : null;
      if (word === null) continue;
      if (entry.kind === "dictionary") entriesOf(`${name}.${word}`, entry, scope, add);
      else add(`${name}.${word}`, entry, scope);
    }
  } else if (
    value.kind === "call" &&
    /^(dict|SimpleNamespace|Namespace|EasyDict|edict|Config\w*)$/.test(terminalName(value.callee) ?? "")
  ) {
    for (const argument of value.arguments) {
      if (argument.name !== null) add(`${name}.${argument.name}`, argument.value, scope);
      else if (argument.value.kind === "dictionary") entriesOf(name, argument.value, scope, add);
    }
  }
}

function fieldOf(className: string, statement: Statement, scope: Scope, add: Add): void {
  if (statement.kind !== "assignment" || statement.value === null) return;
  const target = statement.targets[0];
  if (target?.kind !== "name") return;
  const { value } = statement;
  const given = value.kind === "call" ? value.arguments.find((argument) => argument.name === "default")?.value : value;
  if (given !== undefined) add(`${className}.${target.name}`, given, scope);
}

/** Loop counters, flags of the machine and accumulators are no settings. */
function isSetting(name: string): boolean {
  if (
    /^(i|j|k|n|t|x|y|_.*|(running|best|iter|local_iter)_.*|.*_?(step|iter|count|counter|total|best|sum|loss|acc|accuracy|idx|index|path|dir|file|name|device|start|end|time)s?)$/i.test(
      name,
    )
  ) {
    return /^(num|n|max|total|train|warmup)_(.*_)?(steps|iters|iterations)$/i.test(name);
  }
  return /^[A-Za-z]\w*$/.test(name);
}

/** Arguments of an optimizer or a trainer that are written in its call: the rest is listed where it is set. */
function settingsOf(
  source: SourceIndex,
  bindable: Pick<OptimizerFact, "boundTo">,
  otherwise: string,
  settings: Readonly<Partial<Record<string, OptimizerArgument<string>>>>,
  written: ReadonlySet<number>,
): HyperparameterFact[] {
  const bound = boundName(bindable) ?? otherwise;
  const facts: HyperparameterFact[] = [];
  for (const argument of Object.values(settings)) {
    if (argument === undefined) continue;
    const { resolved, valueRange } = argument;
    if (!argument.given || !resolved.known || resolved.alternatives.length > 0) continue;
    const last = resolved.chain.at(-1);
    if (last === undefined || last.via !== "literal" || resolved.chain.some(({ via }) => via === "arithmetic"))
      continue;
    // A value of another file stands there, and is compared where it stands.
    if (last.path !== source.path || written.has(last.start)) continue;
    const range = resolved.chain.length === 1 && valueRange !== null ? valueRange : last;
    const { start, end } = range;
    facts.push({
      name: `${bound}.${argument.name}`,
      value: resolved.value,
      start,
      end,
      valueRange: { start, end },
      valueText: source.text.slice(start, end),
    });
  }
  return facts;
}

/** Scalars that are written out; the value of anything that comes from elsewhere is listed there. */
function literalValue(value: Expression, scope: Scope): ScalarValue | undefined {
  if (!/^(number|boolean|string|unary|binary)$/.test(value.kind)) return undefined;
  const resolved = resolve(value, scope);
  if (!resolved.known || resolved.chain.length !== 1) return undefined;
  // Of `action="store_true"` no literal is written.
  const text = scope.source.text.slice(value.start, value.end);
  return text.length > 80 || /\(.*add_argument|add_argument\(/.test(text) ? undefined : resolved.value;
}

function numbered(facts: readonly HyperparameterFact[]): HyperparameterFact[] {
  const seen = new Map<string, number>();
  return facts.map((fact) => {
    const count = (seen.get(fact.name) ?? 0) + 1;
    seen.set(fact.name, count);
    return count === 1 ? fact : { ...fact, name: `${fact.name}#${count}` };
  });
}
