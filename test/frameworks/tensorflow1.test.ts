import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { factsOf, sliceOf } from "./readFacts.ts";

describe("TensorFlow 1 optimizers", () => {
  for (const head of ["import tensorflow as tf", "import tensorflow.compat.v1 as tf"]) {
    it(`are read after ${head}`, () => {
      const [optimizer] = factsOf(`${head}\nopt = tf.train.AdamOptimizer(1e-4)`).optimizers;
      assert.equal(optimizer?.framework, "tensorflow1");
      assert.equal(optimizer?.algorithm, "adam");
      const { eps, learningRate } = optimizer?.arguments ?? {};
      assert.equal(eps?.resolved.known && eps.resolved.value, 1e-8);
      assert.equal(learningRate?.resolved.known && learningRate.resolved.value, 1e-4);
    });
  }

  it("are read by a full name and by an import of their own", () => {
    for (const code of [
      "import tensorflow as tf\nopt = tf.compat.v1.train.RMSPropOptimizer(1e-3)",
      "from tensorflow.train import AdamOptimizer\nopt = AdamOptimizer()",
    ]) {
      assert.equal(factsOf(code).optimizers.length, 1, code);
    }
  });

  it("are no optimizers of other libraries by the same name", () => {
    assert.deepEqual(
      factsOf("from mine import AdamOptimizer\nimport tensorflow\nopt = AdamOptimizer(0.1)").optimizers,
      [],
    );
  });
});

describe("TensorFlow 1 training", () => {
  const kinds = (code: string) =>
    factsOf(`import tensorflow as tf\n${code}`).loops.map(({ events }) => events.map(({ kind }) => kind));

  it("is a minimize, on the optimizer or on its constructor", () => {
    const trained = [["zero-grad", "backward", "optimizer-step"]];
    assert.deepEqual(kinds("train_op = tf.train.AdamOptimizer().minimize(loss)"), trained);
    assert.deepEqual(kinds("opt = tf.train.AdamOptimizer()\ntrain_op = opt.minimize(loss)"), trained);
  });

  it("shows the call that makes the training operation", () => {
    const code = "import tensorflow as tf\ntrain_op = tf.train.AdamOptimizer().minimize(loss)";
    assert.equal(sliceOf(code, factsOf(code).loops[0]), "tf.train.AdamOptimizer().minimize(loss)");
  });

  it("clips where gradients are clipped before they are applied, anywhere in the graph", () => {
    const code = [
      "opt = tf.train.AdamOptimizer()",
      "gvs = opt.compute_gradients(loss)",
      "capped = [(tf.clip_by_value(grad, -1.0, 1.0), var) for grad, var in gvs]",
      "train_op = opt.apply_gradients(capped)",
    ].join("\n");
    assert.ok(kinds(code)[0]?.includes("clip"));
  });

  it("may clip elsewhere where an object keeps the gradients or they come from outside", () => {
    const kept = "opt = tf.train.AdamOptimizer()\nself.g = opt.compute_gradients(l)\nop = opt.apply_gradients(self.g)";
    assert.ok(kinds(kept)[0]?.includes("unknown-call-with-model"));
    const given = "opt = tf.train.AdamOptimizer()\nop = opt.apply_gradients(grads)";
    assert.ok(kinds(given)[0]?.includes("unknown-call-with-model"));
    const plain = "opt = tf.train.AdamOptimizer()\ngvs = opt.compute_gradients(l)\nop = opt.apply_gradients(gvs)";
    assert.deepEqual(kinds(plain), [["zero-grad", "backward", "optimizer-step"]]);
  });
});
