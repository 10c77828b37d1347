import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf, present, sliceOf } from "./readFacts.ts";

function kindsOf(text: string): readonly (readonly string[])[] {
  return factsOf(text).loops.map((loop) => loop.events.map((event) => event.kind));
}

test("reads the events of a mixed-precision loop in order, with their subjects and statements", () => {
  const text = `import torch
from torch import nn, optim
model = nn.Linear(2, 2)
optimizer = optim.Adam(model.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler("cuda")
for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda"):
            loss = nn.functional.mse_loss(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    scheduler.step()
`;
  const { loops } = factsOf(text);
  assert.equal(loops.length, 1);
  const loop = present(loops[0], "the loop");
  assert.equal(sliceOf(text, loop.header), "for x, y in loader:");
  assert.deepEqual(
    loop.events.map((event) => [event.kind, event.subject, sliceOf(text, event.statement), event.optimizers.join()]),
    [
      ["zero-grad", "optimizer", "optimizer.zero_grad()", "0"],
      ["scaled-backward", "loss", "scaler.scale(loss).backward()", ""],
      ["unscale", "optimizer", "scaler.unscale_(optimizer)", "0"],
      ["clip", "model.parameters()", "nn.utils.clip_grad_norm_(model.parameters(), 1.0)", "0"],
      ["scaler-step", "optimizer", "scaler.step(optimizer)", "0"],
      ["scaler-update", "scaler", "scaler.update()", ""],
    ],
  );
  assert.equal(loop.gradScaler, "scaler");
  assert.equal(loop.gradScalerEnabled.known && loop.gradScalerEnabled.value, true);
  assert.equal(loop.wrappedBy, null);
  assert.equal(loop.accumulates, false);
});

test("takes functions and methods of the file into the loop that calls them", () => {
  const text = `import torch
class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.AdamW(model.parameters())
    def clip(self):
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
    def train_step(self, batch):
        self.optimizer.zero_grad()
        loss = self.model(batch).mean()
        loss.backward()
        self.clip()
        self.optimizer.step()
    def fit(self, loader):
        for batch in loader:
            self.train_step(batch)
`;
  const { loops } = factsOf(text);
  assert.deepEqual(
    loops.map((loop) => [sliceOf(text, loop.header), loop.events.map((event) => event.kind), loop.optimizers]),
    [["for batch in loader:", ["zero-grad", "backward", "clip", "optimizer-step"], [0]]],
  );
  assert.ok(loops[0]?.events.every((event) => event.inlined));
});

test("reports a step function that no loop of the file calls, once", () => {
  const text = `import torch
def train_step(model, optimizer, batch):
    optimizer.zero_grad()
    loss = model(batch).mean()
    loss.backward()
    optimizer.step()
def run(model, optimizer, batch):
    train_step(model, optimizer, batch)
`;
  const { loops } = factsOf(text);
  assert.deepEqual(
    loops.map((loop) => sliceOf(text, loop.header)),
    ["train_step"],
  );
});

test("knows an accumulating loop by a test on the batch's number and by an inner loop of micro-batches", () => {
  const tested = factsOf(`import torch
opt = torch.optim.Adam(model.parameters())
for i, x in enumerate(loader):
    loss = model(x) / 4
    loss.backward()
    if (i + 1) % 4 == 0:
        opt.step()
        opt.zero_grad()
`);
  assert.equal(tested.loops[0]?.accumulates, true);
  assert.deepEqual(
    tested.loops[0]?.events.map((event) => [event.kind, event.conditional]),
    [
      ["backward", false],
      ["optimizer-step", true],
      ["zero-grad", true],
    ],
  );
  const nested = factsOf(`import torch
opt = torch.optim.Adam(model.parameters())
while True:
    for micro_step in range(8):
        loss = model(get_batch()) / 8
        loss.backward()
    opt.step()
    opt.zero_grad(set_to_none=True)
`);
  assert.equal(nested.loops.length, 1);
  assert.equal(nested.loops[0]?.accumulates, true);
  const everyOther = factsOf(`import torch
opt = torch.optim.Adam(model.parameters())
for step in range(1000):
    act(env)
    if step % 10 == 0:
        opt.zero_grad()
        loss = model(get_batch())
        loss.backward()
        opt.step()
`);
  assert.equal(everyOther.loops[0]?.accumulates, false);
});

test("runs the closure before the step that takes it", () => {
  const kinds = kindsOf(`import torch
opt = torch.optim.LBFGS(model.parameters())
for i in range(10):
    def closure():
        opt.zero_grad()
        loss = model(x)
        loss.backward()
        return loss
    opt.step(closure)
`);
  assert.deepEqual(kinds, [["zero-grad", "backward", "optimizer-step"]]);
});

test("takes steps of environments, profilers and schedules for what they are", () => {
  const kinds = kindsOf(`import torch
optimizer = torch.optim.Adam(policy.parameters())
decay = torch.optim.lr_scheduler.StepLR(optimizer, 10)
while True:
    state, reward, done, info = env.step(action)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    decay.step()
    profiler.step()
`);
  assert.deepEqual(kinds, [["zero-grad", "backward", "optimizer-step", "scheduler-step"]]);
});

test("names the wrapper that clips, zeroes or scales on its own", () => {
  const wrappers = [
    ["from accelerate import Accelerator\naccelerator = Accelerator()", "accelerator.backward(loss)", "Accelerate"],
    ["", "self.manual_backward(loss)", "Lightning"],
    ["", "model_engine.backward(loss)", "DeepSpeed"],
    ["", "with amp.scale_loss(loss, optimizer) as scaled_loss:\n        scaled_loss.backward()", "Apex"],
    ["", "fabric.backward(loss)", "Lightning Fabric"],
  ] as const;
  for (const [setup, backward, name] of wrappers) {
    const { loops } = factsOf(`import torch
${setup}
optimizer = torch.optim.Adam(model.parameters())
for x in loader:
    loss = model(x)
    ${backward}
    optimizer.step()
`);
    assert.equal(loops[0]?.wrappedBy, name, backward);
  }
});

test("counts hand-written clipping as clipping and a clip of anything else as none", () => {
  const loop = (line: string) => `import torch
optimizer = torch.optim.Adam(model.parameters())
for x in loader:
    optimizer.zero_grad()
    loss = model(x)
    loss.backward()
    ${line}
    optimizer.step()
`;
  const clips = [
    "for p in model.parameters():\n        p.grad.data.clamp_(-1, 1)",
    "for p in model.parameters():\n        p.grad.mul_(clip_coef)",
    "for p in model.parameters():\n        p.grad = torch.clamp(p.grad, -1, 1)",
    "utils.clip_gradients(model, 3.0)",
    "torch.nn.utils.clip_grad_norm(model.parameters(), 1)",
    "nn.utils.clip_grad_value_(model.parameters(), 0.5)",
  ];
  for (const line of clips) assert.ok(kindsOf(loop(line))[0]?.includes("clip"), line);
  const none = [
    "for p in critic.parameters():\n        p.data.clamp_(-0.01, 0.01)",
    "reward = np.clip(reward, -1, 1)",
    "ratio = torch.clamp(ratio, 0.8, 1.2)",
    "save_checkpoint(model, optimizer)",
    "n = sum(p.numel() for p in model.parameters())",
  ];
  for (const line of none) {
    assert.deepEqual(kindsOf(loop(line)), [["zero-grad", "backward", "optimizer-step"]], line);
  }
});

test("says that a function of another file which is handed the optimizer can do anything", () => {
  const kinds = kindsOf(`import torch
from engine import guard
optimizer = torch.optim.Adam(model.parameters())
for x in loader:
    optimizer.zero_grad()
    loss = model(x)
    loss.backward()
    guard(model, optimizer)
    optimizer.step()
`);
  assert.deepEqual(kinds, [["zero-grad", "backward", "unknown-call-with-model", "optimizer-step"]]);
});

test("keeps the two optimizers of a GAN apart", () => {
  const { loops } = factsOf(`import torch
optG = torch.optim.Adam(netG.parameters(), lr=2e-4)
optD = torch.optim.Adam(netD.parameters(), lr=2e-4)
for x in loader:
    netD.zero_grad()
    errD.backward()
    optD.step()
    optG.zero_grad()
    errG.backward()
    optG.step()
`);
  assert.deepEqual(
    loops[0]?.events.map((event) => [event.kind, event.subject, event.optimizers]),
    [
      ["zero-grad", "netD", []],
      ["backward", "errD", []],
      ["optimizer-step", "optD", [1]],
      ["zero-grad", "optG", [0]],
      ["backward", "errG", []],
      ["optimizer-step", "optG", [0]],
    ],
  );
});

test("a loop with a line that does not parse is not judged by what it lacks", () => {
  const loop = (zeroing: string) => `import torch
optimizer = torch.optim.Adam(model.parameters())
for batch in loader:
    ${zeroing}
    loss = model(batch)
    loss.backward()
    optimizer.step()
print("done")
`;
  assert.equal(factsOf(loop("optimizer.zero_grad(")).loops[0]?.wrappedBy, "a line that does not parse");
  assert.equal(factsOf(loop("optimizer.zero_grad()")).loops[0]?.wrappedBy, null);
  assert.equal(factsOf(`${loop("optimizer.zero_grad()")}print(1\n`).loops[0]?.wrappedBy, null);
});

test("a clip at infinity only reads the norm", () => {
  const loop = (threshold: string) => `import math, torch
optimizer = torch.optim.Adam(model.parameters())
for batch in loader:
    optimizer.zero_grad()
    model(batch).backward()
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), ${threshold})
    optimizer.step()
`;
  const clips = (threshold: string) =>
    factsOf(loop(threshold)).loops[0]?.events.filter(({ kind }) => kind === "clip").length;
  for (const threshold of ['float("inf")', "math.inf", 'max_norm=float("Infinity")', "torch.inf"]) {
    assert.equal(clips(threshold), 0, threshold);
  }
  for (const threshold of ["1.0", "args.clip", "*limits", 'float("1")']) assert.equal(clips(threshold), 1, threshold);
});
