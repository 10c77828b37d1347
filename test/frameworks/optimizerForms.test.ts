import assert from "node:assert/strict";
import { test } from "node:test";
import type { OptimizerArgumentName, OptimizerFact } from "../../server/facts/trainingFacts.ts";
import { factsOf, present } from "./readFacts.ts";

const imports =
  "import argparse\nimport functools\nimport torch\nimport torch.nn as nn\nimport torch.optim as optim\nfrom torch.optim import Adam as A\n";

function only(code: string, versions: Readonly<Record<string, string>> = {}): OptimizerFact {
  const { optimizers } = factsOf(imports + code, versions);
  assert.equal(optimizers.length, 1, `optimizers of ${code}`);
  return present(optimizers[0], "optimizer");
}

function value(fact: OptimizerFact, name: OptimizerArgumentName): unknown {
  const resolved = present(fact.arguments[name], name).resolved;
  return resolved.known ? resolved.value : "unknown";
}

const options =
  'parser = argparse.ArgumentParser()\nparser.add_argument("--optim", default="Adam")\nargs = parser.parse_args()\n';

test("reads a class that getattr takes from torch.optim by the default of an option", () => {
  const fact = only(`${options}opt = getattr(optim, args.optim)(net.parameters(), lr=0.01)\n`);
  assert.equal(fact.constructorName, "Adam");
  assert.equal(value(fact, "learningRate"), 0.01);
});

test("reads a class from a dictionary, a variable and a default argument", () => {
  const lookup = only(`CLASSES = {"adam": optim.Adam, "sgd": optim.SGD}\nopt = CLASSES["adam"](net.parameters())\n`);
  assert.equal(lookup.algorithm, "adam");
  const held = only("optimizer_class = optim.AdamW\nopt = optimizer_class(net.parameters(), lr=2e-3)\n");
  assert.equal(value(held, "learningRate"), 2e-3);
  const defaulted = only("def build(params, optimizer_cls=optim.NAdam):\n    return optimizer_cls(params)\n");
  assert.equal(defaulted.algorithm, "nadam");
  const own = only(
    "class Agent:\n    def __init__(self, opt_class=optim.RMSprop):\n        self.opt_class = opt_class\n        self.opt = self.opt_class(self.net.parameters())\n",
  );
  assert.equal(own.algorithm, "rmsprop");
});

test("stays silent when the class is one of several", () => {
  const code = `CLASSES = {"adam": optim.Adam, "sgd": optim.SGD}\nopt = CLASSES[name](net.parameters())\n`;
  assert.deepEqual(factsOf(imports + code).optimizers, []);
  const held = "cls = optim.Adam\nif small:\n    cls = optim.SGD\nopt = cls(net.parameters())\n";
  assert.deepEqual(factsOf(imports + held).optimizers, []);
});

test("reads arguments that functools.partial fills in, with those of the call first", () => {
  const fact = only(
    "make = functools.partial(optim.AdamW, lr=0.02, eps=1e-6)\nopt = make(net.parameters(), eps=1e-7, betas=(0.8, 0.99))\n",
  );
  assert.equal(value(fact, "learningRate"), 0.02);
  assert.equal(value(fact, "eps"), 1e-7);
  assert.equal(value(fact, "beta1"), 0.8);
  assert.equal(value(fact, "weightDecay"), 1e-2);
});

test("reads betas through a name and a keyword dictionary", () => {
  const named = only("betas = (0.5, 0.9)\nopt = optim.Adam(net.parameters(), betas=betas)\n");
  assert.equal(value(named, "beta2"), 0.9);
  const spread = only("kwargs = dict(lr=3e-4, betas=(0.5, 0.9))\nopt = A(net.parameters(), **kwargs)\n");
  assert.equal(value(spread, "beta1"), 0.5);
  assert.equal(value(spread, "learningRate"), 3e-4);
});

test("reads what parameter groups set for themselves", () => {
  const fact = only(
    'groups = [{"params": body, "weight_decay": 0.1}, {"params": head, "lr": 1e-2, "weight_decay": 0.0}]\nopt = A(groups, lr=1e-4)\n',
  );
  assert.equal(fact.hasParameterGroups, true);
  assert.equal(fact.hasOtherGroups, false);
  const [body, head] = present(fact.groups, "groups");
  assert.deepEqual(
    [body?.arguments.weightDecay?.resolved, head?.arguments.learningRate?.resolved].map(
      (each) => each?.known === true && each.value,
    ),
    [0.1, 1e-2],
  );
});

test("tells a branch that the default of an option does not take", () => {
  const { optimizers } = factsOf(
    `${imports}${options}if args.optim == "Adam":\n    opt = optim.Adam(net.parameters())\nelif args.optim == "SGD":\n    opt = optim.SGD(net.parameters())\n`,
  );
  assert.deepEqual(
    optimizers.map(({ algorithm, byDefault }) => [algorithm, byDefault === "off"]),
    [
      ["adam", false],
      ["sgd", true],
    ],
  );
});

test("knows the optimizers of other libraries with their defaults", () => {
  const fused = only(
    "from apex.optimizers import FusedAdam\nopt = FusedAdam(net.parameters(), adam_w_mode=False, weight_decay=0.1)\n",
  );
  assert.equal(value(fused, "decoupledWeightDecay"), false);
  const paged = only("import bitsandbytes as bnb\nopt = bnb.optim.PagedAdamW8bit(net.parameters())\n");
  assert.deepEqual([paged.algorithm, value(paged, "weightDecay")], ["adamw", 1e-2]);
  const old = only("from transformers import AdamW\nopt = AdamW(net.parameters(), lr=2e-5)\n");
  assert.deepEqual([value(old, "eps"), value(old, "weightDecay")], [1e-6, 0]);
  const composer = only("from composer.optim import DecoupledAdamW\nopt = DecoupledAdamW(net.parameters())\n");
  assert.deepEqual([value(composer, "beta2"), value(composer, "weightDecay")], [0.95, 1e-5]);
  const cpu = only("from deepspeed.ops.adam import DeepSpeedCPUAdam\nopt = DeepSpeedCPUAdam(net.parameters())\n");
  assert.equal(value(cpu, "decoupledWeightDecay"), true);
  const factored = only("from transformers.optimization import Adafactor\nopt = Adafactor(net.parameters())\n");
  assert.equal(factored.clipsItself, true);
});

test("reads the class that ZeroRedundancyOptimizer shards", () => {
  const fact = only(
    "from torch.distributed.optim import ZeroRedundancyOptimizer\nopt = ZeroRedundancyOptimizer(net.parameters(), optimizer_class=optim.Adam, lr=0.01)\n",
  );
  assert.deepEqual([fact.algorithm, value(fact, "learningRate")], ["adam", 0.01]);
});

test("reads what timm's factories build from names and from options", () => {
  const direct = only(
    'from timm.optim import create_optimizer_v2\nopt = create_optimizer_v2(net, opt="adam", lr=1e-3, weight_decay=0.05)\n',
  );
  assert.deepEqual([direct.algorithm, value(direct, "weightDecay")], ["adam", 0.05]);
  const byOptions = only(
    'from timm.optim import create_optimizer\nparser = argparse.ArgumentParser()\nparser.add_argument("--opt", default="adamw")\nparser.add_argument("--lr", type=float, default=5e-4)\nargs = parser.parse_args()\nopt = create_optimizer(args, net)\n',
  );
  assert.deepEqual([byOptions.algorithm, value(byOptions, "learningRate")], ["adamw", 5e-4]);
});

test("reads an optimizer that the file writes itself, without speaking of defaults that it may change", () => {
  const fact = only(
    `class BertAdam(optim.Optimizer):
    def __init__(self, params, lr=1e-3, warmup=-1, weight_decay=0.01):
        super().__init__(params, dict(lr=lr))
    def step(self, closure=None):
        self.state["exp_avg_sq"] = p.grad ** 2
opt = BertAdam(net.parameters(), lr=0.05, weight_decay=0.1)
`,
  );
  assert.deepEqual([fact.constructorName, fact.adamFamily, fact.algorithm], ["BertAdam", true, "own BertAdam"]);
  assert.deepEqual([value(fact, "learningRate"), value(fact, "weightDecay")], [0.05, 0.1]);
  const plain = only("class Adam2(optim.Adam):\n    pass\nopt = Adam2(net.parameters(), weight_decay=0.1)\n");
  assert.deepEqual([plain.algorithm, value(plain, "eps")], ["adam", 1e-8]);
});
