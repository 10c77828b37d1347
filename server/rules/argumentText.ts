import type { OptimizerArgument, OptimizerFact, ScalarValue } from "../facts/trainingFacts.ts";
import type { RelatedPlace } from "./rule.ts";

/** A number as training code writes it: `1e-8`, `0.01`, `3e-4`, `65536`. */
export function numberText(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-2 && size < 1e6) return String(Number(value.toPrecision(6)));
  return Number(value.toPrecision(6)).toExponential().replace("e+", "e");
}

export function scalarText(value: ScalarValue): string {
  return typeof value === "number" ? numberText(value) : value === null ? "none" : String(value);
}

/**
 * The resolved setting as messages say it: `lr = 0.05`, with "by default" when a command line, a config or a caller can
 * change it, or "(the default)" when the library's own value holds.
 */
export function argumentText(argument: OptimizerArgument, optimizer: OptimizerFact): string {
  const { resolved } = argument;
  if (!resolved.known) return argument.keyword;
  const text = `${argument.keyword} = ${scalarText(resolved.value)}`;
  if (argument.given) return resolved.overridable ? `${text} by default` : text;
  const version = optimizer.libraryVersion;
  const whose = optimizer.framework === "handwritten" ? "class" : "library";
  return version === null ? `${text} (the ${whose}'s default)` : `${text} (the default of version ${version})`;
}

/** The places that an argument's value came through behind its use: `weight_decay comes from here (argparse default)`. */
export function valuePlaces({ keyword, resolved }: OptimizerArgument): readonly RelatedPlace[] {
  return resolved.chain.slice(1).map(({ path, start, end }, index) => ({
    path,
    start,
    end,
    message: `${keyword} comes from here (${resolved.chain[index]?.via ?? "assigned"})`,
  }));
}

/** The number that an argument certainly has, given or defaulted; null when it is unknown, no number, or one of several. */
export function certainNumber(argument: OptimizerArgument | undefined): number | null {
  if (!argument?.resolved.known || argument.resolved.alternatives.length > 0) return null;
  return typeof argument.resolved.value === "number" ? argument.resolved.value : null;
}

/** Whether an argument may be true: given as true, or unknown. */
export function mayBeTrue(argument: OptimizerArgument | undefined): boolean {
  if (argument === undefined) return false;
  const { resolved } = argument;
  return !resolved.known || resolved.value === true || resolved.alternatives.includes(true);
}

const namesInProse: Readonly<Record<string, string>> = {
  adam: "Adam",
  adamw: "AdamW",
  nadam: "NAdam",
  radam: "RAdam",
  adamax: "Adamax",
  rmsprop: "RMSprop",
  adagrad: "Adagrad",
  adadelta: "Adadelta",
};

/** An optimizer as a sentence names it: its class as written, and "Adam" for `tf.train.adam()` and `"adam"`. */
export function optimizerName({ constructorName, algorithm }: OptimizerFact): string {
  return /^[A-Z]/.test(constructorName) ? constructorName : (namesInProse[algorithm] ?? constructorName);
}
