import type { OptimizerFact } from "../facts/trainingFacts.ts";
import type { TextEdit } from "../text/range.ts";
import type { FixContext, FixDraft } from "./framework.ts";
import { torchName } from "./pytorchImports.ts";
import { aligned } from "./pytorchOptimizerFixes.ts";
import { definitionAround, indentationOf, insertLinesAfter, lineContentEnd, lineStart } from "./sourceLines.ts";

/**
 * A cosine over the epochs of the Trainer, which steps it once an epoch (lightning 2.6 core/module.py, configure_optimizers: two
 * lists, the interval is "epoch"); null where `configure_optimizers` does not return the one optimizer as it is.
 */
export function scheduleInModule(context: FixContext, optimizer: OptimizerFact): FixDraft | null {
  const { text } = context;
  const definition = definitionAround(text, optimizer.start);
  if (definition < 0 || !/^[ \t]+def configure_optimizers\(self\)/.test(text.slice(definition))) return null;
  const made = torchName(context, "torch.optim.lr_scheduler", "CosineAnnealingLR");
  const rest = text.slice(optimizer.end, lineContentEnd(text, optimizer.end));
  if (made === null || !/^\s*(#.*)?$/.test(rest) || /(?<![\w.])scheduler\b/.test(text)) return null;
  const edits = returned(text, optimizer, definition, made.name) ?? kept(text, optimizer, definition, made.name);
  return edits === null
    ? null
    : { title: "Lower the learning rate along a cosine over the epochs", edits: [...made.edits, ...edits] };
}

const creation = (cosine: string, optimizer: string) =>
  `scheduler = ${cosine}(${optimizer}, T_max=self.trainer.max_epochs)`;

/** `return Adam(…)`, the last line of the function. */
function returned(
  text: string,
  optimizer: OptimizerFact,
  definition: number,
  cosine: string,
): readonly TextEdit[] | null {
  const line = lineStart(text, optimizer.start);
  const start = text.indexOf("return", line);
  if (text.slice(line, optimizer.start).trim() !== "return" || returnsOf(text, definition).length !== 1) return null;
  const behind = insertLinesAfter(text, { start, end: optimizer.end }, [
    creation(cosine, "optimizer"),
    "return [optimizer], [scheduler]",
  ]);
  if (behind === null) return null;
  const growth = "optimizer =".length - "return".length;
  return [{ start, end: start + "return".length, newText: "optimizer =" }, ...aligned(text, optimizer, growth), behind];
}

/** `optimizer = Adam(…)` and, further down, `return optimizer`. */
function kept(text: string, optimizer: OptimizerFact, definition: number, cosine: string): readonly TextEdit[] | null {
  const { boundTo } = optimizer;
  const line = lineStart(text, optimizer.start);
  if (boundTo === null || text.slice(line, optimizer.start).trim() !== `${boundTo} =`) return null;
  const [only, ...others] = returnsOf(text, definition);
  if (only === undefined || others.length > 0 || only.start < optimizer.end) return null;
  if (only.value !== boundTo && only.value !== `[${boundTo}]`) return null;
  const start = text.indexOf(boundTo, line);
  const behind = insertLinesAfter(text, { start, end: optimizer.end }, [creation(cosine, boundTo)]);
  if (behind === null) return null;
  return [behind, { start: only.start, end: only.end, newText: `[${boundTo}], [scheduler]` }];
}

/** What the function returns, with the places of the values. */
function returnsOf(text: string, definition: number) {
  const indentation = indentationOf(text, definition + (/^[ \t]*/.exec(text.slice(definition))?.[0].length ?? 0)) ?? "";
  const first = lineContentEnd(text, definition);
  const next = new RegExp(`\\n(?!${indentation}[ \\t])[ \\t]*[^\\s#)\\]}]`).exec(text.slice(first));
  const body = text.slice(first, next === null ? text.length : first + next.index);
  return [...body.matchAll(/^([ \t]+return\b[ \t]*)([^\n#]*?)[ \t]*\r?(?=#|$)/gm)].map((match) => {
    const start = first + match.index + (match[1] ?? "").length;
    const value = match[2] ?? "";
    return { start, end: start + value.length, value };
  });
}
