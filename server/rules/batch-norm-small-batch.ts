import type { Rule } from "./rule.ts";

export const batchNormSmallBatch: Rule = {
  name: "batch-norm-small-batch",
  severity: "info",
  title: "Batch norm is trained on batches of a few samples",
  frameworks: ["pytorch", "keras"],
  sources: [
    "Wu and He, Group Normalization (ECCV 2018), arXiv:1803.08494, abstract and figure 1",
    "https://docs.pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html",
  ],
  check(context, report) {
    const { path } = context.facts;
    for (const { start, end, batchSize, overridable, shownBy, layer } of context.facts.smallNormBatches) {
      const samples = batchSize === 1 ? "1 sample" : `${batchSize} samples`;
      report({
        start,
        end,
        message: `${shownBy} takes its statistics from batches of ${samples}${overridable ? " by default" : ""}, which are so noisy that validation, with the running ones, differs from training; accumulating gradients does not help it. Use larger batches, SyncBatchNorm over several devices, or group norm.`,
        fixes: [],
        related: [{ path, ...layer, message: "batch norm comes from here" }],
      });
    }
  },
};
