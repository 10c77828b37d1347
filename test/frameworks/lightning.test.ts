import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findingsFor } from "../rules/lintExample.ts";
import { applied, factsOf, sliceOf } from "./readFacts.ts";

const module = `import lightning as L
import torch


class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(8, 8)

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=1e-3)
        return {"optimizer": optimizer}

`;
const clipping = "missing-gradient-clipping";

describe("Lightning's Trainer", () => {
  it("steps the optimizers that the module which it fits configures", () => {
    const text = `${module}\nmodel = Net()\ntrainer = L.Trainer(max_epochs=3)\ntrainer.fit(model, loader)\n`;
    const { loops, trainers, frameworks } = factsOf(text);
    assert.deepEqual(frameworks, ["pytorch", "lightning"]);
    assert.deepEqual(
      loops.map(({ framework, optimizers }) => [framework, optimizers]),
      [["lightning", [0]]],
    );
    assert.equal(trainers[0]?.boundTo, "trainer");
  });

  it("is found from a function, a base class and a checkpoint", async () => {
    const base = module.replace("class Net(L.LightningModule)", "class Base(L.LightningModule)");
    for (const text of [
      `${module}\ndef main(args):\n    model = Net(args)\n    trainer = L.Trainer(devices=1)\n    trainer.fit(model)\n`,
      `${base}\nclass Net(Base):\n    pass\n\n\nL.Trainer().fit(Net())\n`,
      `${module}\nL.Trainer().fit(Net.load_from_checkpoint("a.ckpt"))\n`,
    ])
      assert.equal((await findingsFor(clipping, text)).length, 1, text);
  });

  it("gets the argument where none is given, on its own line where arguments stand so", async () => {
    const text = `${module}\ntrainer = L.Trainer(\n    max_epochs=3,\n)\ntrainer.fit(Net())\n`;
    const [finding] = await findingsFor(clipping, text);
    assert.equal(sliceOf(text, finding), "L.Trainer");
    const fixed = applied(text, finding?.fixes[0]?.edits ?? []);
    assert.ok(fixed.includes("    max_epochs=3,\n    gradient_clip_val=1.0,\n)"), fixed);
    assert.deepEqual(await findingsFor(clipping, fixed), []);
  });

  it("is marked at the value that switches clipping off", async () => {
    const text = `${module}\ntrainer = L.Trainer(gradient_clip_val=0.0)\ntrainer.fit(Net())\n`;
    const [finding] = await findingsFor(clipping, text);
    assert.equal(sliceOf(text, finding), "gradient_clip_val=0.0");
    assert.equal(finding?.fixes[0]?.edits[0]?.newText, "1.0");
  });

  const silent: Readonly<Record<string, string>> = {
    "with a value": "L.Trainer(gradient_clip_val=0.5).fit(Net())",
    "with a value from elsewhere": "L.Trainer(gradient_clip_val=args.clip).fit(Net())",
    "with arguments that are spread": "L.Trainer(**kwargs).fit(Net())",
    "where nothing is fitted": "L.Trainer().test(Net())",
    "where another module is fitted": "from other import Model\nL.Trainer().fit(Model())",
    "for a trial": "L.Trainer(fast_dev_run=True).fit(Net())",
    "with a callback that clips":
      "from callbacks import GradientClipper\nL.Trainer(callbacks=[GradientClipper()]).fit(Net())",
    "where the Trainer is not in the file": "model = Net()",
    "for a Trainer of another library": "from mine import Trainer\nTrainer().fit(Net())",
  };
  for (const [what, lines] of Object.entries(silent)) {
    it(`stays silent ${what}`, async () => assert.deepEqual(await findingsFor(clipping, `${module}\n${lines}\n`), []));
  }

  it("stays silent under manual optimization, certain or not", async () => {
    for (const line of ["self.automatic_optimization = False", "self.automatic_optimization = flag"]) {
      const text = module.replace("super().__init__()", `super().__init__()\n        ${line}`);
      assert.deepEqual(await findingsFor(clipping, `${text}\nL.Trainer().fit(Net())\n`), []);
    }
  });

  it("stays silent for plain SGD", async () => {
    const text = module.replace("Adam(self.parameters(), lr=1e-3)", "SGD(self.parameters(), lr=0.1)");
    assert.deepEqual(await findingsFor(clipping, `${text}\nL.Trainer().fit(Net())\n`), []);
  });
});

describe("manual optimization", () => {
  const manual = `import lightning as L
import torch


class Gan(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        opt_g, opt_d = self.optimizers()
        opt_d.zero_grad()
        self.manual_backward(self.loss(batch))
        opt_d.step()

    def configure_optimizers(self):
        opt_g = torch.optim.Adam(self.g.parameters())
        opt_d = torch.optim.Adam(self.d.parameters())
        return opt_g, opt_d
`;

  it("clips by the module's own call", async () => {
    const [finding, ...others] = await findingsFor(clipping, manual);
    assert.equal(others.length, 0);
    const clip = '        self.clip_gradients(opt_d, gradient_clip_val=1.0, gradient_clip_algorithm="norm")\n';
    const fixed = applied(manual, finding?.fixes[0]?.edits ?? []);
    assert.equal(fixed, manual.replace("        opt_d.step()", `${clip}        opt_d.step()`));
    assert.deepEqual(await findingsFor(clipping, fixed), []);
  });

  it("stays silent where a hook or a helper may clip, or DeepSpeed steps", async () => {
    const before = "        opt_d.step()";
    for (const text of [
      manual.replace(before, `        torch.nn.utils.clip_grad_norm_(self.d.parameters(), 1.0)\n${before}`),
      manual.replace(before, `        limit(self.d.parameters())\n${before}`),
      `${manual}\n    def on_before_optimizer_step(self, optimizer):\n        self.clip_gradients(optimizer)\n`,
      `${manual}\nL.Trainer(strategy="deepspeed").fit(Gan())\n`,
    ])
      assert.deepEqual(await findingsFor(clipping, text), []);
  });
});

describe("Lightning's precision", () => {
  const eps = "eps-unset-under-mixed-precision";
  const under = (precision: string) => findingsFor(eps, `${module}\nL.Trainer(precision=${precision}).fit(Net())\n`);

  it("makes parameters float16 at 16-true, where eps underflows", async () => {
    const [finding] = await under('"16-true"');
    assert.equal(finding?.severity, "error");
  });

  it("keeps them float32 at 16 and 16-mixed", async () => {
    for (const precision of ["16", '"16-mixed"']) assert.equal((await under(precision))[0]?.severity, "info");
    assert.deepEqual(await under("32"), []);
    assert.deepEqual(await under('"64-true"'), []);
  });
});

describe("clips that Lightning refuses", () => {
  const rule = "clip-ineffective";
  const manual = module.replace(
    "super().__init__()",
    "super().__init__()\n        self.automatic_optimization = False",
  );
  const fused = module.replace("lr=1e-3", "lr=1e-3, fused=True");

  it("are told of with the place that makes them so", async () => {
    const [finding] = await findingsFor(rule, `${manual}\nL.Trainer(gradient_clip_val=1.0).fit(Net())\n`);
    assert.equal(finding?.severity, "error");
    assert.equal(finding?.related[0]?.message, "automatic_optimization = False is set here");
  });

  it("stay silent where the switch is conditional, and at zero", async () => {
    const maybe = manual.replace(/( +)(self\.automatic_optimization = False)/, "$1if sam:\n$1    $2");
    for (const text of [
      `${maybe}\nL.Trainer(gradient_clip_val=1.0).fit(Net())\n`,
      `${manual}\nL.Trainer(gradient_clip_val=0).fit(Net())\n`,
      `${manual}\nL.Trainer(gradient_clip_val=None).fit(Net())\n`,
      `${fused}\nL.Trainer(gradient_clip_val=1.0, precision="bf16-mixed").fit(Net())\n`,
      `${fused}\nL.Trainer(gradient_clip_val=1.0).fit(Net())\n`,
    ])
      assert.deepEqual(await findingsFor(rule, text), []);
  });
});
