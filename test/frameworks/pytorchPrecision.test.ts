import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "./readFacts.ts";

function precisionOf(text: string): readonly (readonly [string, string, boolean | "unknown"])[] {
  return factsOf(`import torch\n${text}`).precision.map(({ scope, type, enabled }) => [
    scope,
    type,
    enabled.known ? enabled.value : "unknown",
  ]);
}

test("reads autocast in each spelling", () => {
  const cases = [
    ['with torch.autocast("cuda"):\n    pass', ["autocast", "float16", true]],
    ['with torch.autocast(device_type="cuda", dtype=torch.bfloat16):\n    pass', ["autocast", "bfloat16", true]],
    ['with torch.amp.autocast("cpu"):\n    pass', ["autocast", "bfloat16", true]],
    ["with torch.cuda.amp.autocast():\n    pass", ["autocast", "float16", true]],
    ["with torch.cuda.amp.autocast(False):\n    pass", ["autocast", "float16", false]],
    ['with torch.autocast("cuda", enabled=False):\n    pass', ["autocast", "float16", false]],
    ["from torch.cuda.amp import autocast\nwith autocast():\n    pass", ["autocast", "float16", true]],
    ["with torch.autocast(device_type=device):\n    pass", ["autocast", "unknown", true]],
    ["with torch.autocast('cuda', enabled=settings.amp):\n    pass", ["autocast", "float16", "unknown"]],
    ['scaler = torch.amp.GradScaler("cuda")', ["autocast", "float16", true]],
    ["scaler = torch.cuda.amp.GradScaler(enabled=False)", ["autocast", "float16", false]],
  ] as const;
  for (const [text, expected] of cases) assert.deepEqual(precisionOf(`${text}\n`), [expected], text);
});

test("says that a flag which is off by default is off, and that it can be switched on", () => {
  const parser =
    'import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument("--amp", action="store_true")\nargs = parser.parse_args()\n';
  for (const use of [
    "scaler = torch.cuda.amp.GradScaler(enabled=args.amp)\n",
    "scaler = torch.cuda.amp.GradScaler() if args.amp else None\n",
    "if args.amp:\n    scaler = torch.cuda.amp.GradScaler()\n",
    'from accelerate import Accelerator\naccelerator = Accelerator(mixed_precision="fp16" if args.amp else "no")\n',
  ]) {
    const [fact] = factsOf(`import torch\n${parser}${use}`).precision;
    assert.ok(fact?.enabled.known, use);
    assert.equal(fact.enabled.value, false, use);
    assert.equal(fact.enabled.overridable, true, use);
  }
});

test("takes half precision of the optimized model's parameters alone", () => {
  const optimizer = "opt = torch.optim.Adam(model.parameters())\n";
  const half = [
    ["model = Net().half()\n", "float16"],
    ["model = Net()\nmodel.half()\n", "float16"],
    ["model = Net().to(torch.float16)\n", "float16"],
    ["model = Net().to(device, dtype=torch.bfloat16)\n", "bfloat16"],
    ["model = Net.from_pretrained('x', torch_dtype=torch.float16)\n", "float16"],
    ["model = Net().bfloat16().cuda()\n", "bfloat16"],
  ] as const;
  for (const [setup, type] of half)
    assert.deepEqual(precisionOf(setup + optimizer), [["parameters", type, true]], setup);
  const full = [
    "model = Net()\nteacher = Net().half()\n",
    "model = Net()\nx = x.half()\n",
    "model = Net().half().float()\n",
    "model = Net().to(device)\n",
  ];
  for (const setup of full) assert.deepEqual(precisionOf(setup + optimizer), [], setup);
});

test("takes a model halved after training for an export", () => {
  const text = `model = Net()
opt = torch.optim.Adam(model.parameters())
for x in loader:
    opt.zero_grad()
    model(x).backward()
    opt.step()
model.half()
`;
  assert.deepEqual(precisionOf(text), []);
});

test("names the kinds of model and training", () => {
  const traitsOf = (text: string) =>
    factsOf(`import torch\nfrom torch import nn\n${text}`).traits.map(({ trait }) => trait);
  const cases = [
    ["rnn = nn.LSTM(1, 2)", "recurrent"],
    ["t = nn.TransformerEncoder(layer, 2)", "transformer"],
    ["class SelfAttention(nn.Module):\n    pass", "transformer"],
    ["import gymnasium as gym", "reinforcement-learning"],
    ["state, reward = env.step(action)", "reinforcement-learning"],
    ["train(netG, netD)", "gan"],
    ["layer = nn.BatchNorm2d(3)", "batch-norm"],
    ["model = AutoModel.from_pretrained('x')", "pretrained"],
  ] as const;
  for (const [text, trait] of cases) assert.deepEqual(traitsOf(`${text}\n`), [trait], text);
  const others = ["model = nn.Linear(1, 2)\noptimizer.step()", "class GraphAttention(nn.Module):\n    pass"];
  for (const text of others) assert.deepEqual(traitsOf(`${text}\n`), [], text);
});
