import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findingsFor, torchLoop } from "./lintExample.ts";

describe("missing-gradient-clipping", () => {
  const rule = "missing-gradient-clipping";

  it("is an information for a plain net and says what one outlier does", async () => {
    const [finding] = await findingsFor(rule, torchLoop("optimizer = torch.optim.Adam(model.parameters())"));
    assert.equal(finding?.severity, "info");
    assert.equal(
      finding?.message,
      "Nothing clips the gradients before Adam steps: one outlier batch moves each weight by up to 3.2 × lr and weighs on the second moment for about 1,000 steps (beta2 = 0.999). Clip their norm to 1.0 right before the step.",
    );
    assert.equal(finding?.fixes[0]?.applicability, "unsafe");
    assert.equal(finding?.related[0]?.message, "Adam is built here");
  });

  for (const [what, setup, because] of [
    ["recurrent nets", "model = nn.GRU(8, 8)", "recurrent nets (nn.GRU)"],
    ["transformers", "model = nn.TransformerEncoder(layer, 6)", "transformers (nn.TransformerEncoder)"],
  ] as const) {
    it(`is a warning for ${what}`, async () => {
      const text = torchLoop(`${setup}\noptimizer = torch.optim.Adam(model.parameters())`);
      const [finding] = await findingsFor(rule, text);
      assert.equal(finding?.severity, "warning");
      assert.ok(finding?.message.includes(`and ${because} can make them spike`), finding?.message);
    });
  }

  it("reckons with the betas that are given", async () => {
    const setup = "optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))";
    const [finding] = await findingsFor(rule, torchLoop(setup));
    assert.ok(finding?.message.includes("for about 50 steps (beta2 = 0.98)"), finding?.message);
  });

  it("speaks of RMSprop without Adam's arithmetic, and not of SGD", async () => {
    const [finding] = await findingsFor(rule, torchLoop("optimizer = torch.optim.RMSprop(model.parameters())"));
    assert.ok(finding?.message.includes("goes straight into its running averages"), finding?.message);
    assert.deepEqual(await findingsFor(rule, torchLoop("optimizer = torch.optim.SGD(model.parameters(), lr=1)")), []);
  });

  it("names TensorFlow.js optimizers as people do and says where to clip there", async () => {
    const text = `import * as tf from "@tensorflow/tfjs";
const optimizer = tf.train.adam(1e-3);
for (const batch of batches) optimizer.minimize(() => loss(batch));
`;
    const [finding] = await findingsFor(rule, text, { path: "train.ts" });
    assert.match(finding?.message ?? "", /^Nothing clips the gradients before Adam steps: /);
    assert.match(
      finding?.message ?? "",
      /between tf\.variableGrads and applyGradients, since no TensorFlow\.js optimizer/,
    );
  });

  it("stays silent when gradients are clamped by hand", async () => {
    const clamp = "    for p in model.parameters():\n        p.grad.clamp_(-1, 1)\n";
    const setup = "optimizer = torch.optim.Adam(model.parameters())";
    assert.deepEqual(await findingsFor(rule, torchLoop(setup, clamp)), []);
  });
});

describe("clip-before-unscale", () => {
  const loop = (scaler: string) => `import torch
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = ${scaler}
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda"):
        loss = criterion(model(x), y)
    scaler.scale(loss).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
`;

  it("is an error that names the scale and the scaler, with a safe fix", async () => {
    const [finding] = await findingsFor("clip-before-unscale", loop('torch.amp.GradScaler("cuda")'));
    assert.equal(finding?.severity, "error");
    assert.equal(
      finding?.message,
      "The clip sees gradients that are still multiplied by the loss scale (65,536 at first), so after the step unscales them almost nothing is left of every update. Call scaler.unscale_(optimizer) between the backward pass and the clip.",
    );
    assert.equal(finding?.fixes[0]?.applicability, "safe");
    assert.equal(finding?.related[0]?.message, "the loss is scaled here");
  });

  it("says when it holds where a flag decides", async () => {
    const [finding] = await findingsFor("clip-before-unscale", loop('torch.amp.GradScaler("cuda", enabled=use_amp())'));
    assert.ok(finding?.message.includes("whenever scaler is enabled"), finding?.message);
  });
});

describe("eps-unset-under-mixed-precision", () => {
  const rule = "eps-unset-under-mixed-precision";
  const half = (optimizer: string) => torchLoop(`model = Net().half()\noptimizer = ${optimizer}`);
  const autocast = (type: string, optimizer = "torch.optim.Adam(model.parameters())") => `import torch
optimizer = ${optimizer}
for x, y in loader:
    optimizer.zero_grad()
    with torch.autocast("cuda", dtype=${type}):
        loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
`;

  it("is an error with float16 parameters, where eps is 0", async () => {
    const [finding] = await findingsFor(rule, half("torch.optim.Adam(model.parameters())"));
    assert.equal(finding?.severity, "error");
    assert.match(finding?.message ?? "", /eps = 1e-8 \(the library's default\) is 0 in float16: weights/);
    assert.match(finding?.message ?? "", /set eps to 1e-4\.$/);
  });

  it("is a warning with float16 parameters and the eps that is often advised", async () => {
    const [finding] = await findingsFor(rule, half("torch.optim.Adam(model.parameters(), eps=1e-7)"));
    assert.equal(finding?.severity, "warning");
    assert.match(finding?.message ?? "", /eps = 1e-7 is too small for float16/);
  });

  it("is an information under float16 autocast, and says that it is no fault by itself", async () => {
    const [finding] = await findingsFor(rule, autocast("torch.float16"));
    assert.equal(finding?.severity, "info");
    assert.match(finding?.message ?? "", /parameters stay float32 here, so this is no fault by itself/);
  });

  it("is a hint under bfloat16 alone", async () => {
    const [finding] = await findingsFor(rule, autocast("torch.bfloat16"));
    assert.equal(finding?.severity, "hint");
  });

  it("stays silent when eps is given under autocast, and for SGD", async () => {
    const given = autocast("torch.float16", "torch.optim.Adam(model.parameters(), eps=1e-8)");
    assert.deepEqual(await findingsFor(rule, given), []);
    assert.deepEqual(await findingsFor(rule, half("torch.optim.SGD(model.parameters(), lr=1)")), []);
  });
});

describe("adam-l2-weight-decay", () => {
  const rule = "adam-l2-weight-decay";

  it("names the resolved value and says by default when a command line can change it", async () => {
    const text = `import argparse
import torch
parser = argparse.ArgumentParser()
parser.add_argument("--wd", type=float, default=5e-4)
args = parser.parse_args()
optimizer = torch.optim.Adam(model.parameters(), weight_decay=args.wd)
`;
    const [finding] = await findingsFor(rule, text);
    assert.equal(finding?.severity, "warning");
    assert.deepEqual(
      finding?.related.map(({ start, end, message }) => [text.slice(start, end), message]),
      [["5e-4", "weight_decay comes from here (argparse default)"]],
    );
    assert.match(finding?.message ?? "", /^Adam adds weight_decay = 5e-4 by default to the gradient/);
    assert.match(
      finding?.message ?? "",
      /Use AdamW, and tune the decay anew: good values there are often 1e-4 to 1e-2\.$/,
    );
    assert.equal(finding?.fixes[0]?.applicability, "unsafe");
  });

  it("stays silent about a decay that is not known", async () => {
    assert.deepEqual(
      await findingsFor(rule, "import torch\no = torch.optim.Adam(m.parameters(), weight_decay=get())\n"),
      [],
    );
  });
});

describe("learning-rate-high", () => {
  const rule = "learning-rate-high";

  it("compares with Adam's default and proposes a rate below the limit", async () => {
    const [finding] = await findingsFor(rule, "import torch\no = torch.optim.Adam(m.parameters(), lr=0.5)\n");
    assert.equal(finding?.severity, "warning");
    assert.equal(
      finding?.message,
      "Adam moves each weight by about its learning rate a step whatever the gradient's size, and lr = 0.5 is 500 times the 1e-3 that is Adam's default. Start from 5e-3, or warm up to the higher rate.",
    );
  });

  it("is stricter when a pretrained transformer is fine-tuned, but not for adapters", async () => {
    const text = (extra: string) => `import torch
from transformers import AutoModelForSequenceClassification
${extra}model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased")
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
`;
    const [finding] = await findingsFor(rule, text(""));
    assert.match(finding?.message ?? "", /lr = 2e-3 is 40 times the 5e-5 usual for fine-tuning a transformer/);
    assert.deepEqual(await findingsFor(rule, text("from peft import get_peft_model\n")), []);
  });

  it("takes a table of positions for no pretrained model", async () => {
    const text = `import torch
from torch import nn
layer = nn.TransformerEncoderLayer(64, 4)
positions = nn.Embedding.from_pretrained(sinusoid_table(64), freeze=True)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
`;
    assert.deepEqual(await findingsFor(rule, text), []);
  });

  it("stays silent where the code sets the rate itself", async () => {
    const text = "import torch\no = torch.optim.Adam(m.parameters(), lr=1.0)\n";
    assert.deepEqual(await findingsFor(rule, `${text}for g in o.param_groups:\n    g["lr"] = rate(step)\n`), []);
    assert.equal((await findingsFor(rule, text)).length, 1);
  });
});

describe("zero-grad-missing", () => {
  it("is a warning with a safe fix", async () => {
    const text = torchLoop("optimizer = torch.optim.SGD(model.parameters(), lr=1)").replace(/.*zero_grad.*\n/, "");
    const [finding] = await findingsFor("zero-grad-missing", text);
    assert.equal(finding?.severity, "warning");
    assert.match(finding?.message ?? "", /^Nothing zeroes the gradients in this loop/);
    assert.equal(finding?.fixes[0]?.applicability, "safe");
  });
});

describe("loss-keeps-graph", () => {
  it("names the accumulator and the loss, with a safe fix", async () => {
    const text = `losses = []\n${torchLoop("optimizer = torch.optim.SGD(model.parameters(), lr=1)")}    losses.append(loss)\n`;
    const [finding] = await findingsFor("loss-keeps-graph", text);
    assert.equal(
      finding?.message,
      "losses collects loss with its autograd graph, so memory grows with every iteration. Keep the number alone: loss.item().",
    );
    assert.equal(finding?.fixes[0]?.applicability, "safe");
  });
});

describe("unstable-loss", () => {
  it("says what happens at the edge and names the stable form", async () => {
    const text = torchLoop("optimizer = torch.optim.SGD(model.parameters(), lr=1)").replace(
      "criterion(model(inputs), labels)",
      "-torch.log(torch.softmax(model(inputs), dim=1)).mean()",
    );
    const [finding] = await findingsFor("unstable-loss", text);
    assert.equal(finding?.severity, "warning");
    assert.match(finding?.message ?? "", /in this loss is -inf at 0 and NaN below/);
    assert.match(finding?.message ?? "", /Use log_softmax, which never leaves the log domain\.$/);
    assert.equal(finding?.fixes[0]?.applicability, "unsafe");
  });
});

describe("many-hyperparameters-changed", () => {
  const rule = "many-hyperparameters-changed";
  const text = (values: readonly number[]) =>
    `import torch\n${values.map((value, index) => `size_${index} = ${value}\n`).join("")}`;

  it("lists old and new values once, with one fix a value", async () => {
    const after = text([10, 20, 30, 40, 50, 60, 70]);
    const [finding, ...others] = await findingsFor(rule, after, { before: text([1, 2, 3, 4, 5, 6, 7]) });
    assert.deepEqual(others, []);
    assert.equal(
      finding?.message,
      "7 hyperparameters differ from HEAD (size_0 1 → 10, size_1 2 → 20, size_2 3 → 30, size_3 4 → 40, size_4 5 → 50, size_5 6 → 60 and 1 more), so if the run gets better or worse nothing tells which of them did it. Keep one change and put the others back.",
    );
    assert.equal(finding?.fixes.length, 7);
    assert.equal(finding?.fixes[2]?.title, "Keep size_2 = 30 and put the other 6 back");
    assert.equal(finding?.related.length, 7);
  });

  it("counts from the number that is set", async () => {
    const options = { before: text([1, 2, 3]), options: { threshold: 3 } };
    assert.equal((await findingsFor(rule, text([2, 3, 4]), options)).length, 1);
    assert.deepEqual(await findingsFor(rule, text([2, 3, 3]), options), []);
  });

  it("stays silent when values are added or removed, and without a baseline", async () => {
    assert.deepEqual(await findingsFor(rule, text([1, 2, 3, 4, 5, 6, 7, 8]), { before: text([1]) }), []);
    assert.deepEqual(await findingsFor(rule, text([1, 2, 3, 4, 5, 6])), []);
  });
});

describe("code that keeps float32 master weights or optimizes single tensors", () => {
  it("gets no advice on eps", async () => {
    const text = `import torch
import deepspeed
optimizer = torch.optim.Adam(model.parameters())
for x, y in loader:
    with torch.autocast("cuda", dtype=torch.float16):
        loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
`;
    assert.deepEqual(await findingsFor("eps-unset-under-mixed-precision", text), []);
    assert.equal(
      (await findingsFor("eps-unset-under-mixed-precision", text.replace("import deepspeed\n", ""))).length,
      1,
    );
  });

  it("gets no advice on clipping or the rate", async () => {
    const text = torchLoop("optimizer = torch.optim.Adam([log_alpha], lr=0.1)");
    assert.deepEqual(await findingsFor("missing-gradient-clipping", text), []);
    assert.deepEqual(await findingsFor("learning-rate-high", text), []);
  });
});
