import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";

export const samplerEpochUnset: Rule = {
  name: "sampler-epoch-unset",
  severity: "warning",
  title: "A distributed sampler shuffles every epoch alike, for its epoch is never set",
  frameworks: ["pytorch"],
  sources: [
    "https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler",
    "torch 2.13 utils/data/distributed.py: randperm seeded with self.seed + self.epoch, epoch 0 until set_epoch",
  ],
  check(context, report) {
    const { path } = context.facts;
    for (const fact of context.facts.samplerEpochs) {
      const call = `${fact.call?.receiver ?? fact.boundTo ?? "sampler"}.set_epoch(${fact.call?.epoch ?? "epoch"})`;
      report({
        start: fact.start,
        end: fact.end,
        message: `This sampler seeds its shuffle with its epoch number, which nothing sets, so every epoch sees the data in the same order. Call ${call} at the start of each epoch.`,
        fixes: gradedFix(context.fixesOf(fact.framework).setSamplerEpoch(context, fact), "safe"),
        related: [{ path, ...fact.epochLoop, message: "the epochs begin here" }],
      });
    }
  },
};
