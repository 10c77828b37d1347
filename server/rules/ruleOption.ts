/** A number that a project may set for a rule: declared beside the rule, read by it through `context.optionValue`. */
export interface RuleOption {
  /** As written in settings: `max_norm`. */
  readonly name: string;
  readonly type: "integer" | "number";
  readonly default: number;
  /** Inclusive bounds of what may be set. */
  readonly minimum: number;
  readonly maximum?: number;
  /** One sentence for completion and the schema. */
  readonly description: string;
}

/** What is wrong with a value set for an option, as the end of "X must be …"; null when nothing is. */
export function optionRefusal(option: RuleOption, value: unknown): string | null {
  const { type, minimum, maximum = Number.POSITIVE_INFINITY } = option;
  const isNumber = typeof value === "number" && (type === "number" ? Number.isFinite(value) : Number.isInteger(value));
  if (isNumber && value >= minimum && value <= maximum) return null;
  const range = option.maximum === undefined ? `from ${minimum} up` : `from ${minimum} to ${option.maximum}`;
  return `a ${type === "integer" ? "whole number" : "number"} ${range}`;
}
