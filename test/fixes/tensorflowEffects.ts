import assert from "node:assert/strict";
import type { ScriptTrace } from "./harness/tensorflowScript.ts";

export interface Runs {
  readonly before: ScriptTrace;
  readonly after: ScriptTrace;
  /** The state that the script was changed from. */
  readonly earlier: ScriptTrace | null;
}

/** What each fix of TensorFlow.js code is for, as `harness/torch_effects.py`; each throws an assertion that does not hold. */
export const effects: Readonly<Record<string, (runs: Runs) => void>> = {
  "missing-gradient-clipping"({ before, after }) {
    assert.equal(after.norms.length, before.norms.length);
    const [first = 0] = before.norms;
    assert.ok(first > 1, "the script's first gradient is too small to tell");
    assert.ok(Math.abs((after.norms[0] ?? 0) - 1) < 1e-3, `${after.norms}`);
    assert.ok(
      after.norms.every((norm) => norm <= 1 + 1e-4),
      `${after.norms}`,
    );
    // From the second step on, when the optimizer has made its own variables, no step holds more than the one before.
    const held = after.tensors.slice(1);
    assert.ok(Math.max(...held) <= (held[0] ?? 0), `tensors held after each step: ${after.tensors}`);
  },
  "learning-rate-high"({ before, after }) {
    assert.ok(Number(before.rates[0]) >= 1e-2 && Number(after.rates[0]) < 1e-2, `${after.rates}`);
  },
  "activation-before-loss"({ before, after }) {
    const isProbability = (values: readonly number[]) => values.every((value) => value >= 0 && value <= 1);
    if (before.logits.length > 0) {
      assert.ok(isProbability(before.logits[0] ?? []) && !isProbability(after.logits[0] ?? []));
      return;
    }
    assert.equal(before.layers.at(-1)?.activation, undefined);
    assert.equal(after.layers.at(-1)?.activation, "softmax");
    assert.notDeepEqual(before.weights, after.weights);
  },
  "training-data-not-shuffled"({ before, after }) {
    assert.equal(before.fits[0]?.shuffle, false);
    assert.notEqual(after.fits[0]?.shuffle, false);
    assert.notDeepEqual(before.weights, after.weights);
  },
  "unstable-loss"({ before, after }) {
    assert.ok(!before.weights.every(Number.isFinite), "the loss was stable before");
    assert.ok(after.weights.length > 0 && after.weights.every(Number.isFinite));
  },
  "unused-suppression"({ before, after }) {
    assert.ok(before.weights.length > 0);
    assert.deepEqual(before.weights, after.weights);
  },
  "many-hyperparameters-changed"({ before, after, earlier }) {
    assert.ok(earlier !== null);
    const numbers = ({ rates, fits, layers }: ScriptTrace): readonly unknown[] => [
      rates[0],
      fits[0]?.batchSize,
      fits[0]?.epochs,
      layers[0]?.units,
      layers[1]?.rate,
    ];
    const was = numbers(earlier);
    const changed = (trace: ScriptTrace) => numbers(trace).filter((value, place) => value !== was[place]).length;
    assert.equal(changed(before), 5);
    assert.equal(changed(after), 1);
  },
};
