import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CheckJob } from "../../server/cli/checkText.ts";
import { createCheckWorkers } from "../../server/cli/checkWorkers.ts";
import { defaultSettings } from "../../server/config/settings.ts";

const training = `import torch
optimizer = torch.optim.Adam(model.parameters(), lr=0.5)
for x, y in loader:
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
`;

function job(index: number, text = training): CheckJob {
  return {
    name: `${index}.py`,
    file: `/project/${index}.py`,
    text: `${text}# ${"padding ".repeat(15_000)}\n`,
    settings: defaultSettings.lint,
    libraryVersions: new Map([["torch", "2.6"]]),
    earlierText: training.replace("0.5", "0.1"),
    lastRun: null,
    fixes: "safe",
    wantsFacts: true,
  };
}

describe("the threads of a check", () => {
  it("find what one thread finds, each answer for its own text", async () => {
    const jobs = Array.from({ length: 10 }, (_, index) => job(index, `x = ${index}\n`.repeat(index) + training));
    const shared = createCheckWorkers(2);
    const alone = createCheckWorkers(1);
    const [many, one] = [shared, alone].map((workers) => Promise.all(jobs.map((each) => workers.check(each))));
    await Promise.all([shared.finish(), alone.finish()]);
    assert.deepEqual(await many, await one);
    const [first] = (await many) ?? [];
    assert.ok(first?.fixedText?.includes("zero_grad"));
    assert.ok(first?.diagnostics.some(({ rule }) => rule === "learning-rate-high"));
  });

  it("answer few texts when told that no more come", async () => {
    const workers = createCheckWorkers(2);
    const answer = workers.check(job(0));
    await workers.finish();
    assert.equal((await answer).facts.path, "/project/0.py");
  });

  it("say nothing when there is nothing to do", async () => {
    await createCheckWorkers().finish();
  });
});
