import { dottedText, subjectText, terminalName } from "../facts/dottedText.ts";
import { someExpression } from "../facts/expressionChildren.ts";
import type { LogExtension, LoggerKind } from "../facts/lossLogFacts.ts";
import { bindingsOf, type Scope } from "../facts/scope.ts";
import type { Argument, Call, DictionaryLiteral, Expression } from "../syntax/tree.ts";
import type { TextRange } from "../text/range.ts";
import { rangeOf } from "../text/range.ts";

/** A call that logs a loss, by its own words. */
export interface LossLogCall {
  readonly logger: LoggerKind;
  readonly callee: string;
  readonly loss: TextRange | null;
  readonly step: string | null;
  readonly extension: LogExtension | null;
}

/** Losses of data that is not trained on. */
const evaluation = /(^|[^a-z])(val(id(ation)?)?|dev|test(ing)?|eval(uation)?|best|min|prev(ious)?)(?![a-z])/i;
const lossWord = /loss(?!y|less|[ _-]?scal(e|ing))/i;
const stepName = /(^|_|\b)(i|it|iters?|iterations?|itr|n_iter|steps?|epochs?|batch(_?(idx|i|index|num))?|t|idx)$/i;
/** A message about what went wrong is no log of the loss. */
const complaint = /nan\b|infinite|stopping|not (improv|finite)|error|best|sav(e|ing)/i;

interface Reading {
  readonly text: string;
  readonly scope: Scope;
  readonly losses: ReadonlySet<string>;
}

/** What a call logs of the training loss; null for any other call. `losses` are names that the backward pass is taken of. */
export function lossLogCall(call: Call, scope: Scope, losses: ReadonlySet<string>): LossLogCall | null {
  const name = terminalName(call.callee);
  const callee = subjectText(call.callee);
  if (name === null || callee === null) return null;
  const reading = { text: scope.source.text, scope, losses };
  const receiver = call.callee.kind === "attribute" ? (subjectText(call.callee.object) ?? "") : "";
  const first = call.arguments[0];
  if (first === undefined) return null;
  if (/^(\w*_)?print(_?\w+)?$/.test(name)) return printed(call, name, callee, reading);
  if (name === "write" || name === "writelines") return jsonLine(call, callee, fileKind(receiver), reading);
  if (/^(info|debug|log|write_line|log_string|logging)$/.test(name) && isMessage(first.value, reading)) {
    const inTerms = /log|tqdm|bar|writer|f\b|file|out|stdout/i.test(receiver) || receiver === "";
    if (inTerms && call.arguments.length > 1 && isNameValue(call)) return scalar(call, callee, receiver, reading);
    if (!inTerms && receiver !== "self" && receiver !== "fabric") return null;
    if (receiver === "self" || receiver === "fabric") return scalar(call, callee, receiver, reading);
    return message(call, callee, "logging", reading);
  }
  if (name === "dump" && receiver === "json") return dictionary(call, callee, "json", reading);
  if (/^set_(postfix|description)(_str)?$/.test(name)) {
    return isText(first.value)
      ? message(call, callee, "progress bar", reading)
      : (dictionary(call, callee, "progress bar", reading) ?? keywords(call, callee, "progress bar", reading));
  }
  if (name === "add_scalars") return dictionary(call, callee, "tensorboard", reading);
  if (/^(add_scalar|scalar|log_scalar|log_metric|record|logkv|scalar_summary|log_value)$/.test(name)) {
    return scalar(call, callee, receiver, reading);
  }
  if (/^(log|log_dict|log_metrics|track|log_stats)$/.test(name) && !/list|history/i.test(receiver)) {
    return dictionary(call, callee, receiver === "self" ? "lightning" : "metrics", reading);
  }
  if (/^(save|add)$/.test(name) && receiver === "tracker") {
    return dictionary(call, callee, "metrics", reading) ?? scalar(call, callee, receiver, reading);
  }
  if (/^(update|store|add)$/.test(name) && /met(er|ric)|log|stat|track|monitor|record/i.test(receiver)) {
    return keywords(call, callee, "meter", reading);
  }
  return null;
}

function printed(call: Call, name: string, callee: string, reading: Reading): LossLogCall | null {
  const positional = call.arguments.filter((argument) => argument.name === null);
  const found = lossAmong(
    positional.map(({ value }) => value),
    reading,
  );
  const last = positional.at(-1);
  if (found === null || last === undefined || complaint.test(textOf(last.value, reading))) return null;
  if (positional.some(({ value }) => speaksOfEvaluation(value, reading))) return null;
  const extension = positional.some(({ spread }) => spread !== null)
    ? null
    : inPrint(name, positional.length, last, reading);
  return { logger: "print", callee, loss: found.loss, step: stepAmong(call), extension };
}

/** A message that begins with its data set: `"eval epoch: {}, loss: {:.4f}"`. */
function speaksOfEvaluation(value: Expression, reading: Reading): boolean {
  const words = textOf(value, reading);
  return /^[fru]*["'\W]*(eval|val|valid|validation|test|dev)(?![a-z])/i.test(words) && !/train/i.test(words);
}

function inPrint(name: string, count: number, last: Argument, reading: Reading): LogExtension | null {
  const inText = count === 1 ? inMessage(last.value, reading) : null;
  if (name !== "print" || inText?.form === "text") return inText;
  return { form: "argument", at: last.end };
}

function message(call: Call, callee: string, logger: LoggerKind, reading: Reading): LossLogCall | null {
  const found = lossAmong(
    call.arguments.map(({ value }) => value),
    reading,
  );
  const first = call.arguments[0]?.value;
  if (found === null || first === undefined || complaint.test(textOf(first, reading))) return null;
  if (speaksOfEvaluation(first, reading)) return null;
  const isWhole = call.arguments.filter((argument) => argument.name === null).length === 1;
  const extension = isWhole ? inMessage(first, reading) : null;
  return { logger, callee, loss: found.loss, step: stepAmong(call), extension };
}

/** `f.write(json.dumps({…}) + "\n")` and other lines of a file. */
function jsonLine(call: Call, callee: string, kind: LoggerKind, reading: Reading): LossLogCall | null {
  let found: LossLogCall | null = null;
  const value = call.arguments[0]?.value;
  if (value === undefined) return null;
  someExpression(value, (part) => {
    if (part.kind === "call" && terminalName(part.callee) === "dumps")
      found ??= dictionary(part, callee, "json", reading);
    return false;
  });
  return found ?? (isText(value) ? message(call, callee, kind, reading) : null);
}

/** `name(tag, value, step)`. */
function scalar(call: Call, callee: string, receiver: string, reading: Reading): LossLogCall | null {
  const [tag, value, ...rest] = call.arguments;
  if (tag === undefined || value === undefined || tag.name !== null || value.name !== null) return null;
  const tagText = textOf(tag.value, reading);
  if (evaluation.test(spelled(tagText)) || !isText(tag.value)) return null;
  const loss = lossIn(value.value, reading);
  if (loss === null && !lossWord.test(tagText.split("/").at(-1) ?? "") && !/^\W*loss\//i.test(tagText)) return null;
  const literal = tag.value.kind === "string" && tag.value.value !== null ? tag.value.value : null;
  const logger =
    receiver === "self" ? "lightning" : /writer|\btb|tensorboard|summary/i.test(receiver) ? "tensorboard" : "metrics";
  const step = rest.find(({ name }) => name === null || /step|epoch/.test(name))?.value;
  return {
    logger,
    callee,
    loss: loss ?? rangeOf(value.value),
    step: step === undefined ? null : textOf(step, reading),
    extension:
      literal === null
        ? null
        : { form: "call", tag: literal, rest: oneLine(reading.text.slice(value.value.end, call.closeParenthesis)) },
  };
}

/** A dictionary of numbers, literal or by name. */
function dictionary(call: Call, callee: string, logger: LoggerKind, reading: Reading): LossLogCall | null {
  const argument = call.arguments.find(
    ({ value, name, spread }) =>
      spread === null && value.kind === "dictionary" && (name === null || /dict|metrics|data/.test(name)),
  );
  const step = call.arguments.find(({ name }) => name !== null && /step|epoch/.test(name))?.value;
  if (argument?.value.kind === "dictionary") {
    const loss = lossEntry(argument.value, reading);
    if (loss === null) return null;
    const at = argument.value.entries.at(-1)?.range.end;
    const stepEntry = argument.value.entries.find(
      ({ key }) => key?.kind === "string" && /step|iter|epoch/i.test(key.value ?? ""),
    );
    const stepped = step ?? stepEntry?.value;
    return {
      logger,
      callee,
      loss,
      step: stepped === undefined ? null : textOf(stepped, reading),
      extension: at === undefined ? null : { form: "entry", at },
    };
  }
  const named = call.arguments[0];
  if (named?.name !== null || named.value.kind !== "name") return null;
  const loss = namedDictionary(named.value.name, reading);
  if (loss === null) return null;
  return {
    logger,
    callee,
    loss,
    step: step === undefined ? null : textOf(step, reading),
    extension: { form: "key", dictionary: named.value.name },
  };
}

/** `logs = {"loss": loss.item()}` and `logs["loss"] = loss.item()`. */
function namedDictionary(name: string, reading: Reading): TextRange | null {
  for (const binding of bindingsOf(name, reading.scope) ?? []) {
    if (binding.kind !== "assignment" || binding.value.kind !== "dictionary") continue;
    const loss = lossEntry(binding.value, reading);
    if (loss !== null) return loss;
  }
  for (const [place, bindings] of reading.scope.source.attributeBindings) {
    if (!place.startsWith(`${name}["`) || evaluation.test(spelled(place)) || !lossWord.test(place)) continue;
    const own = bindings.find(({ scope }) => scope === reading.scope);
    if (own !== undefined) return rangeOf(own.value);
  }
  return null;
}

function keywords(call: Call, callee: string, logger: LoggerKind, reading: Reading): LossLogCall | null {
  const named = call.arguments.find(
    ({ name, value }) =>
      name !== null && !evaluation.test(spelled(name)) && (lossWord.test(name) || lossIn(value, reading) !== null),
  );
  const last = call.arguments.at(-1);
  if (named === undefined || last === undefined || last.spread === "list") return null;
  return {
    logger,
    callee,
    loss: lossIn(named.value, reading) ?? rangeOf(named.value),
    step: null,
    extension: { form: "keyword", at: last.end },
  };
}

function lossEntry({ entries }: DictionaryLiteral, reading: Reading): TextRange | null {
  for (const { key, value } of entries) {
    const keyText = key === null ? "" : textOf(key, reading);
    if (evaluation.test(spelled(keyText))) continue;
    const loss = lossIn(value, reading);
    if (loss !== null) return loss;
    if (lossWord.test(keyText)) return rangeOf(value);
  }
  return null;
}

/** What a name such as `line` is set to, where that is a message. */
function messagesOf(value: Expression, { scope }: Reading): readonly Expression[] {
  if (value.kind !== "name") return [];
  return (bindingsOf(value.name, scope) ?? []).flatMap((binding) =>
    binding.kind === "assignment" && binding.scope === scope && isText(binding.value) ? [binding.value] : [],
  );
}

/** The loss among printed values; words of the message count where it prints numbers. */
function lossAmong(values: readonly Expression[], reading: Reading): { readonly loss: TextRange | null } | null {
  for (const value of values.flatMap((each) => [each, ...messagesOf(each, reading)])) {
    const loss = lossIn(value, reading);
    if (loss !== null) return { loss };
  }
  const isNumbered = values.some((value) =>
    someExpression(value, (part) => part.kind === "name" && !/^(f|str|int|float|round|len)$/.test(part.name)),
  );
  const isNamed = values.some((value) =>
    someExpression(value, (part) => {
      if (part.kind !== "string") return false;
      const words = textOf(part, reading);
      return lossWord.test(words) && !evaluation.test(words);
    }),
  );
  return isNumbered && isNamed ? { loss: null } : null;
}

/** The first part of a value that is a training loss by its name, with `.item()` and the like left on. */
function lossIn(value: Expression, reading: Reading): TextRange | null {
  let found: TextRange | null = null;
  someExpression(value, (part) => {
    if (found !== null) return true;
    if (
      part.kind === "call" &&
      part.callee.kind === "attribute" &&
      /^(item|detach|cpu|mean|float|tolist)$/.test(part.callee.name)
    ) {
      if (isLoss(part.callee.object, reading)) found = rangeOf(part);
    } else if (part.kind === "name" || part.kind === "attribute" || part.kind === "subscript") {
      if (isLoss(part, reading)) found = rangeOf(part);
    }
    return found !== null;
  });
  return found;
}

/** Words of a name apart: `valLoss` and `val_loss` as `val loss`. */
function spelled(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ");
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").replace(/,\s*$/, "");
}

function isLoss(expression: Expression, reading: Reading): boolean {
  const text = dottedText(expression) ?? subjectText(expression);
  if (text === null) return false;
  if (reading.losses.has(text)) return true;
  if (evaluation.test(spelled(text)) || /loss(es)?_?(fn|func|function|name|weight|type|scale)/i.test(text))
    return false;
  return lossWord.test(text);
}

/** Where a message takes one more piece of text. */
function inMessage(value: Expression, reading: Reading): LogExtension | null {
  const written = textOf(value, reading);
  const lastLine = /(["'])\1?\1?$/.exec(written);
  if (value.kind === "string") {
    if (lastLine === null || /\\n(["'])$|"""$|'''$/.test(written)) return null;
    const piece = lastPiece(written);
    if (piece !== null && /^[rb]*f[rb]*$/i.test(piece)) return { form: "text", at: value.end - 1 };
    return { form: "concatenation", at: value.end };
  }
  if (value.kind === "binary" && (value.operator === "%" || value.operator === "+")) {
    return /\\n/.test(written) ? null : { form: "concatenation", at: value.end };
  }
  if (value.kind === "name") return { form: "concatenation", at: value.end };
  if (value.kind === "call" && terminalName(value.callee) === "format") {
    return /\\n/.test(written) ? null : { form: "concatenation", at: value.end };
  }
  return null;
}

/** The prefix of the last literal of adjacent ones: `"f"` of `"a" f"b"`. */
function lastPiece(written: string): string | null {
  return /([A-Za-z]*)(["'])(?:\\.|(?!\2)[^\\\n])*\2$/.exec(written)?.[1] ?? null;
}

function isMessage(value: Expression, reading: Reading): boolean {
  return isText(value) || messagesOf(value, reading).length > 0;
}

function isText(value: Expression): boolean {
  return (
    value.kind === "string" ||
    (value.kind === "binary" &&
      (value.operator === "%" || value.operator === "+") &&
      (isText(value.left) || isText(value.right))) ||
    (value.kind === "call" &&
      value.callee.kind === "attribute" &&
      value.callee.name === "format" &&
      isText(value.callee.object))
  );
}

/** `log("train/loss", loss)`: a name and a number rather than a message with its values. */
function isNameValue(call: Call): boolean {
  const [tag, value] = call.arguments;
  if (tag === undefined || value === undefined) return false;
  return (
    tag.value.kind === "string" &&
    tag.value.value !== null &&
    !/[%{ ]/.test(tag.value.value) &&
    value.name === null &&
    !isText(value.value)
  );
}

function fileKind(receiver: string): LoggerKind {
  return /tqdm|bar/i.test(receiver) ? "progress bar" : "file";
}

/** The finest count among the arguments: a step before a batch, a batch before an epoch. */
function stepAmong(call: Call): string | null {
  const found: string[] = [];
  for (const { value } of call.arguments) {
    someExpression(value, (part) => {
      const text = part.kind === "name" || part.kind === "attribute" ? dottedText(part) : null;
      if (text !== null && stepName.test(text)) found.push(text);
      return false;
    });
  }
  const finest = [/step|iter|itr/i, /(^|_|\.)(?!epoch|ep\b)\w+$/i, /epoch/i];
  for (const kind of finest) {
    const match = found.find((each) => kind.test(each) && !(kind !== finest[2] && /epoch/i.test(each)));
    if (match !== undefined) return match;
  }
  return null;
}

function textOf({ start, end }: TextRange, { text }: Reading): string {
  return text.slice(start, end);
}
