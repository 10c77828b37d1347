import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TrainingFacts } from "../../server/facts/trainingFacts.ts";
import { kerasFixes } from "../../server/frameworks/kerasFixes.ts";
import { applied, factsOf, present, sliceOf } from "./readFacts.ts";

function names(facts: TrainingFacts): readonly string[] {
  return facts.optimizers.map(({ framework, constructorName }) => `${framework} ${constructorName}`);
}

function kinds(facts: TrainingFacts): readonly (readonly string[])[] {
  return facts.loops.map(({ events }) => events.map(({ kind }) => kind));
}

const trained = ["zero-grad", "backward", "optimizer-step"];
const clipped = ["zero-grad", "backward", "clip", "optimizer-step"];

describe("Keras optimizers", () => {
  for (const [code, expected] of [
    ["import keras\nopt = keras.optimizers.Adam(1e-3)", "keras Adam"],
    ["from keras.optimizers import Adam as A\nopt = A(1e-3)", "keras Adam"],
    ["from keras.optimizers import *\nopt = RMSprop()", "keras RMSprop"],
    ["from tensorflow import keras\nopt = keras.optimizers.Nadam()", "keras Nadam"],
    ["import tensorflow as tf\nopt = tf.keras.optimizers.legacy.Adam(1e-3)", "keras Adam"],
    ["import tensorflow as tf\nopt = tf.optimizers.Adam(1e-3)", "keras Adam"],
    ["import tensorflow.compat.v2 as tf\nopt = tf.keras.optimizers.Adam()", "keras Adam"],
    ["from tensorflow.keras import optimizers\nopt = optimizers.Adamax()", "keras Adamax"],
    ["import tensorflow_addons as tfa\nopt = tfa.optimizers.AdamW(1e-4)", "keras AdamW"],
    ["import keras\nmodel.compile('rmsprop', loss='mse')", "keras rmsprop"],
    ["import keras\nname = 'adam'\nmodel.compile(optimizer=name, loss='mse')", "keras adam"],
  ] as const) {
    it(`are read from ${JSON.stringify(code)}`, () => assert.deepEqual(names(factsOf(code)), [expected]));
  }

  it("are not read from a class of the file, from schedules and from other calls named compile", () => {
    const code = [
      "import re",
      "import keras",
      "class Adam:",
      "    pass",
      "opt = Adam()",
      "rate = keras.optimizers.schedules.ExponentialDecay(1e-2, 1000, 0.9)",
      "pattern = re.compile('adam')",
    ].join("\n");
    assert.deepEqual(names(factsOf(code)), []);
  });

  it("have Keras's defaults, and a rate under its old keyword", () => {
    const code = "from keras.optimizers import Adam\nopt = Adam(lr=2e-4)";
    const [optimizer] = factsOf(code).optimizers;
    const { eps, learningRate } = present(optimizer, "optimizer").arguments;
    assert.equal(eps?.resolved.known && eps.resolved.value, 1e-7);
    assert.equal(learningRate?.keyword, "lr");
    assert.equal(sliceOf(code, learningRate?.range), "lr=2e-4");
  });

  it("have no rate that is a number where a schedule sets it", () => {
    const code = "import keras\nopt = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 1000))";
    assert.equal(factsOf(code).optimizers[0]?.arguments.learningRate?.resolved.known, false);
  });
});

describe("Keras training", () => {
  it("is a fit with the optimizer of the model's compilation", () => {
    const code = "import keras\nmodel = keras.Sequential()\nmodel.compile('adam', 'mse')\nmodel.fit(x, y)";
    const facts = factsOf(code);
    assert.deepEqual(kinds(facts), [trained]);
    assert.equal(sliceOf(code, facts.loops[0]?.events.at(-1)), "model.fit");
    assert.deepEqual(facts.loops[0]?.optimizers, [0]);
  });

  it("is no fit of a scaler beside the model", () => {
    const code = "import keras\nscaler.fit(x)\nmodel.compile('adam', 'mse')";
    assert.deepEqual(kinds(factsOf(code)), []);
  });

  it("is a fit of the model that a function of the file compiles", () => {
    const code = [
      "import keras",
      "def build():",
      "    net = keras.Sequential([keras.layers.Dense(1)])",
      "    net.compile(optimizer=keras.optimizers.Adam(clipnorm=1.0), loss='mse')",
      "    return net",
      "model = build()",
      "model.fit(x, y)",
    ].join("\n");
    assert.deepEqual(kinds(factsOf(code)), [clipped]);
  });

  it("takes the last compilation before a fit where a notebook compiles under one name again", () => {
    const code = [
      "import keras",
      "model.compile('sgd', 'mse')",
      "model.fit(x, y)",
      "model.compile('adam', 'mse')",
      "model.fit(x, y)",
    ].join("\n");
    assert.deepEqual(
      factsOf(code).loops.map(({ optimizers }) => optimizers),
      [[0], [1]],
    );
  });

  it("is a tape's gradient that an optimizer applies, in a loop and in a step function", () => {
    const step = [
      "    with tf.GradientTape() as tape:",
      "        loss = loss_fn(y, model(x))",
      "    grads = tape.gradient(loss, model.trainable_variables)",
      "    opt.apply_gradients(zip(grads, model.trainable_variables))",
    ];
    const head = ["import tensorflow as tf", "opt = tf.keras.optimizers.Adam()"];
    for (const header of ["for x, y in data:", "def step(x, y):"]) {
      assert.deepEqual(kinds(factsOf([...head, header, ...step].join("\n"))), [trained]);
    }
  });

  it("clips by a call between the gradient and its application, by an argument, or maybe by an unread function", () => {
    const program = (optimizer: string, between: string, value: string) =>
      [
        "import tensorflow as tf",
        `opt = tf.keras.optimizers.Adam(${optimizer})`,
        "for x, y in data:",
        "    with tf.GradientTape() as tape:",
        "        loss = loss_fn(y, model(x))",
        "    grads = tape.gradient(loss, model.trainable_variables)",
        `    ${between}`,
        `    opt.apply_gradients(zip(${value}, model.trainable_variables))`,
      ].join("\n");
    const clip = "grads, norm = tf.clip_by_global_norm(grads, 1.0)";
    assert.deepEqual(kinds(factsOf(program("", clip, "grads"))), [clipped]);
    assert.deepEqual(kinds(factsOf(program("global_clipnorm=1.0", "pass", "grads"))), [clipped]);
    assert.deepEqual(kinds(factsOf(program("**settings", "pass", "grads"))), [clipped]);
    const inline = "[tf.clip_by_value(g, -1.0, 1.0) for g in grads]";
    assert.ok(kinds(factsOf(program("", "pass", inline)))[0]?.includes("clip"));
    const unread = kinds(factsOf(program("", "grads = postprocess(grads)", "grads")));
    assert.ok(unread[0]?.includes("unknown-call-with-model"));
    const guard = "p = tf.clip_by_value(prediction, 1e-7, 1.0)";
    assert.deepEqual(kinds(factsOf(program("", guard, "grads"))), [trained]);
  });

  it("is each train_on_batch of an adversarial pair with its own optimizer", () => {
    const code = [
      "import keras",
      "discriminator.compile(loss='binary_crossentropy', optimizer=keras.optimizers.Adam(2e-4, 0.5))",
      "combined.compile(loss='binary_crossentropy', optimizer='adam')",
      "for step in range(1000):",
      "    discriminator.train_on_batch(images, valid)",
      "    combined.train_on_batch(noise, valid)",
    ].join("\n");
    const steps = factsOf(code).loops.flatMap(({ events }) => events.filter(({ kind }) => kind === "optimizer-step"));
    assert.deepEqual(
      steps.map(({ optimizers }) => optimizers),
      [[0], [1]],
    );
  });
});

describe("Keras precision and traits", () => {
  it("come from policies and layers", () => {
    const code = [
      "import tensorflow as tf",
      "from tensorflow.keras import layers, mixed_precision",
      "policy = mixed_precision.Policy('mixed_float16')",
      "mixed_precision.set_global_policy(policy)",
      "tf.keras.backend.set_floatx('float16')",
      "cell = layers.LSTM(64)",
      "base = tf.keras.applications.ResNet50(weights='imagenet')",
    ].join("\n");
    const { precision, traits } = factsOf(code);
    assert.deepEqual(
      precision.map(({ scope, type, shownBy }) => [scope, type, shownBy]),
      [
        ["autocast", "float16", "set_global_policy"],
        ["parameters", "float16", "set_floatx"],
      ],
    );
    assert.deepEqual(
      traits.map(({ trait }) => trait),
      ["recurrent", "pretrained"],
    );
  });
});

describe("the Keras clipping fix", () => {
  function fixed(code: string): string {
    const facts = factsOf(code);
    const loop = present(facts.loops[0], "loop");
    const step = present(
      loop.events.find(({ kind }) => kind === "optimizer-step"),
      "step",
    );
    const draft = kerasFixes.clipGradientNorm?.({ text: code, facts }, loop, step, 1);
    return applied(code, present(draft, "fix").edits);
  }

  for (const [imports, written, added] of [
    ["import keras", "keras.optimizers.Adam", ""],
    ["from tensorflow import keras", "keras.optimizers.Adam", ""],
    ["import tensorflow as tf", "tf.keras.optimizers.Adam", ""],
    ["from tensorflow.keras import optimizers", "optimizers.Adam", ""],
    ["from keras.optimizers import Adam", "Adam", ""],
    ["from keras.models import Sequential", "Adam", "\nfrom keras.optimizers import Adam"],
    ["from tensorflow.keras.models import Sequential", "Adam", "\nfrom tensorflow.keras.optimizers import Adam"],
  ] as const) {
    it(`writes ${written} after ${JSON.stringify(imports)}`, () => {
      const rest = "\nmodel.fit(x, y)";
      assert.equal(
        fixed(`${imports}\nmodel.compile(loss="mse", optimizer="adam")${rest}`),
        `${imports}${added}\nmodel.compile(loss="mse", optimizer=${written}(global_clipnorm=1.0))${rest}`,
      );
    });
  }

  it("writes clipnorm beside the old spelling lr", () => {
    const code = "from keras.optimizers import Adam\nmodel.compile(Adam(lr=1e-3), 'mse')\nmodel.fit(x, y)";
    assert.match(fixed(code), /Adam\(lr=1e-3, clipnorm=1\.0\)/);
  });
});
