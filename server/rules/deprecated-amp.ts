import type { DeprecatedAmpFact } from "../facts/deprecatedAmpFacts.ts";
import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";

export const deprecatedAmp: Rule = {
  name: "deprecated-amp",
  severity: "hint",
  title: "Mixed precision is written in a way that torch has deprecated",
  frameworks: ["pytorch"],
  sources: [
    "torch 2.13 cuda/amp/autocast_mode.py L13-21, cuda/amp/grad_scaler.py: deprecated, with a FutureWarning",
    "https://docs.pytorch.org/docs/stable/amp.html",
    "https://github.com/NVIDIA/apex#readme (apex.amp is deprecated in favour of torch.amp)",
  ],
  check(context, report) {
    for (const fact of context.facts.deprecatedAmp) {
      report({
        start: fact.start,
        end: fact.end,
        message: message(fact),
        fixes: gradedFix(context.fixesOf(fact.framework).currentAmp(context, fact), "safe"),
        related: [],
      });
    }
  },
};

function message({ name, replacement }: DeprecatedAmpFact): string {
  return replacement === null
    ? "apex.amp is deprecated and no longer developed; torch.amp does the same with every optimizer. Use torch.amp.autocast and torch.amp.GradScaler."
    : `${name} is deprecated since torch 2.4, which warns of it (the newest torch is assumed unless a version is pinned). Use ${replacement}.`;
}
