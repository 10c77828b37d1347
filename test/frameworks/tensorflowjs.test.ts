import assert from "node:assert/strict";
import { test } from "node:test";
import { fixesOf } from "../../server/frameworks/index.ts";
import { applied, factsOfTypeScript, present, sliceOf } from "./readFacts.ts";

const fixes = fixesOf("tensorflowjs");

const minimizing = `import * as tf from "@tensorflow/tfjs";

const optimizer = tf.train.adam(0.01);

export async function train(batches) {
  for (const { xs, ys } of batches) {
    const cost = optimizer.minimize(() => {
      const loss = tf.losses.meanSquaredError(ys, model.predict(xs));
      return loss.asScalar();
    }, true);
    console.log(cost.dataSync()[0]);
  }
}
`;

test("reads constructors with the backend's epsilon, and names in compile()", () => {
  const facts = factsOfTypeScript(`import * as tf from "@tensorflow/tfjs";
const sgd = tf.train.sgd(0.1);
const adam = tf.train.adam(0.01, 0.8);
model.compile({ optimizer: "adam", loss: "meanSquaredError" });
`);
  assert.deepEqual(facts.frameworks, ["tensorflowjs"]);
  const [sgd, adam, named] = facts.optimizers;
  assert.deepEqual([sgd?.algorithm, sgd?.adaptive, sgd?.constructorName], ["sgd", false, "train.sgd"]);
  assert.ok(adam?.arguments.eps?.resolved.known && adam.arguments.eps.resolved.value === 1e-7);
  assert.ok(adam.arguments.beta1?.resolved.known && adam.arguments.beta1.resolved.value === 0.8);
  assert.equal(adam.arguments.weightDecay, undefined);
  assert.equal(adam.boundTo, "adam");
  assert.equal(named?.algorithm, "adam");
  assert.ok(named?.arguments.learningRate?.resolved.known && named.arguments.learningRate.resolved.value === 1e-3);
});

test("reads minimize() in a loop as a whole step that zeroes, and fit() after compile()", () => {
  const facts = factsOfTypeScript(`${minimizing}
model.compile({ optimizer, loss: "meanSquaredError" });
await model.fit(xs, ys);
`);
  assert.deepEqual(
    facts.loops.map((loop) => [loop.events.map(({ kind }) => kind), loop.optimizers]),
    [
      [["zero-grad", "backward", "optimizer-step"], [0]],
      [["zero-grad", "backward", "optimizer-step"], [0]],
    ],
  );
  assert.equal(sliceOf(minimizing, facts.loops[0]?.header), "for (const { xs, ys } of batches)");
});

test("follows functions of the file, tidy() and gradients that a function makes anew", () => {
  const kindsOf = (step: string) =>
    factsOfTypeScript(`import * as tf from "@tensorflow/tfjs";
const optimizer = tf.train.adam(0.01);
const trainStep = (xs) => { tf.tidy(() => { ${step} }); };
for (const xs of batches) { trainStep(xs); }
`).loops.map((loop) => loop.events.map(({ kind }) => kind));
  assert.deepEqual(kindsOf("optimizer.minimize(() => model.predict(xs).mean());"), [
    ["zero-grad", "backward", "optimizer-step"],
  ]);
  assert.deepEqual(kindsOf("const { grads } = tf.variableGrads(f); optimizer.applyGradients(rescale(grads));"), [
    ["zero-grad", "backward", "unknown-call-with-model", "optimizer-step"],
  ]);
  assert.deepEqual(
    kindsOf("const { grads } = tf.variableGrads(f); clipGradients(grads); optimizer.applyGradients(grads);"),
    [["zero-grad", "backward", "clip", "optimizer-step"]],
  );
});

function clipped(text: string): string {
  const facts = factsOfTypeScript(text);
  const loop = present(facts.loops[0], "the loop");
  const step = present(
    loop.events.find(({ kind }) => kind === "optimizer-step"),
    "the step",
  );
  const fixed = applied(text, present(fixes.clipGradientNorm({ text, facts }, loop, step, 1), "a fix").edits);
  const kinds = factsOfTypeScript(fixed).loops[0]?.events.map(({ kind }) => kind);
  assert.deepEqual(kinds, ["zero-grad", "backward", "clip", "optimizer-step"]);
  return fixed;
}

test("clips between the gradients and their use, and still returns the cost", () => {
  const expected = `    const cost = tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => {
        const loss = tf.losses.meanSquaredError(ys, model.predict(xs));
        return loss.asScalar();
      });
      const gradients = Object.entries(grads);
      const globalNorm = tf.addN(gradients.map(([, gradient]) => gradient.square().sum())).sqrt();
      const clipScale = tf.minimum(1, tf.div(1, globalNorm.add(1e-6)));
      optimizer.applyGradients(
        Object.fromEntries(gradients.map(([name, gradient]) => [name, gradient.mul(clipScale)])),
      );
      return value;
    });
`;
  const lines = minimizing.split("\n");
  const before = lines.slice(0, 6).join("\n");
  const after = lines.slice(10).join("\n");
  assert.equal(clipped(minimizing), `${before}\n${expected}${after}`);
});

test("clips applied gradients, in the file's line ends", () => {
  const text = [
    'import * as tf from "@tensorflow/tfjs";',
    "const optimizer = tf.train.adam(0.01);",
    "while (true) {",
    "  const { grads } = tf.variableGrads(() => model.predict(xs).mean());",
    "  optimizer.applyGradients(grads);",
    "}",
    "",
  ].join("\r\n");
  const fixed = clipped(text);
  assert.ok(fixed.includes("  tf.tidy(() => {\r\n    const gradients = Object.entries(grads);\r\n"));
  assert.ok(fixed.includes("\r\n  });\r\n}\r\n"));
  assert.ok(
    fixed
      .split("\n")
      .slice(0, -1)
      .every((line) => line.endsWith("\r")),
  );
});

test("offers no clip for fit()", () => {
  const text = `import * as tf from "@tensorflow/tfjs";
model.compile({ optimizer: "adam", loss: "meanSquaredError" });
await model.fit(xs, ys);
`;
  const facts = factsOfTypeScript(text);
  const loop = present(facts.loops[0], "the loop");
  const step = present(loop.events.at(-1), "the step");
  assert.equal(fixes.clipGradientNorm({ text, facts }, loop, step, 1), null);
});

function set(optimizer: string, name: "eps" | "learningRate", literal: string): string | null {
  const text = `import * as tf from "@tensorflow/tfjs";\nconst RATE = 0.1;\nmodel.compile({ optimizer: ${optimizer} });\n`;
  const facts = factsOfTypeScript(text);
  const fix = fixes.setOptimizerArgument({ text, facts }, present(facts.optimizers[0], optimizer), name, literal);
  if (fix === null) return null;
  const fixed = applied(text, fix.edits);
  const { resolved } = present(factsOfTypeScript(fixed).optimizers[0]?.arguments[name], name);
  assert.ok(resolved.known && resolved.value === Number(literal), fixed);
  return fixed
    .split("\n")
    .slice(1, 3)
    .join("\n")
    .replace("const RATE = 0.1;\nmodel.compile({ optimizer: ", "")
    .replace(" });", "");
}

test("writes epsilon as the fourth argument and the rate as the first", () => {
  assert.equal(set("tf.train.adam(0.1)", "eps", "1e-6"), "tf.train.adam(0.1, 0.9, 0.999, 1e-6)");
  assert.equal(set("tf.train.adam()", "eps", "1e-6"), "tf.train.adam(0.001, 0.9, 0.999, 1e-6)");
  assert.equal(set("tf.train.adam(0.1, 0.8, 0.99, 1e-8)", "eps", "1e-6"), "tf.train.adam(0.1, 0.8, 0.99, 1e-6)");
  assert.equal(set('"adam"', "eps", "1e-6"), "tf.train.adam(0.001, 0.9, 0.999, 1e-6)");
  assert.equal(set("tf.train.adam(0.1)", "learningRate", "1e-3"), "tf.train.adam(1e-3)");
  assert.equal(set("tf.train.adam()", "learningRate", "1e-4"), "tf.train.adam(1e-4)");
  assert.equal(set('"adam"', "learningRate", "1e-4"), "tf.train.adam(1e-4)");
  assert.match(set("tf.train.adam(RATE)", "learningRate", "1e-3") ?? "", /^const RATE = 1e-3;/);
  assert.equal(set("tf.train.adam(0.1, 0.9, 0.999, null)", "eps", "1e-6"), null);
});
