import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "./readFacts.ts";

/** Small programs of the shapes that real training code has and that a linter easily takes for something else. */

test("a clip helper that needs a threshold counts as clipping, though its default is None", () => {
  const { loops } = factsOf(`import argparse
import torch
parser = argparse.ArgumentParser()
parser.add_argument("--clip-grad", type=float, default=None)
args = parser.parse_args()
optimizer = torch.optim.AdamW(model.parameters())
for x in loader:
    optimizer.zero_grad()
    model(x).backward()
    if args.clip_grad is not None:
        dispatch_clip_grad(model.parameters(), args.clip_grad)
    optimizer.step()
`);
  const clip = loops[0]?.events.find(({ kind }) => kind === "clip");
  assert.deepEqual([clip?.conditional, clip?.optimizers], [true, [0]]);
});

test("weight clamping of a WGAN, clipped rewards and an unused threshold are no gradient clipping", () => {
  const { loops } = factsOf(`import torch
parser.add_argument("--clip_value", type=float, default=0.01)
optimizer_D = torch.optim.RMSprop(discriminator.parameters(), lr=5e-5)
optimizer_G = torch.optim.RMSprop(generator.parameters(), lr=5e-5)
for i, imgs in enumerate(loader):
    optimizer_D.zero_grad()
    loss_D = discriminator(imgs).mean()
    loss_D.backward()
    optimizer_D.step()
    for p in discriminator.parameters():
        p.data.clamp_(-opt.clip_value, opt.clip_value)
    reward = reward.clip(-1, 1)
    if i % opt.n_critic == 0:
        optimizer_G.zero_grad()
        loss_G = -discriminator(generator(z)).mean()
        loss_G.backward()
        optimizer_G.step()
`);
  assert.equal(loops.length, 1);
  assert.equal(loops[0]?.accumulates, false);
  assert.ok(loops[0]?.events.every(({ kind }) => /^(zero-grad|backward|optimizer-step)$/.test(kind)));
});

test("a DeepSpeed engine's loop is wrapped, by its name and by its constructor", () => {
  for (const engine of ["model_engine", "net"]) {
    const { loops } = factsOf(`import deepspeed
import torch
${engine}, optimizer, _, _ = deepspeed.initialize(args=args, model=model)
for x in loader:
    loss = ${engine}(x)
    ${engine}.backward(loss)
    ${engine}.step()
`);
    assert.equal(loops[0]?.wrappedBy, "DeepSpeed");
    assert.deepEqual(
      loops[0]?.events.map(({ kind }) => kind),
      ["backward", "optimizer-step"],
    );
  }
});

test("zero_grad is seen at the loop's end, on the model, in a helper, through p.grad = None and in old spellings", () => {
  const loop = (before: string, after: string, helpers = "") => `import torch
${helpers}
optimizer = torch.optim.Adam(model.parameters())
for x in loader:
    ${before}
    loss = model(x)
    loss.backward()
    optimizer.step()
    ${after}
    total = loss.data[0]
`;
  const programs = [
    loop("pass", "optimizer.zero_grad()"),
    loop("model.zero_grad()", "pass"),
    loop("reset(optimizer)", "pass", "def reset(opt):\n    opt.zero_grad(set_to_none=True)"),
    loop("for p in model.parameters():\n        p.grad = None", "pass"),
    loop("[o.zero_grad() for o in [optimizer]]", "pass"),
  ];
  for (const program of programs) {
    const facts = factsOf(program);
    assert.ok(
      facts.loops[0]?.events.some(({ kind }) => kind === "zero-grad"),
      program,
    );
    assert.deepEqual(facts.graphAccumulations, []);
  }
});

test("one function for training and validation has its conditional step in one loop", () => {
  const { loops } = factsOf(`import torch
def run_epoch(model, loader, optimizer=None):
    total = 0
    for x, y in loader:
        loss = criterion(model(x), y)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item()
    return total
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(10):
    run_epoch(model, train_loader, optimizer)
    run_epoch(model, val_loader)
`);
  assert.equal(loops.length, 1);
  assert.deepEqual(loops[0]?.optimizers, [0]);
  assert.equal(loops[0]?.accumulates, false);
});

test("a notebook's step function in one cell and its loop in a later one are one loop", () => {
  const { loops } = factsOf(`import torch
optimizer = torch.optim.Adam(model.parameters())
def step(x):
    optimizer.zero_grad()
    loss = model(x)
    loss.backward()
    optimizer.step()
    return loss

model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for x in loader:
    step(x)
`);
  assert.equal(loops.length, 1);
  assert.deepEqual(loops[0]?.optimizers, [0, 1]);
});

test("a step function that leaves zeroing to callers in other files is wrapped by them", () => {
  const { loops } = factsOf(`import torch
class NativeScaler:
    def __init__(self):
        self._scaler = torch.cuda.amp.GradScaler()
    def __call__(self, loss, optimizer, clip_grad=None, parameters=None):
        self._scaler.scale(loss).backward()
        if clip_grad is not None:
            self._scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(parameters, clip_grad)
        self._scaler.step(optimizer)
        self._scaler.update()
`);
  assert.equal(loops[0]?.wrappedBy, "its callers");
  assert.equal(loops[0]?.gradScaler, "self._scaler");
});

test("gradients clipped in a hook are clipped", () => {
  const { loops } = factsOf(`import torch
optimizer = torch.optim.Adam(model.parameters())
for p in model.parameters():
    p.register_hook(lambda grad: torch.clamp(grad, -1, 1))
for x in loader:
    optimizer.zero_grad()
    model(x).backward()
    optimizer.step()
`);
  assert.equal(loops[0]?.wrappedBy, "a gradient hook");
});

test("code that never trains has no loops", () => {
  const facts = factsOf(`import torch
optimizer = torch.optim.Adam(model.parameters())
print(model(x).sum().backward())
optimizer.step()
for x in loader:
    with torch.no_grad():
        total += model(x)
`);
  assert.deepEqual(facts.loops, []);
  assert.deepEqual(facts.graphAccumulations, []);
});
