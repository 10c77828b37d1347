import { candidatesOfName } from "../facts/candidates.ts";
import { subjectText, terminalName } from "../facts/dottedText.ts";
import type { Scope } from "../facts/scope.ts";
import type { DictionaryLiteral, Expression } from "../syntax/tree.ts";

/** What a call that saves is given. */
export interface Payload {
  /** Models whose weights are in it, as the file calls them. */
  readonly models: readonly string[];
  /** Its keys, where it is a dictionary. */
  readonly keys: readonly string[];
  readonly dictionary: DictionaryLiteral | null;
  /** `model.state_dict()` alone. */
  readonly weights: Expression | null;
  /** Something of it is not read. */
  readonly isUnclear: boolean;
}

/** Nothing of a model. */
export const noPayload: Payload = { models: [], keys: [], dictionary: null, weights: null, isUnclear: false };
const unclear: Payload = { ...noPayload, isUnclear: true };
const maximumDepth = 4;

/** Reads what is saved through names and parameters; `isModel` tells a model by its name. */
export function payloadOf(
  expression: Expression,
  scope: Scope,
  isModel: (name: string) => boolean,
  depth = 0,
): Payload {
  if (depth > maximumDepth) return unclear;
  switch (expression.kind) {
    case "call": {
      const { callee } = expression;
      if (callee.kind === "attribute" && callee.name === "state_dict") {
        const name = subjectText(callee.object);
        return name === null ? unclear : { ...noPayload, models: [name], weights: expression };
      }
      if (callee.kind === "name" && callee.name === "dict" && expression.arguments.every(({ name }) => name !== null)) {
        const parts = expression.arguments.map(({ value }) => payloadOf(value, scope, isModel, depth + 1));
        return { ...together(parts), keys: expression.arguments.map(({ name }) => name ?? "") };
      }
      const [first] = expression.arguments;
      const name = terminalName(callee) ?? "";
      // What is read from a file is not what this run has gathered.
      if (name === "load") return noPayload;
      if (name === "get_state_dict" && callee.kind === "attribute" && first !== undefined) {
        const model = subjectText(first.value);
        return model === null ? unclear : { ...noPayload, models: [model], weights: expression };
      }
      if (/^(half|float|cpu|eval)$/.test(name) && callee.kind === "attribute") {
        return { ...payloadOf(callee.object, scope, isModel, depth + 1), weights: null };
      }
      if (/^(deepcopy|copy|de_parallel|unwrap\w*|get_raw_model)$/.test(name) && first !== undefined) {
        return { ...payloadOf(first.value, scope, isModel, depth + 1), weights: null };
      }
      return unclear;
    }
    case "dictionary": {
      if (expression.entries.some(({ key }) => key === null)) return unclear;
      const parts = expression.entries.map(({ value }) => payloadOf(value, scope, isModel, depth + 1));
      const keys = expression.entries.map(({ key }) => (key?.kind === "string" ? (key.value ?? "") : ""));
      // Numbers, options and lists beside the weights are no state of an optimizer.
      return { ...together(parts), keys, dictionary: expression, isUnclear: false };
    }
    case "list":
      return together(expression.items.map((item) => payloadOf(item, scope, isModel, depth + 1)));
    case "conditional": {
      const taken = payloadOf(expression.whenTrue, scope, isModel, depth + 1);
      const other = payloadOf(expression.whenFalse, scope, isModel, depth + 1);
      return { ...together([taken, other]), isUnclear: taken.isUnclear || other.isUnclear };
    }
    case "name": {
      if (isModel(expression.name)) return { ...noPayload, models: [expression.name] };
      const found = candidatesOfName(expression.name, expression, scope);
      if (!found.known || found.candidates.length === 0) return unclear;
      const [only] = found.candidates;
      if (found.candidates.some(({ position }) => position !== null)) return unclear;
      if (found.candidates.length === 1 && only !== undefined) {
        return payloadOf(only.expression, only.scope, isModel, depth + 1);
      }
      const parts = found.candidates.map((each) => payloadOf(each.expression, each.scope, isModel, depth + 1));
      return { ...together(parts), isUnclear: parts.some((part) => part.isUnclear) };
    }
    case "attribute": {
      const name = subjectText(expression);
      return name !== null && isModel(name) ? { ...noPayload, models: [name] } : unclear;
    }
    case "number":
    case "string":
    case "boolean":
    case "null":
      return noPayload;
    default:
      return unclear;
  }
}

function together(parts: readonly Payload[]): Payload {
  return {
    models: parts.flatMap(({ models }) => models),
    keys: parts.flatMap(({ keys }) => keys),
    dictionary: null,
    weights: null,
    isUnclear: parts.some(({ isUnclear }) => isUnclear),
  };
}
