import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { factsOf, sliceOf } from "./readFacts.ts";

const head = `import torch
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(epochs):
    for step, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
`;

function logsOf(line: string) {
  const text = `${head}        ${line}\n`;
  return factsOf(text).lossLogs.map(({ logger, step, extension, loss }) => ({
    logger,
    step,
    form: extension?.form ?? null,
    loss: sliceOf(text, loss),
  }));
}

describe("loss logs", () => {
  const cases: readonly [string, string, string | null, string | null][] = [
    ['print(f"step {step} loss {loss.item():.4f}")', "print", "step", "text"],
    ['print("loss", loss.item(), step)', "print", "step", "argument"],
    ['print("epoch %d loss %.3f" % (epoch, loss.item()))', "print", "epoch", "argument"],
    ['logger.info("loss {:.4f}".format(loss.item()))', "logging", null, "concatenation"],
    ["pbar.set_postfix(loss=loss.item())", "progress bar", null, "keyword"],
    ['pbar.set_description(f"loss {loss.item():.3f}")', "progress bar", null, "text"],
    ['writer.add_scalar("train/loss", loss.item(), step)', "tensorboard", "step", "call"],
    ['wandb.log({"loss": loss.item()}, step=step)', "metrics", "step", "entry"],
    ['mlflow.log_metric("loss", loss.item(), step=step)', "metrics", "step", "call"],
    ['self.log("train_loss", loss)', "lightning", null, "call"],
    ["metric_logger.update(loss=loss.item())", "meter", null, "keyword"],
    ['log_file.write(json.dumps({"step": step, "loss": loss.item()}) + "\\n")', "json", "step", "entry"],
  ];
  for (const [line, logger, step, form] of cases) {
    it(`knows ${line}`, () => {
      const [only, ...more] = logsOf(line);
      assert.deepEqual({ logger: only?.logger, step: only?.step, form: only?.form }, { logger, step, form });
      assert.deepEqual(more, []);
    });
  }

  for (const line of [
    'print(f"val loss {val_loss:.4f}")',
    'writer.add_scalar("test/loss", test_loss, step)',
    'print("eval epoch: {}, loss: {:.4f}".format(epoch, metrics["loss"]))',
    'print("starting step", step)',
    "losses.append(loss.item())",
    'wandb.log({"loss_scale": scale})',
    'logger.warning(f"loss is {loss}")',
  ]) {
    it(`takes ${line} for no log of the training loss`, () => {
      assert.deepEqual(logsOf(line), []);
    });
  }

  it("knows under which tests a log stands, and behind which loop", () => {
    const text = `${head}        if step % 50 == 0:\n            print(loss.item())\n    print(epoch, epoch_loss)\n`;
    const logs = factsOf(text).lossLogs;
    assert.deepEqual(
      logs.map(({ place, branches }) => [place, branches.map(({ test }) => test)]),
      [
        ["iteration", ["step % 50 == 0"]],
        ["behind", []],
      ],
    );
  });
});
