import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf, present, sliceOf } from "./readFacts.ts";

test("reads given and defaulted arguments with their ranges", () => {
  const text = `import torch.optim as optim
optimizer = optim.Adam(model.parameters(), 3e-4, betas=(0.9, 0.95), weight_decay=0.1)
`;
  const fact = present(factsOf(text).optimizers[0], "the optimizer");
  assert.equal(fact.constructorName, "Adam");
  assert.equal(fact.algorithm, "adam");
  assert.ok(fact.adaptive && fact.adamFamily);
  assert.equal(sliceOf(text, fact.nameRange), "Adam");
  assert.equal(sliceOf(text, fact), text.slice(text.indexOf("optim.Adam"), -1));
  assert.equal(fact.boundTo, "optimizer");
  assert.equal(fact.parametersText, "model.parameters()");
  const { learningRate, beta2, weightDecay, eps } = fact.arguments;
  assert.equal(sliceOf(text, learningRate?.range), "3e-4");
  assert.equal(sliceOf(text, beta2?.valueRange), "0.95");
  assert.equal(sliceOf(text, weightDecay?.range), "weight_decay=0.1");
  assert.equal(sliceOf(text, weightDecay?.valueRange), "0.1");
  assert.equal(eps?.given, false);
  assert.equal(eps?.keyword, "eps");
  assert.ok(eps?.resolved.known && eps.resolved.value === 1e-8);
});

test("has the defaults of each optimizer", () => {
  const expected = {
    Adam: { learningRate: 1e-3, eps: 1e-8, weightDecay: 0, decoupledWeightDecay: false },
    AdamW: { learningRate: 1e-3, eps: 1e-8, weightDecay: 1e-2 },
    NAdam: { learningRate: 2e-3, eps: 1e-8, weightDecay: 0, decoupledWeightDecay: false },
    RAdam: { learningRate: 1e-3, eps: 1e-8, weightDecay: 0, decoupledWeightDecay: false },
    Adamax: { learningRate: 2e-3, eps: 1e-8, weightDecay: 0 },
    SGD: { learningRate: 1e-3, momentum: 0, weightDecay: 0 },
    RMSprop: { learningRate: 1e-2, eps: 1e-8, weightDecay: 0, momentum: 0 },
    Adagrad: { learningRate: 1e-2, eps: 1e-10, weightDecay: 0 },
    Adadelta: { learningRate: 1, eps: 1e-6, weightDecay: 0 },
  };
  for (const [name, defaults] of Object.entries(expected)) {
    const fact = present(factsOf(`import torch\nopt = torch.optim.${name}(p)\n`).optimizers[0], name);
    for (const [argument, value] of Object.entries(defaults)) {
      const given = Object.entries(fact.arguments).find(([key]) => key === argument)?.[1];
      assert.ok(given?.resolved.known && given.resolved.value === value, `${name} ${argument}`);
    }
  }
});

test("knows that Adam has no decoupled_weight_decay before torch 2.7", () => {
  const text = "import torch\nopt = torch.optim.Adam(p)\n";
  assert.equal(factsOf(text, { torch: "2.6.0" }).optimizers[0]?.arguments.decoupledWeightDecay, undefined);
  assert.equal(factsOf(text, { torch: "2.10.1" }).optimizers[0]?.arguments.decoupledWeightDecay?.given, false);
  assert.equal(factsOf(text, { torch: "2.6.0" }).optimizers[0]?.libraryVersion, "2.6.0");
  assert.equal(factsOf(text).optimizers[0]?.libraryVersion, null);
});

test("gives one fact for each branch of a ladder, all of which the loop can step", () => {
  const facts = factsOf(`import torch
from torch import optim
if args.opt == "adam":
    optimizer = optim.Adam(model.parameters())
elif args.opt == "adamw":
    optimizer = optim.AdamW(model.parameters())
else:
    optimizer = optim.SGD(model.parameters(), lr=0.1)
for x in loader:
    optimizer.zero_grad()
    model(x).backward()
    optimizer.step()
`);
  assert.deepEqual(
    facts.optimizers.map(({ algorithm }) => algorithm),
    ["adam", "adamw", "sgd"],
  );
  assert.deepEqual(facts.loops[0]?.optimizers, [0, 1, 2]);
});

test("resolves keyword dictionaries and says what passes through others", () => {
  const given = factsOf("import torch\nkw = dict(lr=0.5)\nopt = torch.optim.Adam(p, **kw)\n").optimizers[0]?.arguments;
  assert.ok(given?.learningRate?.resolved.known && given.learningRate.resolved.value === 0.5);
  assert.equal(given.eps?.given, false, "the dictionary certainly has no eps");
  const open = factsOf("import torch\nopt = torch.optim.Adam(p, **kw)\n").optimizers[0]?.arguments;
  assert.equal(open?.eps?.given, true);
  assert.equal(open?.eps?.resolved.known, false);
});

test("links the optimizer through parameters, returns, attributes and prepare()", () => {
  const programs = [
    "def fit(m, opt):\n    for x in d:\n        opt.zero_grad()\n        m(x).backward()\n        opt.step()\nfit(model, torch.optim.Adam(p))\n",
    "def make():\n    return torch.optim.Adam(p)\nopt = make()\nfor x in d:\n    opt.zero_grad()\n    m(x).backward()\n    opt.step()\n",
    "class T:\n    def __init__(self):\n        self.optim = torch.optim.Adam(p)\n    def fit(self):\n        for x in d:\n            self.optim.zero_grad()\n            m(x).backward()\n            self.optim.step()\n",
    "optimizer = torch.optim.Adam(p)\nmodel, optimizer, d = accelerator.prepare(model, optimizer, d)\nfor x in d:\n    optimizer.zero_grad()\n    accelerator.backward(m(x))\n    optimizer.step()\n",
    "opts = {'g': torch.optim.Adam(p)}\nfor x in d:\n    opts['g'].zero_grad()\n    m(x).backward()\n    opts['g'].step()\n",
  ];
  for (const program of programs) {
    const facts = factsOf(`import torch\nother = torch.optim.SGD(q, lr=0.1)\n${program}`);
    assert.deepEqual(facts.loops[0]?.optimizers, [1], program);
  }
});

test("marks parameter groups, and leaves out classes of the file and of other libraries", () => {
  const groups = "import torch\ngroups = [{'params': a, 'lr': 1}, {'params': b}]\nopt = torch.optim.AdamW(groups)\n";
  assert.equal(factsOf(groups).optimizers[0]?.hasParameterGroups, true);
  assert.deepEqual(factsOf("import torch\nclass Adam:\n    pass\nopt = Adam(p)\n").optimizers, []);
  assert.deepEqual(factsOf("import torch\nfrom mine import Adam\nopt = Adam(p)\n").optimizers, []);
});

test("reads an optimizer that is chosen by name, and transformers' own AdamW with its defaults", () => {
  const chosen = factsOf(
    'import argparse\nimport torch.optim as optim\nparser = argparse.ArgumentParser()\nparser.add_argument("--optim", default="Adam")\nargs = parser.parse_args()\nopt = getattr(optim, args.optim)(model.parameters(), lr=1e-3)\n',
  );
  assert.deepEqual(
    chosen.optimizers.map(({ constructorName, boundTo }) => [constructorName, boundTo]),
    [["Adam", "opt"]],
  );
  const [hub] = factsOf(
    "import torch\nfrom transformers import AdamW\nopt = AdamW(model.parameters(), lr=5e-5)\n",
  ).optimizers;
  assert.equal(hub?.algorithm, "adamw");
  assert.ok(hub.arguments.eps?.resolved.known);
  assert.equal(hub.arguments.eps.resolved.value, 1e-6);
});
