import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findingsFor } from "../rules/lintExample.ts";
import { factsOf, factsOfJson, factsOfYaml } from "./readFacts.ts";

function config(more: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ train_micro_batch_size_per_gpu: 4, zero_optimization: { stage: 2 }, ...more }, null, 2);
}

const json = (rule: string, more: Readonly<Record<string, unknown>>) =>
  findingsFor(rule, config(more), { path: "ds_config.json" });

describe("DeepSpeed configurations", () => {
  it("build AdamW by either name, and Adam where adam_w_mode is off", () => {
    const algorithm = (type: string, params: object) =>
      factsOfJson(config({ optimizer: { type, params } })).optimizers[0]?.algorithm;
    assert.equal(algorithm("Adam", {}), "adamw");
    assert.equal(algorithm("AdamW", { adam_w_mode: false }), "adamw");
    assert.equal(algorithm("Adam", { adam_w_mode: false }), "adam");
    assert.equal(algorithm("Lamb", {}), undefined);
  });

  it("are read in a script too, once", () => {
    const facts = factsOf(
      'ds = {"zero_optimization": {"stage": 1}, "optimizer": {"type": "Adam", "params": {"lr": LR}}}\nLR = 0.5\n',
    );
    assert.deepEqual(facts.frameworks, ["deepspeed"]);
    const rate = facts.optimizers[0]?.arguments.learningRate?.resolved;
    assert.equal(rate?.known === true && rate.value, 0.5);
  });

  it("are not seen in other files", () => {
    for (const text of ['{"train_batch_size": 4}', '{"name": "a", "dependencies": {}}', "[1, 2]", "", "{", "nonsense"])
      assert.deepEqual(factsOfJson(text).frameworks, []);
  });

  it("clip unless the threshold is zero; unset, the version decides", async () => {
    const optimizer = { type: "AdamW", params: { lr: 1e-4 } };
    const rule = "missing-gradient-clipping";
    assert.equal((await json(rule, { optimizer, gradient_clipping: 0 })).length, 1);
    assert.deepEqual(await json(rule, { optimizer }), []);
    assert.deepEqual(await json(rule, { optimizer, gradient_clipping: "auto" }), []);
    assert.deepEqual(await json(rule, { gradient_clipping: 0 }), []);
  });

  it("contradict themselves only for certain", async () => {
    const rule = "deepspeed-config";
    assert.deepEqual(await json(rule, { train_batch_size: "auto", gradient_accumulation_steps: 3 }), []);
    assert.deepEqual(await json(rule, { train_batch_size: 24, gradient_accumulation_steps: 3 }), []);
    assert.deepEqual(await json(rule, { fp16: { enabled: "auto" }, bf16: { enabled: true } }), []);
    const [finding] = await json(rule, { train_batch_size: 30, gradient_accumulation_steps: 3 });
    assert.match(finding?.message ?? "", /30 is no multiple of 4 × 3/);
  });

  it("keep the spelling that is there beside a wrong one", async () => {
    const [finding] = await json("deepspeed-config", { gradient_clipping: 1, max_grad_norm: 0.5 });
    assert.deepEqual(finding?.fixes, []);
    assert.equal(finding?.related.length, 1);
  });
});

describe("configurations that name torch's optimizers", () => {
  it("are read by Hydra's and LightningCLI's keys", () => {
    const texts = [
      "optimizer:\n  _target_: torch.optim.Adam\n  _partial_: true\n  lr: 0.002\n",
      "optimizer:\n  class_path: torch.optim.adam.Adam\n  init_args:\n    lr: 0.002\n",
    ];
    for (const text of texts) {
      const { optimizers, frameworks } = factsOfYaml(text);
      assert.deepEqual(frameworks, ["configuration"]);
      const rate = optimizers[0]?.arguments.learningRate?.resolved;
      assert.equal(rate?.known === true && rate.value, 0.002);
    }
  });

  it("leave values that are filled in later, and merged mappings, alone", async () => {
    const rule = "learning-rate-high";
    const lint = (text: string) => findingsFor(rule, text, { path: "config.yaml" });
    assert.equal((await lint("_target_: torch.optim.Adam\nlr: 0.5\n")).length, 1);
    assert.deepEqual(await lint(`_target_: torch.optim.Adam\nlr: $\{lr}\n`), []);
    assert.deepEqual(await lint("base: &b\n  lr: 0.5\no:\n  <<: *b\n  _target_: torch.optim.Adam\n"), []);
    assert.deepEqual(await lint("_target_: torch.optim.SGD\nlr: 0.5\n"), []);
  });

  it("can silence a rule by a comment", async () => {
    const text = "_target_: torch.optim.Adam\nlr: 0.5  # haywire: ignore[learning-rate-high]\n";
    assert.deepEqual(await findingsFor("learning-rate-high", text, { path: "config.yaml" }), []);
    assert.deepEqual(await findingsFor("unused-suppression", text, { path: "config.yaml" }), []);
  });

  it("speak of clipping only where a Trainer says that there is none", async () => {
    const lint = (trainer: string) =>
      findingsFor("missing-gradient-clipping", `trainer:\n  ${trainer}\nopt:\n  _target_: torch.optim.Adam\n`, {
        path: "config.yml",
      });
    assert.equal((await lint("gradient_clip_val: 0")).length, 1);
    assert.deepEqual(await lint("max_epochs: 3"), []);
    assert.deepEqual(await lint("gradient_clip_val: 0.5"), []);
  });
});
