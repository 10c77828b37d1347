import assert from "node:assert/strict";
import { test } from "node:test";
import { fixesOf } from "../../server/frameworks/index.ts";
import { applied, factsOf, present } from "./readFacts.ts";

function program(line: string, before = "total = 0\nlosses = []"): string {
  return `import torch
optimizer = torch.optim.Adam(model.parameters())
${before}
for x, y in loader:
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
    ${line}
`;
}

function keptBy(line: string, before?: string): readonly (readonly [string, string, string])[] {
  return factsOf(program(line, before)).graphAccumulations.map((fact) => [fact.accumulator, fact.how, fact.lossText]);
}

test("finds losses summed or appended with their graph", () => {
  assert.deepEqual(keptBy("total += loss"), [["total", "sum", "loss"]]);
  assert.deepEqual(keptBy("total = total + loss"), [["total", "sum", "loss"]]);
  assert.deepEqual(keptBy("total += loss * x.size(0)"), [["total", "sum", "loss"]]);
  assert.deepEqual(keptBy("losses.append(loss)"), [["losses", "append", "loss"]]);
  assert.deepEqual(keptBy("total += loss\n    if step % 100 == 0:\n        total = 0"), [["total", "sum", "loss"]]);
});

test("stays silent where the number alone is kept or the sum is backpropagated", () => {
  const silent = [
    "total += loss.item()",
    "total += loss.detach()",
    "total += float(loss)",
    "total += loss.data[0]",
    "losses.append(loss.cpu().detach().numpy())",
    "losses.append(loss.item())",
    "with torch.no_grad():\n        total += loss",
    "count += 1",
    "seen = 0\n    seen += loss",
    "with timer:\n        seen = 0\n        seen += loss",
  ];
  for (const line of silent) assert.deepEqual(keptBy(line), [], line);
  const rebound = program("total += loss").replace(
    "    optimizer.step()",
    "    loss = loss.item()\n    optimizer.step()",
  );
  assert.deepEqual(factsOf(rebound).graphAccumulations, []);
  const summed = `import torch
optimizer = torch.optim.Adam(model.parameters())
for episode in range(10):
    losses = []
    for x in steps:
        loss = model(x)
        losses.append(loss)
    total = torch.stack(losses).sum()
    total.backward()
    optimizer.step()
`;
  assert.deepEqual(factsOf(summed).graphAccumulations, []);
});

test("stays silent where the sum is what is backpropagated later", () => {
  const text = program("total += loss").replace(
    "for x, y in loader:",
    "for x, y in loader:\n    if done:\n        total.backward()",
  );
  assert.deepEqual(factsOf(text).graphAccumulations, []);
});

test("keeps the number alone", () => {
  const cases = [
    ["total += loss", "total += loss.item()"],
    ["total += loss * x.size(0)", "total += loss.item() * x.size(0)"],
    ["losses.append(loss)", "losses.append(loss.item())"],
  ] as const;
  for (const [before, after] of cases) {
    const text = program(before);
    const facts = factsOf(text);
    const kept = present(facts.graphAccumulations[0], before);
    const fix = present(fixesOf("pytorch").detachLoss({ text, facts }, kept), "a fix");
    assert.equal(applied(text, fix.edits), program(after));
    assert.deepEqual(factsOf(program(after)).graphAccumulations, []);
  }
});
