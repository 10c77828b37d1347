import { type OptimizerFact, optimizersHere, type TrainingFacts } from "../facts/trainingFacts.ts";
import { certainNumber, numberText, optimizerName } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";
import { optimizesTensors } from "./trainingContext.ts";

/** The line above says that the optimizer was built anew on purpose. */
const marked = /^[ \t]*#[^\n]*\breset\b[^\n]*\n[^\n]*$/im;

export const optimizerReset: Rule = {
  name: "optimizer-reset",
  severity: "hint",
  title: "A verdict suggests a new optimizer at a lower rate, on the weights so far",
  frameworks: ["pytorch"],
  liveOnly: true,
  sources: [
    "Huang et al. 2025, SPAM: Spike-aware Adam with momentum reset, https://arxiv.org/abs/2501.06842",
    "Kingma, Ba 2015, Adam, section 3 (bias correction of moments that begin at zero), https://arxiv.org/abs/1412.6980",
    "torch 2.13 optim/optimizer.py, load_state_dict: takes moments and param_groups, with their lr, from the checkpoint",
  ],
  check(context, report) {
    const { facts, text } = context;
    const optimizer = onlyAdaptive(facts);
    if (optimizer === null || marked.test(text.slice(0, optimizer.start))) return;
    const restores = facts.optimizerRestores.filter(({ optimizer: name }) => name === optimizer.boundTo);
    if (restores.some(({ builtAnew }) => builtAnew)) return;
    const restore = restores.length === 1 ? (restores[0] ?? null) : null;
    const rate = certainNumber(optimizer.arguments.learningRate);
    const lower = rate === null || rate <= 0 ? null : numberText(rate / 10);
    const name = optimizerName(optimizer);
    const place = restore ?? optimizer.nameRange;
    const draft =
      restores.length > 1 ? null : context.fixesOf("pytorch").resetOptimizer(context, optimizer, restore, lower);
    report({
      start: place.start,
      end: place.end,
      message:
        restore === null
          ? `A run of this script went wrong in a way that ${name}'s moments can carry on: they still hold the bad steps when the rate is lowered. Start again from the last good weights with a new ${name} at ${lower ?? "a tenth of its rate"}.`
          : `Resuming here gives ${name} back the moments and the learning rate of the run that went wrong. Build it anew after loading, at ${lower ?? "a tenth of its rate"}, and keep the weights.`,
      fixes: gradedFix(draft, "unsafe", "Moments begin at zero and the steps are a tenth as large."),
      related:
        restore === null
          ? []
          : [{ path: facts.path, start: optimizer.start, end: optimizer.end, message: `${name} is built here` }],
    });
  },
};

/** The adaptive optimizer that the training loops step, where there is one. */
function onlyAdaptive(facts: TrainingFacts): OptimizerFact | null {
  const stepped = new Set(
    facts.loops.flatMap(({ optimizers }) => optimizers.flatMap((index) => facts.optimizers[index] ?? [])),
  );
  const here = optimizersHere(facts).filter(
    (optimizer) => optimizer.framework === "pytorch" && optimizer.adaptive && !optimizesTensors(optimizer),
  );
  const found = here.filter((optimizer) => stepped.has(optimizer));
  return found.length === 1 ? (found[0] ?? null) : null;
}
