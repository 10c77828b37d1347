import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf, present } from "./readFacts.ts";

const loop = (scheduler: string, head: string, inBatch: string, inEpoch: string) => `import torch
from torch.optim import lr_scheduler
from transformers import get_cosine_schedule_with_warmup

epochs = 90
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
${scheduler}

for epoch in range(epochs):
${head}    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
${inBatch}${inEpoch}`;

function schedulerOf(text: string, versions: Readonly<Record<string, string>> = {}) {
  return present(factsOf(text, versions).schedulers[0], "the scheduler");
}

function unitOf(scheduler: string): string {
  return schedulerOf(loop(`scheduler = ${scheduler}`, "", "", "    scheduler.step()\n")).unit;
}

test("the length of a schedule says what it counts", () => {
  assert.equal(unitOf("lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)"), "epoch");
  assert.equal(unitOf("lr_scheduler.CosineAnnealingLR(optimizer, args.num_epochs - 5)"), "epoch");
  assert.equal(unitOf("lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(train_loader))"), "batch");
  assert.equal(
    unitOf("lr_scheduler.OneCycleLR(optimizer, 1e-3, epochs=9, steps_per_epoch=len(train_loader))"),
    "batch",
  );
  assert.equal(unitOf("lr_scheduler.OneCycleLR(optimizer, 1e-3, epochs=9, steps_per_epoch=1)"), "epoch");
  assert.equal(unitOf("lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=epochs)"), "epoch");
  assert.equal(unitOf("get_cosine_schedule_with_warmup(optimizer, 100, int(len(train_loader) * epochs / 4))"), "batch");
  assert.equal(unitOf("get_cosine_schedule_with_warmup(optimizer, 5, epochs)"), "epoch");
});

test("a stepwise decay counts epochs where batches would end it at once, and is not known otherwise", () => {
  assert.equal(unitOf("lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.1)"), "epoch");
  assert.equal(unitOf("lr_scheduler.StepLR(optimizer, step_size=1000, gamma=0.5)"), "unknown");
  assert.equal(unitOf("lr_scheduler.ExponentialLR(optimizer, 0.95)"), "epoch");
  assert.equal(unitOf("lr_scheduler.ExponentialLR(optimizer, 0.9999)"), "unknown");
  assert.equal(unitOf("lr_scheduler.MultiStepLR(optimizer, milestones=[30, 60])"), "epoch");
  assert.equal(unitOf("lr_scheduler.MultiStepLR(optimizer, milestones=[3000, 6000])"), "unknown");
});

test("plain numbers, restarts and factors say nothing of what they count", () => {
  assert.equal(unitOf("lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)"), "unknown");
  assert.equal(unitOf("lr_scheduler.CosineAnnealingWarmRestarts(optimizer, epochs)"), "unknown");
  assert.equal(unitOf("lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.95**epoch)"), "unknown");
});

const step = "lr_scheduler.StepLR(optimizer, 30)";

test("a step has the level of its loop and its place before or after the optimizer", () => {
  const levelOf = (head: string, inBatch: string, inEpoch: string) => {
    const [only] = schedulerOf(loop(`scheduler = ${step}`, head, inBatch, inEpoch)).steps;
    return `${only?.level} ${only?.beforeOptimizer}`;
  };
  assert.equal(levelOf("", "", "    scheduler.step()\n"), "epoch false");
  assert.equal(levelOf("    scheduler.step()\n", "", ""), "epoch true");
  assert.equal(levelOf("", "        scheduler.step()\n", ""), "batch false");
  assert.equal(levelOf("    scheduler.step(epoch)\n", "", ""), "epoch false");
  assert.equal(levelOf("", "        if took_step:\n            scheduler.step()\n", ""), "unknown false");
});

test("torch before 1.1 steps the scheduler first", () => {
  const text = loop(`scheduler = ${step}`, "    scheduler.step()\n", "", "");
  assert.equal(schedulerOf(text, { torch: "1.0.1" }).steps[0]?.beforeOptimizer, false);
  assert.equal(schedulerOf(text, { torch: "1.10.0" }).steps[0]?.beforeOptimizer, true);
});

test("a scheduler that goes anywhere unread may be stepped there", () => {
  const knownIn = (use: string) => schedulerOf(loop(`scheduler = ${step}`, "", "", `    ${use}\n`)).usesKnown;
  assert.equal(knownIn("print(scheduler.get_last_lr())"), true);
  assert.equal(knownIn("save(scheduler.state_dict())"), true);
  assert.equal(knownIn("engine.run(scheduler)"), false);
  assert.equal(knownIn("all_schedulers.append(scheduler)"), false);
  assert.equal(knownIn("other = scheduler"), false);
});

test("a scheduler belongs to its optimizer, also through the functions of the file", () => {
  const facts = factsOf(`import torch

def make(model):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    return optimizer, torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)

discriminator_optimizer = torch.optim.Adam(d.parameters())
optimizer, scheduler = make(model)
for epoch in range(10):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    scheduler.step()
`);
  const scheduler = present(facts.schedulers[0], "the scheduler");
  assert.deepEqual(
    scheduler.optimizers.map((index) => facts.optimizers[index]?.constructorName),
    ["AdamW"],
  );
  assert.equal(scheduler.needsMetric, true);
  assert.equal(scheduler.steps[0]?.hasArgument, false);
});
