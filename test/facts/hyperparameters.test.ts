import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf, factsOfTypeScript, sliceOf } from "../frameworks/readFacts.ts";

function listed(text: string): readonly (readonly [string, unknown, string])[] {
  return factsOf(text).hyperparameters.map(({ name, value, valueText }) => [name, value, valueText]);
}

test("lists constants, options, configurations and optimizer arguments with their literals", () => {
  const text = `import argparse
import torch
BATCH_SIZE = 32
epochs, dropout = 10, 0.1
config = {"warmup": 100, "model": {"width": 64}, "name": make()}
parser = argparse.ArgumentParser()
parser.add_argument("--weight-decay", type=float, default=0.01)
parser.add_argument("--amp", action="store_true")
args = parser.parse_args()
class TrainConfig:
    grad_clip: float = 1.0
optimizer = torch.optim.Adam(p, lr=3e-4, betas=(0.9, 0.95), weight_decay=args.weight_decay)
`;
  const facts = factsOf(text).hyperparameters;
  assert.deepEqual(listed(text), [
    ["BATCH_SIZE", 32, "32"],
    ["epochs", 10, "10"],
    ["dropout", 0.1, "0.1"],
    ["config.warmup", 100, "100"],
    ["config.model.width", 64, "64"],
    ["args.weight_decay", 0.01, "0.01"],
    ["TrainConfig.grad_clip", 1, "1.0"],
    ["optimizer.algorithm", "adam", "Adam"],
    ["optimizer.learningRate", 3e-4, "3e-4"],
    ["optimizer.beta1", 0.9, "0.9"],
    ["optimizer.beta2", 0.95, "0.95"],
  ]);
  for (const fact of facts) assert.equal(sliceOf(text, fact.valueRange), fact.valueText);
});

test("lists a constant once, however many arguments it reaches", () => {
  const text = "import torch\nLR = 1e-3\na = torch.optim.Adam(p, lr=LR)\nb = torch.optim.Adam(q, lr=LR)\n";
  assert.deepEqual(listed(text), [
    ["LR", 1e-3, "1e-3"],
    ["a.algorithm", "adam", "Adam"],
    ["b.algorithm", "adam", "Adam"],
  ]);
});

test("keeps names when code moves and numbers those that come again", () => {
  const text = "import torch\nopt = torch.optim.Adam(p, lr=1e-3)\nopt = torch.optim.SGD(p, lr=0.1)\n";
  const names = ["opt.algorithm", "opt.learningRate", "opt.algorithm#2", "opt.learningRate#2"];
  assert.deepEqual(
    listed(text).map(([name]) => name),
    names,
  );
  assert.deepEqual(
    listed(`\n\n# moved\n${text}`).map(([name]) => name),
    names,
  );
});

test("leaves out counters and what is computed", () => {
  assert.deepEqual(
    listed("import torch\nglobal_step = 0\nbest_loss = 1e9\niter_num = 0\nlr = get_lr()\nmodel = Net()\n"),
    [],
  );
});

test("lists the constants of a TypeScript file", () => {
  const text =
    'import * as tf from "@tensorflow/tfjs";\nconst LEARNING_RATE = 0.01;\nconst optimizer = tf.train.adam(LEARNING_RATE, 0.8);\n';
  assert.deepEqual(
    factsOfTypeScript(text).hyperparameters.map(({ name, value }) => [name, value]),
    [
      ["LEARNING_RATE", 0.01],
      ["optimizer.algorithm", "adam"],
      ["optimizer.beta1", 0.8],
    ],
  );
});

test("lists what is written in calls and in functions: seeds, sizes, schedules, clipping, precision, epochs", () => {
  const text = `import torch
from torch.optim import Adam
def train():
    hidden_size = 256
    torch.manual_seed(3)
    loader = DataLoader(data, batch_size=32, num_workers=8)
    net = nn.Sequential(nn.Linear(28, hidden_size), nn.Dropout(0.1))
    opt = Adam(net.parameters(), lr=1e-3)
    plan = StepLR(opt, step_size=30, gamma=0.1)
    total = 0
    for epoch in range(10):
        with torch.autocast("cuda", dtype=torch.bfloat16):
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
`;
  assert.deepEqual(listed(text), [
    ["train.hidden_size", 256, "256"],
    ["manual_seed.seed", 3, "3"],
    ["DataLoader.batch_size", 32, "32"],
    ["Linear.in_features", 28, "28"],
    ["Dropout.rate", 0.1, "0.1"],
    ["opt.learningRate", 1e-3, "1e-3"],
    ["StepLR.step_size", 30, "30"],
    ["StepLR.gamma", 0.1, "0.1"],
    ["range.epochs", 10, "10"],
    ["autocast.dtype", "torch.bfloat16", "torch.bfloat16"],
    ["clip_grad_norm_.max_norm", 1, "1.0"],
  ]);
});
