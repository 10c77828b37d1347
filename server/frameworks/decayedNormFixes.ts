import type { DecayedNormFact } from "../facts/decayedNormFacts.ts";
import type { OptimizerFact } from "../facts/trainingFacts.ts";
import { appendArgument } from "./argumentInsertion.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { indentOf } from "./pytorchStepFixes.ts";
import { lineEndOf, lineStart, quoteOf } from "./sourceLines.ts";

/**
 * Two groups by the number of dimensions, as timm does it (timm/optim/_param_groups.py, `weight_decay_exclude_1d`): matrices and
 * kernels are decayed, biases and norms are not.
 */
export function exemptNorms({ text }: FixContext, _optimizer: OptimizerFact, fact: DecayedNormFact): FixDraft | null {
  const { parameters } = fact;
  if (parameters === null) return null;
  const written = text.slice(parameters.start, parameters.end);
  if (written.includes("\n")) return null;
  const start = lineStart(text, parameters.start);
  const indentation = /^[ \t]*/.exec(text.slice(start))?.[0] ?? "";
  const quote = quoteOf(text);
  const key = (name: string) => `${quote}${name}${quote}`;
  const level = indentOf(text);
  const group = (test: string, rest: string) =>
    `${level}{${key("params")}: [p for p in ${written} if p.ndim ${test} 2]${rest}},`;
  const lines = ["[", group(">=", ""), group("<", `, ${key("weight_decay")}: 0.0`), "]"];
  return {
    title: "Decay matrices only, in two parameter groups",
    edits: [{ ...parameters, newText: lines.join(`${lineEndOf(text)}${indentation}`) }],
  };
}

/** optax takes a mask of the same shape as the parameters. */
export function maskNorms({ text, facts }: FixContext, optimizer: OptimizerFact): FixDraft | null {
  const jax = facts.imports.find(({ module, imported }) => module === "jax" && imported === null);
  if (jax === undefined || jax.local !== "jax" || text[optimizer.end - 1] !== ")") return null;
  const argument = "mask=lambda params: jax.tree_util.tree_map(lambda p: p.ndim > 1, params)";
  return { title: "Decay matrices only, with a mask", edits: appendArgument(text, optimizer, argument) };
}
