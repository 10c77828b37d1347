import { candidatesOfName } from "../facts/candidates.ts";
import { classHere } from "../facts/classFields.ts";
import { terminalName } from "../facts/dottedText.ts";
import { forEachChild } from "../facts/expressionChildren.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import { qualifiedName } from "../facts/qualifiedName.ts";
import { type ClassInfo, classAround, type Scope } from "../facts/scope.ts";
import type { Call, Expression } from "../syntax/tree.ts";
import { certainCall } from "./certainCalls.ts";

const maximumDepth = 5;
/** What else comes from a hub, and tables of vectors, which are no models. */
const isNoModel =
  /(Tokenizer\w*|Processor|Extractor|Config|Scheduler|Embedding(Bag)?|get_tokenizer)\s*\.\s*from_pretrained$/;

/**
 * Whether the parameters are those of a model whose weights are loaded: `AutoModel.from_pretrained(…)`, a module of the file that
 * loads one, `create_model(…, pretrained=True)`. Null where the model is not known.
 */
export function tunesPretrained(parameters: Expression, scope: Scope): boolean | null {
  if (!scope.source.text.includes("pretrained")) return null;
  const models: { readonly model: Expression; readonly scope: Scope }[] = [];
  collectModels(parameters, scope, models, 0);
  if (models.length === 0) return null;
  return combined(models.map(({ model, scope: from }) => isPretrained(model, from, 0)));
}

/** True as soon as one is; false where none is for certain. */
function combined(all: readonly (boolean | null)[]): boolean | null {
  if (all.includes(true)) return true;
  return all.includes(null) ? null : false;
}

/** The receivers of `.parameters()` and `.named_parameters()`, through names. */
function collectModels(
  expression: Expression,
  scope: Scope,
  models: { readonly model: Expression; readonly scope: Scope }[],
  depth: number,
): void {
  if (depth > maximumDepth * 3) return;
  if (expression.kind === "call" && expression.callee.kind === "attribute") {
    if (/^(named_)?parameters$/.test(expression.callee.name)) {
      models.push({ model: expression.callee.object, scope });
      return;
    }
  }
  if (expression.kind === "name") {
    const found = candidatesOfName(expression.name, expression, scope);
    for (const candidate of found.known ? found.candidates : []) {
      if (candidate.position === null && candidate.expression !== expression) {
        collectModels(candidate.expression, candidate.scope, models, depth + maximumDepth);
      }
    }
    return;
  }
  forEachChild(expression, (child) => collectModels(child, scope, models, depth + 1));
}

function isPretrained(model: Expression, scope: Scope, depth: number): boolean | null {
  if (depth > maximumDepth) return null;
  if (model.kind === "name" && model.name === "self") {
    const own = classAround(scope);
    return own === null ? null : loads(own, depth);
  }
  const certain = certainCall(model, scope);
  if (certain !== null) return givesPretrained(certain.call, certain.scope, depth);
  const made: (boolean | null)[] = [];
  linkedCalls(model, scope, (call, from) => {
    const given = givesPretrained(call, from, depth);
    if (given !== null) made.push(given);
    return given !== null;
  });
  const [first, ...others] = made;
  return first !== undefined && others.every((each) => each === first) ? first : null;
}

/** Whether what a call returns holds pretrained weights. */
function givesPretrained(call: Call, scope: Scope, depth: number): boolean | null {
  const { callee } = call;
  const name = terminalName(callee);
  if (name === "from_pretrained") {
    return !isNoModel.test(scope.source.text.slice(callee.start, callee.end));
  }
  const flag = call.arguments.find((argument) => argument.name === "pretrained");
  if (flag?.value.kind === "boolean") return flag.value.value;
  if (qualifiedName(callee, scope)?.startsWith("torch.nn.") === true) {
    const inside = call.arguments.map(({ value }) => partPretrained(value, scope, depth));
    return inside.length === 0 ? false : combined(inside);
  }
  const own = classHere(callee, scope);
  if (own === null) return null;
  const given = call.arguments.map(({ value }) => partPretrained(value, scope, depth));
  return given.includes(true) ? true : loads(own, depth);
}

/** A model handed to another: numbers and settings hold no weights. */
function partPretrained(value: Expression, scope: Scope, depth: number): boolean | null {
  if (value.kind !== "call" && value.kind !== "name" && value.kind !== "attribute") return false;
  return isPretrained(value, scope, depth + 1) === true;
}

/** Whether a class of the file loads weights where it is built, itself or in a part of it. */
function loads(own: ClassInfo, depth: number): boolean | null {
  if (depth > maximumDepth) return null;
  const parts: (boolean | null)[] = [];
  for (const { call, scope } of own.scope.source.calls) {
    if (classAround(scope) !== own) continue;
    if (terminalName(call.callee) === "from_pretrained") parts.push(givesPretrained(call, scope, depth + 1));
    const part = classHere(call.callee, scope);
    if (part !== null && part !== own) parts.push(loads(part, depth + 1));
  }
  if (parts.includes(true)) return true;
  for (const base of own.definition.bases) {
    const above = classHere(base, own.scope);
    if (above !== null && above !== own) parts.push(loads(above, depth + 1));
    else if (!/^(torch\.nn\.|pytorch_lightning\.|lightning\.)/.test(qualifiedName(base, own.scope) ?? ""))
      parts.push(null);
  }
  return combined(parts);
}
