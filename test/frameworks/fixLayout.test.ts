import assert from "node:assert/strict";
import { test } from "node:test";
import { createLinter } from "../../server/lint/linter.ts";
import { createParsers } from "../../server/lint/loadParsers.ts";
import { applied, present } from "./readFacts.ts";

const linter = createLinter(createParsers());
const live = new Set(["batch-not-identified"]);

/** The text after the first fix of the rule's first finding; null where it offers none. */
async function fixed(text: string, rule: string): Promise<string | null> {
  const { diagnostics } = await linter.lintText({ path: "train.py", text, suspected: live });
  const finding = present(
    diagnostics.find((each) => each.rule === rule),
    rule,
  );
  const [fix] = finding.fixes;
  return fix === undefined ? null : applied(text, fix.edits);
}

const loop = `import torch
from torch import nn

model = nn.LSTM(4, 4)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for x, y in loader:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x)[0], y)
    loss.backward()
    # Take a step
    # with Adam
    optimizer.step()
`;

test("a line before a statement goes above the comments that speak of it", async () => {
  assert.equal(
    await fixed(loop, "missing-gradient-clipping"),
    loop.replace("    # Take", "    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n    # Take"),
  );
});

test("a line before a statement stays below the head of a cell or a section", async () => {
  for (const head of ["# %% step", "# -------", "# In[4]:"]) {
    const text = loop.replace("# with Adam", head);
    assert.equal(
      await fixed(text, "missing-gradient-clipping"),
      text.replace(`    ${head}\n`, `    ${head}\n    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n`),
    );
  }
});

test("gradients that are still scaled are not clipped", async () => {
  const text = loop
    .replace("for x, y", "scaler = torch.amp.GradScaler()\nfor x, y")
    .replace("loss.backward()", "scaler.scale(loss).backward()");
  assert.equal(await fixed(text, "missing-gradient-clipping"), null);
});

test("arguments that are aligned with the parenthesis stay aligned under a longer name", async () => {
  const text = `import torch
optimizer = torch.optim.Adam(model.parameters(),
                             lr=1e-3,
                             weight_decay=0.1)
`;
  assert.equal(
    await fixed(text, "adam-l2-weight-decay"),
    `import torch
optimizer = torch.optim.AdamW(model.parameters(),
                              lr=1e-3,
                              weight_decay=0.1)
`,
  );
  const hanging = text.replace(
    "Adam(model.parameters(),\n                             lr",
    "Adam(\n    model.parameters(), lr",
  );
  assert.equal(await fixed(hanging, "adam-l2-weight-decay"), hanging.replace("Adam(", "AdamW("));
});

test("the index that the loop has already is the one that is logged", async () => {
  const text = loop.replace("for x, y in loader", "progress = wrapped(loader)\nfor i, (x, y) in progress");
  const after = present(await fixed(text, "batch-not-identified"), "a fix");
  assert.match(after, /for i, \(x, y\) in progress:/);
  assert.match(after, /print\(f"batch \{i\}"\)/);
  const { diagnostics } = await linter.lintText({ path: "train.py", text: after, suspected: live });
  assert.ok(!diagnostics.some(({ rule }) => rule === "batch-not-identified"), "the rule is silent then");
});

const validated = `import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)


def train():
    net.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        optimizer.step()


def evaluate():
    total = 0.0
    for x, y in val_loader:
        total += nn.functional.mse_loss(net(x), y).item()
    return total


for epoch in range(10):
    train()
    print(evaluate())
`;

test("a function that only evaluates is decorated, and put into evaluation mode before its loop", async () => {
  assert.equal(
    await fixed(validated, "eval-mode-missing"),
    validated
      .replace("def evaluate", "@torch.no_grad()\ndef evaluate")
      .replace("    for x, y in val_loader", "    net.eval()\n    for x, y in val_loader"),
  );
});

const module = `import lightning as L
import torch


class Net(L.LightningModule):
    def training_step(self, batch, index):
        return self.layer(batch).sum()

    def configure_optimizers(self):
        opt = torch.optim.Adam(self.parameters(),
                               lr=1e-3)  # tuned
        print("ready")
        return opt


trainer = L.Trainer(max_epochs=80)
trainer.fit(Net(), loader)
`;

test("Lightning: the schedule goes into configure_optimizers, beside the optimizer that it returns", async () => {
  assert.equal(
    await fixed(module, "no-learning-rate-schedule"),
    module
      .replace(
        "  # tuned\n",
        "  # tuned\n        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=self.trainer.max_epochs)\n",
      )
      .replace("return opt\n", "return [opt], [scheduler]\n"),
  );
  const atOnce = module
    .replace("opt = torch", "return torch")
    .replace("   lr=", "    lr=")
    .replace('        print("ready")\n        return opt\n', "");
  assert.equal(
    await fixed(atOnce, "no-learning-rate-schedule"),
    atOnce.replace(
      "return torch.optim.Adam(self.parameters(),\n                                lr=1e-3)  # tuned\n",
      `optimizer = torch.optim.Adam(self.parameters(),
                                     lr=1e-3)  # tuned
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=self.trainer.max_epochs)
        return [optimizer], [scheduler]
`,
    ),
  );
  const two = module.replace("return opt\n", "if self.plain:\n            return opt\n        return [opt]\n");
  assert.equal(await fixed(two, "no-learning-rate-schedule"), null);
});
