import type { OptimizerArgument, OptimizerFact, TrainingFacts } from "../facts/trainingFacts.ts";
import { optimizersHere } from "../facts/trainingFacts.ts";
import { argumentText, numberText, optimizerName, valuePlaces } from "./argumentText.ts";
import { gradedFix } from "./gradedFix.ts";
import { settingsOf } from "./groupSettings.ts";
import type { Rule } from "./rule.ts";
import type { RuleOption } from "./ruleOption.ts";
import { optimizesTensors } from "./trainingContext.ts";

/** Ten times Adam's default of 1e-3 (Kingma & Ba 2015, algorithm 1; torch, Keras and TensorFlow.js alike). */
const highForAdam: RuleOption = {
  name: "limit",
  type: "number",
  default: 1e-2,
  minimum: 0,
  description: "Learning rate of the Adam family from which on the rule speaks.",
};
/** Devlin et al. 2019, appendix A.3, fine-tune at 2e-5 to 5e-5; transformers' Trainer starts from 5e-5. */
const highForFineTuning: RuleOption = {
  name: "fine_tuning_limit",
  type: "number",
  default: 1e-3,
  minimum: 0,
  description: "The same where a pretrained transformer is fine-tuned.",
};

/** Small nets are published at 1e-2 and train (Kipf, Welling 2017, section 5.2): up to three times the limit is no alarm. */
const nearLimit = 3;

/** Keras code that sets the rate itself, so that the constructor's number is a start or a bound. */
const rateSetElsewhere = /LearningRateScheduler|set_value\([^)]*(lr|learning_rate)|LRFinder|lr_find|range_test/;
/** Few parameters are tuned: adapters and frozen bodies take higher rates. */
const tunesFewParameters = /\bpeft\b|lora|adapter|prompt_?tuning|requires_grad\s*=\s*False|requires_grad_\(False\)/i;
/** Soft prompts and scaling vectors beside frozen weights: Lester et al. 2021 train prompts at 0.3, section 3.2. */
const tunesVectors =
  /\b(PromptTuning|MultitaskPromptTuning|PromptEncoder|PrefixTuning|AdaptionPrompt|IA3|Vera|Pvera|C3A|VBLoRA|LNTuning|FourierFT|WaveFT|Adamss)(Config|Init)\b/;
/** 1e-2 is the rate that shallow graph nets are published with (Kipf, Welling 2017, section 5.2). */
const trainsGraphNets = /^\s*(import|from)\s+(torch_geometric|dgl)\b/m;

export const learningRateHigh: Rule = {
  name: "learning-rate-high",
  severity: "warning",
  title: "The learning rate is high for the Adam family",
  frameworks: [
    "pytorch",
    "tensorflowjs",
    "handwritten",
    "keras",
    "tensorflow1",
    "optax",
    "huggingface",
    "deepspeed",
    "configuration",
  ],
  sources: [
    "Kingma, Ba 2015, Adam, algorithm 1 and section 2.1, https://arxiv.org/abs/1412.6980",
    "Kipf, Welling 2017, graph convolutional networks, section 5.2, https://arxiv.org/abs/1609.02907",
    "Lester et al. 2021, prompt tuning, section 3.2, https://arxiv.org/abs/2104.08691",
    "Devlin et al. 2019, BERT, appendix A.3, https://arxiv.org/abs/1810.04805",
    "transformers 5.23 training_args.py: learning_rate = 5e-5",
  ],
  options: [highForAdam, highForFineTuning],
  check(context, report) {
    if (
      rateSetElsewhere.test(context.text) ||
      tunesVectors.test(context.text) ||
      context.facts.learningRateWrites.length > 0
    )
      return;
    const fineTuning = fineTunesTransformer(context.facts, context.text);
    for (const optimizer of optimizersHere(context.facts)) {
      // LAMB scales each layer's step to the layer's norm, so that its rate means something else.
      if (!optimizer.adamFamily || optimizer.algorithm === "lamb" || optimizesTensors(optimizer)) continue;
      if (isReplaced(context.facts, optimizer)) continue;
      const kind = fineTuning && isTuned(optimizer) && !optimizer.hasParameterGroups ? highForFineTuning : highForAdam;
      const limit = context.optionValue(kind);
      const isUsual = kind === highForAdam && trainsGraphNets.test(context.text);
      const argument = highRate(optimizer, limit, context.facts);
      const rate = lowestRate(argument);
      if (argument === undefined || rate === null || (isUsual && rate <= limit)) continue;
      const place = argument.range ?? optimizer.nameRange;
      const lower = tenthsBelow(rate, limit);
      const draft = context
        .fixesOf(optimizer.framework)
        .setOptimizerArgument(context, withRate(optimizer, argument), "learningRate", lower);
      report({
        start: place.start,
        end: place.end,
        severity: kind === highForAdam && rate < nearLimit * limit ? "info" : "warning",
        message: `${optimizerName(optimizer)} moves each weight by about its learning rate a step whatever the gradient's size, and ${argumentText(argument, optimizer)} is ${comparison(rate, kind)}. Start from ${lower}, or warm up to the higher rate.`,
        fixes: gradedFix(draft, "unsafe", "Training is slower and steadier."),
        related: valuePlaces(argument),
      });
    }
  },
};

/**
 * The first rate that is too high, of those that the optimizer itself and its groups have. One group above others that are not is
 * meant so: a new head, mask scores.
 */
function highRate(optimizer: OptimizerFact, limit: number, facts: TrainingFacts): OptimizerArgument | undefined {
  const settings = settingsOf(optimizer, "learningRate");
  const high = settings.filter(({ argument, group }) => {
    const rate = lowestRate(argument);
    if (rate === null || rate < limit) return false;
    if (isOthersDefault(optimizer, argument, facts)) return false;
    return group === null || !optimizesTensors({ ...group, hasParameterGroups: false });
  });
  return high.find(({ group }) => group === null || high.length === settings.length)?.argument;
}

/** The rate that a command line has by default goes with the optimizer that it has by default, which may be SGD. */
function isOthersDefault(
  { byDefault }: OptimizerFact,
  { resolved }: OptimizerArgument,
  { optimizers }: TrainingFacts,
): boolean {
  if (!resolved.known || !resolved.overridable) return false;
  const source = resolved.chain.at(-1);
  return (
    byDefault === "off" ||
    optimizers.some((other) => {
      const rate = other.arguments.learningRate?.resolved.chain.at(-1);
      const isOpen = byDefault === "unclear" || other.byDefault === "unclear";
      return isOpen && !other.adamFamily && rate?.path === source?.path && rate?.start === source?.start;
    })
  );
}

function withRate(optimizer: OptimizerFact, learningRate: OptimizerArgument): OptimizerFact {
  return { ...optimizer, arguments: { ...optimizer.arguments, learningRate } };
}

/** A schedule takes the constructor's number as a factor, or puts its own in its place. */
function isReplaced({ schedulers, optimizers }: TrainingFacts, optimizer: OptimizerFact): boolean {
  const index = optimizers.indexOf(optimizer);
  return schedulers.some(
    (each) => each.replacesRate && (each.optimizers.length === 0 || each.optimizers.includes(index)),
  );
}

function comparison(rate: number, kind: RuleOption): string {
  const usual = kind === highForFineTuning ? 5e-5 : 1e-3;
  const usedFor = kind === highForFineTuning ? "usual for fine-tuning a transformer" : "that is Adam's default";
  return `${numberText(Number((rate / usual).toPrecision(2)))} times the ${numberText(usual)} ${usedFor}`;
}

function lowestRate(argument: OptimizerArgument | undefined): number | null {
  if (!argument?.resolved.known) return null;
  const values = [argument.resolved.value, ...argument.resolved.alternatives];
  const rates = values.filter((value) => typeof value === "number");
  return rates.length === values.length ? Math.min(...rates) : null;
}

function fineTunesTransformer(facts: TrainingFacts, text: string): boolean {
  const has = (trait: string) =>
    facts.traits.some((fact) => fact.trait === trait && !isFixedTable(text.slice(fact.start, fact.end)));
  return has("pretrained") && has("transformer") && !tunesFewParameters.test(text);
}

/** A small new net beside a pretrained one learns at its own rate; what a Trainer builds is over the model of the file. */
function isTuned({ framework, tunesPretrained }: OptimizerFact): boolean {
  return framework !== "pytorch" || tunesPretrained === true;
}

/** `nn.Embedding.from_pretrained(sinusoid_table)`: a table of positions, not a pretrained model. */
function isFixedTable(code: string): boolean {
  return /Embedding(Bag)?\s*\.\s*from_pretrained/.test(code);
}

/** The rate divided by ten until it is below the limit, as code writes it: 0.05 → "5e-3". */
function tenthsBelow(rate: number, limit: number): string {
  let lower = rate;
  while (lower >= limit * (1 - 1e-12)) lower = Number((lower / 10).toPrecision(12));
  return numberText(lower);
}
