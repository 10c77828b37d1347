import { gradedFix } from "./gradedFix.ts";
import type { Rule } from "./rule.ts";

export const nonfiniteHidden: Rule = {
  name: "nonfinite-hidden",
  severity: "info",
  title: "NaN and infinite losses never reach the log",
  frameworks: ["pytorch", "huggingface"],
  sources: [
    "transformers 5.23 training_args.py L1022-1026: logging_nan_inf_filter = True; trainer.py L1911-1917",
    "https://docs.pytorch.org/docs/stable/generated/torch.nan_to_num.html",
    "https://numpy.org/doc/stable/reference/generated/numpy.nan_to_num.html",
  ],
  check(context, report) {
    for (const hidden of context.facts.hiddenNonfinites) {
      const draft = context.fixesOf(hidden.framework).showNonfinite(context, hidden);
      const isFilter = hidden.how === "logging-filter";
      report({
        start: hidden.start,
        end: hidden.end,
        message: isFilter
          ? "logging_nan_inf_filter is on by default: the Trainer puts the running mean in the place of every NaN or infinite loss, so that the log stays smooth while weights are lost. Set it to False to see the first bad step."
          : `nan_to_num puts a number in the place of a NaN or infinite ${hidden.lossText ?? "loss"}, so that the log hides the step that went wrong. Leave it out, and skip such a step openly with isfinite.`,
        fixes: gradedFix(
          draft,
          "unsafe",
          isFilter
            ? "The log shows NaN from the first bad step on; the training itself does not change."
            : "A NaN loss stays NaN, in the log and in its gradients.",
        ),
        related: [],
      });
    }
  },
};
