import assert from "node:assert/strict";
import { test } from "node:test";
import type { TrainingEventKind } from "../../server/facts/trainingFacts.ts";
import type { FixDraft } from "../../server/frameworks/framework.ts";
import { fixesOf } from "../../server/frameworks/index.ts";
import { applied, factsOf, present } from "./readFacts.ts";

const fixes = fixesOf("pytorch");

function loopOf(text: string) {
  const facts = factsOf(text);
  const loop = present(facts.loops[0], "the loop");
  const event = (kind: TrainingEventKind) =>
    present(
      loop.events.find((each) => each.kind === kind),
      kind,
    );
  return { context: { text, facts }, loop, event };
}

function clip(text: string, kind: TrainingEventKind = "optimizer-step"): FixDraft | null {
  const { context, loop, event } = loopOf(text);
  return fixes.clipGradientNorm(context, loop, event(kind), 1);
}

function clipped(text: string, kind: TrainingEventKind = "optimizer-step"): string {
  const after = applied(text, present(clip(text, kind), "a fix").edits);
  const kinds = loopOf(after).loop.events.map((event) => event.kind);
  assert.equal(kinds[kinds.indexOf(kind) - 1], "clip", "the fixed text clips right before the step");
  return after;
}

const plain = `import torch
from torch import nn

model = nn.Linear(2, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()  # update
`;

test("clips right before the step with the optimizer's own parameters", () => {
  assert.equal(
    clipped(plain),
    plain.replace(
      "    optimizer.step()",
      "    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    optimizer.step()",
    ),
  );
  assert.equal(clip(plain)?.title, "Clip the gradient norm to 1.0 before optimizer.step()");
});

test("keeps CRLF line ends", () => {
  const text = plain.replaceAll("\n", "\r\n");
  const after = clipped(text);
  assert.equal(after.split("\n").length, text.split("\n").length + 1);
  assert.ok(
    after
      .split("\n")
      .slice(0, -1)
      .every((line) => line.endsWith("\r")),
  );
});

test("writes the name the way the file imports it", () => {
  const cases = [
    ["import torch.nn as nn\nfrom torch.optim import Adam", "nn.utils.clip_grad_norm_(model.parameters(), 1.0)"],
    ["import torch as th\nfrom torch.optim import Adam", "th.nn.utils.clip_grad_norm_(model.parameters(), 1.0)"],
    [
      "from torch.nn.utils import clip_grad_norm_\nfrom torch.optim import Adam",
      "clip_grad_norm_(model.parameters(), 1.0)",
    ],
    [
      "import torch\nimport torch.nn as nn\nfrom torch.optim import Adam",
      "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)",
    ],
  ] as const;
  for (const [imports, line] of cases) {
    const text = `${imports}
optimizer = Adam(model.parameters())
for x in loader:
    optimizer.zero_grad()
    loss = model(x)
    loss.backward()
    optimizer.step()
`;
    assert.equal(clipped(text), text.replace("    optimizer.step()", `    ${line}\n    optimizer.step()`));
  }
});

test("adds an import once after the last one where the file imports no module of torch", () => {
  const text = `from torch.optim import Adam
from net import model
optimizer = Adam(model.parameters())
for x in loader:
    optimizer.zero_grad()
    loss = model(x)
    loss.backward()
    optimizer.step()
`;
  assert.equal(
    clipped(text),
    text
      .replace("import model\n", "import model\nfrom torch.nn.utils import clip_grad_norm_\n")
      .replace("    optimizer.step()", "    clip_grad_norm_(model.parameters(), 1.0)\n    optimizer.step()"),
  );
});

test("unscales first where a GradScaler steps, inside the accumulation branch", () => {
  const text = `import torch
optimizer = torch.optim.AdamW(model.parameters())
scaler = torch.amp.GradScaler("cuda")
for i, x in enumerate(loader):
    scaler.scale(model(x) / 4).backward()
    if (i + 1) % 4 == 0:
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
`;
  assert.equal(
    clipped(text, "scaler-step"),
    text.replace(
      "        scaler.step",
      "        scaler.unscale_(optimizer)\n        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n        scaler.step",
    ),
  );
});

test("does not unscale a second time", () => {
  const text = `import torch
optimizer = torch.optim.AdamW(model.parameters())
scaler = torch.amp.GradScaler("cuda")
for x in loader:
    optimizer.zero_grad()
    scaler.scale(model(x)).backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
`;
  assert.equal(
    clipped(text, "scaler-step"),
    text.replace("    scaler.step", "    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    scaler.step"),
  );
});

test("takes everything that the optimizer holds for groups and for names that mean something else at the step", () => {
  const groups = `import torch
opt = torch.optim.AdamW([{'params': model.head.parameters()}, {'params': model.body.parameters(), 'lr': 1e-5}], lr=1e-4)
for x in loader:
    opt.zero_grad()
    model(x).backward()
    opt.step()
`;
  const line = "torch.nn.utils.clip_grad_norm_([p for group in opt.param_groups for p in group['params']], 1.0)";
  assert.equal(clipped(groups), groups.replace("    opt.step()", `    ${line}\n    opt.step()`));
  const elsewhere = `import torch
def train(net, optimizer, loader):
    for x in loader:
        optimizer.zero_grad()
        net(x).backward()
        optimizer.step()
model = Net()
train(model, torch.optim.Adam(model.parameters()), loader)
`;
  assert.equal(
    clipped(elsewhere),
    elsewhere.replace(
      "        optimizer.step()",
      '        torch.nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 1.0)\n        optimizer.step()',
    ),
  );
});

test("offers no clip for closures, wrappers and statements that share their line", () => {
  const line = (step: string) => plain.replace("    optimizer.step()  # update", step);
  assert.equal(clip(line("    optimizer.step(closure)")), null);
  assert.equal(clip(line("    if ok: optimizer.step()")), null);
  assert.equal(clip(plain.replace("loss.backward()", "engine.backward(loss)")), null);
});

const early = `import torch
optimizer = torch.optim.Adam(model.parameters())
scaler = torch.cuda.amp.GradScaler()
for x in loader:
    optimizer.zero_grad()
    scaler.scale(model(x)).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
`;

function unscaled(text: string): string {
  const { context, loop, event } = loopOf(text);
  const after = applied(text, present(fixes.unscaleBeforeClip(context, loop, event("clip")), "a fix").edits);
  const kinds = loopOf(after).loop.events.map((each) => each.kind);
  assert.ok(kinds.indexOf("unscale") < kinds.indexOf("clip"));
  assert.equal(kinds.filter((kind) => kind === "unscale").length, 1);
  return after;
}

test("inserts unscale_ before the clip", () => {
  assert.equal(
    unscaled(early),
    early.replace("    torch.nn.utils", "    scaler.unscale_(optimizer)\n    torch.nn.utils"),
  );
});

test("moves an unscale_ that comes after the clip", () => {
  const late = early.replace("    scaler.step", "    scaler.unscale_(optimizer)\n    scaler.step");
  assert.equal(
    unscaled(late),
    early.replace("    torch.nn.utils", "    scaler.unscale_(optimizer)\n    torch.nn.utils"),
  );
});

test("does not put unscale_ into a hand-written loop over gradients", () => {
  const text = early.replace(
    "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)",
    "for p in model.parameters():\n        p.grad.clamp_(-1, 1)",
  );
  const { context, loop, event } = loopOf(text);
  assert.equal(fixes.unscaleBeforeClip(context, loop, event("clip")), null);
});

function zeroed(text: string): string | null {
  const { context, loop } = loopOf(text);
  const fix = fixes.zeroGradients(context, loop);
  return fix === null ? null : applied(text, fix.edits);
}

test("zeroes before backward, and after the step where a loop accumulates", () => {
  const missing = plain.replace("    optimizer.zero_grad()\n", "");
  assert.equal(
    zeroed(missing),
    missing.replace("    loss.backward()", "    optimizer.zero_grad()\n    loss.backward()"),
  );
  const accumulating = `import torch
opt = torch.optim.Adam(model.parameters())
for i, x in enumerate(loader):
    model(x).backward()
    if i % 4 == 3:
        opt.step()  # every fourth
print("done")
`;
  assert.equal(
    zeroed(accumulating),
    accumulating.replace("# every fourth\n", "# every fourth\n        opt.zero_grad()\n"),
  );
});

test("moves a zero_grad that stands between backward and step", () => {
  const misplaced = `import torch
opt = torch.optim.Adam(model.parameters())
for x in loader:
    loss = model(x)
    loss.backward()
    opt.zero_grad()  # clear
    opt.step()
`;
  const expected = `import torch
opt = torch.optim.Adam(model.parameters())
for x in loader:
    loss = model(x)
    opt.zero_grad()  # clear
    loss.backward()
    opt.step()
`;
  assert.equal(zeroed(misplaced), expected);
  assert.deepEqual(
    loopOf(expected).loop.events.map((event) => event.kind),
    ["zero-grad", "backward", "optimizer-step"],
  );
});

test("does not guess which of several optimizers to zero", () => {
  const text = `import torch
a = torch.optim.Adam(f.parameters())
b = torch.optim.Adam(g.parameters())
for x in loader:
    opt_loss = f(x) + g(x)
    opt_loss.backward()
    a.step()
    b.step()
`;
  assert.equal(zeroed(text), null);
});
