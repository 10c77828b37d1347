import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf, present, sliceOf } from "./readFacts.ts";

const adam = `
class Adam:
    def __init__(self, size, lr=1e-3, eps=1e-8):
        self.lr, self.eps = lr, eps

    def step(self, weights, gradient):
        return weights
`;

test("an optimizer that the script defines is a fact, with its class's defaults", () => {
  const text = `${adam}\noptimizer = Adam(10, lr=3e-2)\n`;
  const facts = factsOf(text);
  assert.deepEqual(facts.frameworks, ["handwritten"]);
  const optimizer = present(facts.optimizers[0], "the optimizer");
  assert.equal(sliceOf(text, optimizer), "Adam(10, lr=3e-2)");
  assert.equal(optimizer.boundTo, "optimizer");
  assert.ok(optimizer.adamFamily && optimizer.adaptive);
  const { learningRate, eps } = optimizer.arguments;
  assert.equal(sliceOf(text, learningRate?.range), "lr=3e-2");
  assert.ok(learningRate?.resolved.known && learningRate.resolved.value === 3e-2);
  assert.ok(eps?.given === false && eps.resolved.known && eps.resolved.value === 1e-8);
});

test("stays silent when the name belongs to a library, to a subclass of one, or to something that does not step", () => {
  for (const text of [
    `import torch\n${adam}\noptimizer = Adam(10)\n`,
    "class Adam:\n    def __init__(self, age, lr=1):\n        self.age = age\n\nfirst = Adam(30)\n",
    "class Adam:\n    def __init__(self, age):\n        self.age = age\n    def step(self):\n        pass\n\nfirst = Adam(30)\n",
    `${adam}\ndef build(Adam):\n    return Adam(10)\n`,
  ]) {
    assert.deepEqual(factsOf(text).optimizers, [], text);
  }
});
