import { argumentFor } from "../facts/candidates.ts";
import type { UnsavedStateFact } from "../facts/checkpointFacts.ts";
import { terminalName } from "../facts/dottedText.ts";
import { linkedCalls } from "../facts/linkedCalls.ts";
import type { CallSite, SourceIndex } from "../facts/scope.ts";
import type { OptimizerFact } from "../facts/trainingFacts.ts";
import { boundTo } from "./boundTo.ts";
import { tensorflowName } from "./tensorflowNames.ts";

/** What has no state to lose. */
const stateless = /^sgd$/;

/**
 * `tf.train.Saver(tf.trainable_variables())` that the file saves with during training and goes on from: the slots of an optimizer
 * are variables that are not trainable, so it leaves them out (tensorflow/python/training/optimizer.py, slot_creator.py).
 */
export function collectSaversOfWeights(
  source: SourceIndex,
  optimizers: readonly OptimizerFact[],
): readonly UnsavedStateFact[] {
  const [optimizer] = optimizers.filter(({ algorithm }) => !stateless.test(algorithm));
  if (optimizer === undefined) return [];
  return (source.callsByTerminalName.get("Saver") ?? []).flatMap((site): readonly UnsavedStateFact[] => {
    const { call, scope, statement } = site;
    if (tensorflowName(call.callee, scope) !== "tf.train.Saver" || !keepsTrainableAlone(site)) return [];
    const uses = (name: string) =>
      (source.callsByTerminalName.get(name) ?? []).filter(({ call: each, scope: from }) => {
        if (each.callee.kind !== "attribute") return false;
        return linkedCalls(each.callee.object, from, (made) => terminalName(made.callee) === "Saver").has(call);
      });
    const [save] = uses("save").filter(({ loop }) => loop !== null);
    const [restore] = uses("restore");
    if (save === undefined || restore === undefined) return [];
    const { start, end } = call.callee;
    return [
      {
        start,
        end,
        framework: "tensorflow1",
        at: "save",
        missing: "optimizer",
        holder: null,
        constructorName: optimizer.constructorName,
        call: boundTo(site) ?? "Saver",
        resumedAt: { start: restore.call.callee.start, end: restore.call.callee.end },
        keepsCount: true,
        companions: [],
        dictionary: null,
        weights: null,
        load: null,
        built: { start: statement.start, end: statement.end },
        setting: null,
      },
    ];
  });
}

function keepsTrainableAlone({ call, scope }: CallSite): boolean {
  const variables = argumentFor(call, "var_list", 0);
  if (variables === null || variables === "unclear" || variables.value.kind !== "call") return false;
  return tensorflowName(variables.value.callee, scope) === "tf.trainable_variables";
}
