import type { SeriesRole, StepAxis } from "./run.ts";

/** Words that say of which part of the run a loss is, or how it was averaged, and nothing about what it measures. */
const neutralWords = new Set(
  "train training trn tr total lm avg average mean step epoch batch running overall sum smoothed final current iter iteration objective value train_loss loss val valid validation eval evaluation test testing dev".split(
    " ",
  ),
);
const valWords = new Set("val valid validation eval evaluation test testing dev".split(" "));
const metricWords = new Set(
  "acc accuracy top1 top5 prec precision recall f1 auc auroc iou miou dice ap map bleu rouge wer cer psnr ssim fid mae mse rmse r2 ppl perplexity bpc bpb reward return returns score hella winrate".split(
    " ",
  ),
);
const numberedMetric = /^(?:acc|top|prec|map|ap|hits|recall|ndcg)\d+$/;
const timeWords = new Set("time timestamp runtime elapsed eta dt seconds sec secs duration ms".split(" "));
const gradientWords = new Set("grad grads gradient gradients gnorm grdn gradnorm".split(" "));
/** Whose gradients, and how they were measured. */
const gradientNeutralWords = new Set("global l2 all optim optimizer actor policy model".split(" "));

/** A name in lower-case words: `valLoss`, `val/loss` and `Val. Loss` alike give `["val", "loss"]`. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/IoU/g, "Iou")
    .replace(/mAP/g, "map")
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/)
    .filter((word) => word.length > 0);
}

/** Charts that wandb exports name the run first and add the extremes of each point: `run - loss`, `run - loss__MIN`. */
const exportedChart = /^.+ - (?=[^-]*$)/;
const exportedExtreme = /__(?:MIN|MAX)$/;

/** What a column means for training, by its name; `other` when the name does not tell. */
export function roleOf(name: string): SeriesRole {
  if (exportedExtreme.test(name)) {
    return "other";
  }
  const words = wordsOf(name.replace(exportedChart, ""));
  const has = (word: string): boolean => words.includes(word);
  const hasAny = (set: ReadonlySet<string>): boolean => words.some((word) => set.has(word));
  if (axisOf(name) === "epoch") {
    return "epoch";
  }
  if ((has("loss") && has("scale")) || has("lossscale") || (has("grad") && has("scale")) || has("scaler")) {
    return "loss-scale";
  }
  if ((has("lr") || has("lr0") || (has("learning") && has("rate"))) && !has("loss")) {
    return "learning-rate";
  }
  if (has("update") && has("ratio")) {
    return "update-ratio";
  }
  if (has("update") && has("norm")) {
    return "update-norm";
  }
  if ((has("weight") || has("weights") || has("param") || has("params")) && has("norm") && !hasAny(gradientWords)) {
    return "weight-norm";
  }
  if (isGradientNorm(words)) {
    return "grad-norm";
  }
  const loss = lossRole(words);
  if (loss !== null) {
    return loss;
  }
  if (hasAny(metricWords) || words.some((word) => numberedMetric.test(word))) {
    return "metric";
  }
  return hasAny(timeWords) ? "time" : "other";
}

function isGradientNorm(words: readonly string[]): boolean {
  if (words.some((word) => word === "gnorm" || word === "grdn" || word === "gradnorm")) {
    return true;
  }
  const rest = words.filter((word) => !neutralWords.has(word) && !gradientNeutralWords.has(word));
  if (rest.length === 1) {
    return rest[0] === "norm" || rest[0] === "grad" || rest[0] === "gradient";
  }
  return (
    rest.length === 2 && rest.some((word) => gradientWords.has(word)) && rest.some((word) => /^(norm|abs)$/.test(word))
  );
}

/**
 * The loss that training minimizes, or its value on held-out data; null for components (`box_loss`, `G_A`), whose level
 * means nothing by itself.
 */
function lossRole(words: readonly string[]): SeriesRole | null {
  const bare = words.length === 1 ? words[0] : "";
  if (bare === "trl" || bare === "train") {
    return "train-loss";
  }
  if (bare === "tel" || bare === "val" || bare === "valid") {
    return "val-loss";
  }
  if (!words.some((word) => word === "loss" || word === "nll" || word === "objective")) {
    return null;
  }
  if (words.some((word) => !neutralWords.has(word) && word !== "nll")) {
    return "other";
  }
  return words.some((word) => valWords.has(word)) ? "val-loss" : "train-loss";
}

/** True for a loss of any kind, components included. */
export function isLossName(name: string): boolean {
  return roleOf(name).endsWith("-loss") || wordsOf(name).some((word) => word === "loss" || word === "nll");
}

/** Preferred first among the step columns of one record; the others follow, and fractions (fairseq's `update`) last. */
const wholeRunSteps =
  /^(?:.*\/)?_?(?:trainer\/)?(?:global_?steps?|num_updates|total_?(?:time)?steps?|current_?steps?|total\/steps)$/;

const axisNames: readonly (readonly [StepAxis, RegExp])[] = [
  [
    "step",
    /^(?:.*\/)?_?(?:train_?|training_?|val_?|valid_?|eval_?|test_?)?(?:s|steps?|global_?steps?|iters?|iterations?|it|itr|n_iter|updates?|num_updates|total_?steps?|current_?steps?|timesteps?|total_timesteps)$/,
  ],
  [
    "epoch",
    /^(?:.*\/)?_?(?:train_?|training_?|val_?|valid_?|eval_?|test_?|total_?)?(?:epochs?|ep|epch|epoch_idx|current_epoch)$/,
  ],
  ["step", /^(?:.*\/)?(?:batch|batch_idx|batch_id|episodes?|frames?|batches|rounds?)$/],
  ["tokens", /^(?:.*\/)?(?:consumed_|total_|num_|n_)?tokens(?:_seen)?$/],
  ["samples", /^(?:.*\/)?(?:consumed_|total_|num_|n_)?(?:samples|examples|smpl|images)(?:_seen)?$/],
  ["time", /^(?:.*\/)?_?(?:timestamp|wall_?time|elapsed|runtime)$/],
];

/** Which axis a column can be, null for none. */
export function axisOf(name: string): StepAxis | null {
  return axisRank(name)?.axis ?? null;
}

/** The axis with its rank: 0 is preferred to 1 and so on. `whole` columns count through the run, not through an epoch. */
export function axisRank(
  name: string,
): { readonly axis: StepAxis; readonly rank: number; readonly whole: boolean } | null {
  const lower = name.trim().toLowerCase().replace(/[ -]+/g, "_");
  for (let rank = 0; rank < axisNames.length; rank++) {
    const [axis, pattern] = axisNames[rank] ?? [];
    if (axis !== undefined && pattern?.test(lower)) {
      return { axis, rank, whole: wholeRunSteps.test(lower) };
    }
  }
  return null;
}
