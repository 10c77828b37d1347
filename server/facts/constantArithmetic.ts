import type { ScalarValue } from "./trainingFacts.ts";

/** `left operator right` on plain numbers, as Python and JavaScript agree on it; null where they do not or it is no arithmetic. */
export function evaluateBinary(operator: string, left: ScalarValue, right: ScalarValue): ScalarValue | undefined {
  if (typeof left === "number" && typeof right === "number") {
    switch (operator) {
      case "+":
        return left + right;
      case "-":
        return left - right;
      case "*":
        return left * right;
      case "/":
        return right === 0 ? undefined : left / right;
      case "//":
        return right === 0 ? undefined : Math.floor(left / right);
      case "%":
        return right === 0 ? undefined : left % right;
      case "**":
        // As C's pow does for whole powers: `10 ** -4` is 1e-4 to the last bit in Python.
        return Number.isInteger(right) && right < 0 && left !== 0 ? 1 / left ** -right : left ** right;
      case "<":
        return left < right;
      case "<=":
        return left <= right;
      case ">":
        return left > right;
      case ">=":
        return left >= right;
    }
  }
  if (operator === "==" || operator === "===" || operator === "is") return left === right;
  if (operator === "!=" || operator === "!==" || operator === "is not") return left !== right;
  if (operator === "and" || operator === "&&") return truthy(left) ? right : left;
  if (operator === "or" || operator === "||") return truthy(left) ? left : right;
  if (operator === "??") return left === null ? right : left;
  return undefined;
}

export function evaluateUnary(operator: string, operand: ScalarValue): ScalarValue | undefined {
  if (operator === "not" || operator === "!") return !truthy(operand);
  if (typeof operand !== "number") return undefined;
  if (operator === "-") return -operand;
  return operator === "+" ? operand : undefined;
}

/** `float("1e-3")`, `int(x)`, `Number(x)`, `bool(x)`: the converted value, undefined where the conversion fails. */
export function convert(name: string, value: ScalarValue): ScalarValue | undefined {
  if (name === "bool" || name === "Boolean") return truthy(value);
  if (value === null || value === "") return undefined;
  const number = Number(typeof value === "string" ? value.replaceAll("_", "") : value);
  if (Number.isNaN(number)) return undefined;
  return name === "int" || name === "parseInt" ? Math.trunc(number) : number;
}

/** Whether both languages take the value for true. */
export function truthy(value: ScalarValue): boolean {
  return value !== null && value !== false && value !== 0 && value !== "";
}
