import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findingsFor } from "../rules/lintExample.ts";
import { applied, factsOf } from "./readFacts.ts";

function script(step: string, setup = "accelerator = Accelerator()"): string {
  return `import torch
from accelerate import Accelerator

${setup}
optimizer = torch.optim.AdamW(params=model.parameters(), lr=2e-5)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)

for index, batch in enumerate(loader):
    loss = model(**batch).loss
    accelerator.backward(loss)
${step}`;
}

const plain = "    optimizer.step()\n    optimizer.zero_grad()\n";

describe("missing-gradient-clipping under Accelerate", () => {
  const rule = "missing-gradient-clipping";

  async function fixed(text: string): Promise<string> {
    const [finding] = await findingsFor(rule, text);
    const result = applied(text, finding?.fixes[0]?.edits ?? []);
    assert.notEqual(result, text);
    assert.deepEqual(await findingsFor(rule, result), []);
    return result;
  }

  it("clips where gradients are whole", async () => {
    const clip = "    if accelerator.sync_gradients:\n        accelerator.clip_grad_norm_(model.parameters(), 1.0)\n";
    assert.equal(await fixed(script(plain)), script(clip + plain));
  });

  it("clips inside the branch that accumulates by hand", async () => {
    const step = "    if index % 4 == 0:\n        optimizer.step()\n        optimizer.zero_grad()\n";
    const clip =
      "    if index % 4 == 0:\n        if accelerator.sync_gradients:\n            accelerator.clip_grad_norm_(model.parameters(), 1.0)\n        optimizer.step()\n        optimizer.zero_grad()\n";
    assert.equal(await fixed(script(step)), script(clip));
  });

  it("needs no second test where the step stands under sync_gradients", async () => {
    const step = "    if accelerator.sync_gradients:\n        optimizer.step()\n        optimizer.zero_grad()\n";
    const clip =
      "    if accelerator.sync_gradients:\n        accelerator.clip_grad_norm_(model.parameters(), 1.0)\n        optimizer.step()\n        optimizer.zero_grad()\n";
    assert.equal(await fixed(script(step)), script(clip));
  });

  it("stays silent where it clips, and where an engine can step", async () => {
    for (const text of [
      script(`    accelerator.clip_grad_norm_(model.parameters(), 1.0)\n${plain}`),
      script(`    accelerator.clip_grad_value_(model.parameters(), 1.0)\n${plain}`),
      script(`    clip(model.parameters())\n${plain}`),
      script(plain, "accelerator = Accelerator(deepspeed_plugin=DeepSpeedPlugin())"),
      script(plain, "accelerator = Accelerator(megatron_lm_plugin=plugin)"),
    ])
      assert.deepEqual(await findingsFor(rule, text), []);
  });

  it("leaves other wrappers to themselves", () => {
    const text = script(plain).replaceAll("accelerator", "fabric").replace("Accelerator()", "Fabric()");
    assert.equal(factsOf(text).loops[0]?.clipsOnlyWhenAsked, undefined);
  });
});

describe("clip-ineffective in torch programs", () => {
  const rule = "clip-ineffective";
  const clip = (call: string, setup = "") =>
    findingsFor(rule, `import torch\nfrom torch.nn.utils import clip_grad_norm_\n${setup}\n${call}\n`);

  it("is a warning for a threshold that nothing reaches and an error for zero", async () => {
    assert.equal((await clip("clip_grad_norm_(params, 1e5)"))[0]?.severity, "warning");
    assert.equal((await clip('clip_grad_norm_(params, float("inf"))'))[0]?.severity, "warning");
    assert.equal((await clip("torch.nn.utils.clip_grad_value_(params, 0)"))[0]?.severity, "error");
  });

  it("stays silent where the norm is read, the threshold may change, or a test stands around", async () => {
    for (const call of [
      "norm = clip_grad_norm_(params, 1e9)",
      'print(clip_grad_norm_(params, float("inf")))',
      "clip_grad_norm_(params, threshold)",
      "clip_grad_norm_(params, 100)",
      "if clip:\n    clip_grad_norm_(params, 0)",
      "mine.clip_grad_norm_(params, 0)",
    ])
      assert.deepEqual(await clip(call), [], call);
    const option =
      "import argparse\np = argparse.ArgumentParser()\np.add_argument('--clip', default=0.0)\na = p.parse_args()";
    assert.deepEqual(await clip("clip_grad_norm_(params, a.clip)", option), []);
  });

  it("stays silent where the DeepSpeed plugin clips, or may not be used", async () => {
    const under = (plugin: string) =>
      findingsFor(
        rule,
        script(
          `    accelerator.clip_grad_norm_(model.parameters(), 1.0)\n${plain}`,
          `accelerator = Accelerator(deepspeed_plugin=${plugin})`,
        ),
      );
    assert.equal((await under("DeepSpeedPlugin(zero_stage=2)")).length, 1);
    assert.deepEqual(await under("DeepSpeedPlugin(zero_stage=2, gradient_clipping=1.0)"), []);
    assert.deepEqual(await under("DeepSpeedPlugin(hf_ds_config=config)"), []);
    assert.deepEqual(await under("DeepSpeedPlugin() if use else None"), []);
    assert.deepEqual(await under("plugin"), []);
  });
});

describe("libraries that run the loop themselves", () => {
  it("stay silent: fairseq, timm and Composer", async () => {
    const texts = [
      "import torch\nfrom fairseq import optim\noptimizer = optim.build_optimizer(cfg.optimizer, params)\nloss.backward()\noptimizer.step()\n",
      "import torch\nfrom timm.optim import create_optimizer_v2\nfrom timm.utils import NativeScaler, dispatch_clip_grad\nloss_scaler = NativeScaler()\no = create_optimizer_v2(model, 'adamw', lr=1e-3)\nfor x in l:\n    o.zero_grad()\n    loss = f(x)\n    if loss_scaler is not None:\n        loss_scaler(loss, o, clip_grad=args.clip_grad, parameters=model.parameters())\n    else:\n        loss.backward()\n        if args.clip_grad is not None:\n            dispatch_clip_grad(model.parameters(), value=args.clip_grad)\n        o.step()\n",
      "import torch\nfrom composer import Trainer\no = torch.optim.AdamW(model.parameters())\nTrainer(model=model, optimizers=o).fit()\n",
    ];
    for (const text of texts) assert.deepEqual(await findingsFor("missing-gradient-clipping", text), []);
  });
});
