import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findingsFor } from "../rules/lintExample.ts";
import { factsOf, present, sliceOf } from "./readFacts.ts";

function script(args: string, more = ""): string {
  return `from transformers import Trainer, TrainingArguments
${more}
args = TrainingArguments(output_dir="out"${args})
trainer = Trainer(model=model, args=args, train_dataset=train_dataset)
trainer.train()
`;
}

describe("transformers' settings", () => {
  it("are an optimizer with the library's defaults", () => {
    const { optimizers, trainers, frameworks } = factsOf(script(""));
    const [optimizer] = optimizers;
    assert.deepEqual(frameworks, ["huggingface"]);
    assert.equal(optimizer?.algorithm, "adamw");
    const value = (name: "learningRate" | "eps" | "weightDecay") => {
      const resolved = optimizer?.arguments[name]?.resolved;
      return resolved?.known === true ? resolved.value : undefined;
    };
    assert.deepEqual([value("learningRate"), value("eps"), value("weightDecay")], [5e-5, 1e-8, 0]);
    const clip = present(trainers[0]?.settings.clipNorm, "clipNorm");
    assert.equal(clip.resolved.known && clip.resolved.value, 1);
  });

  it("have TRL's own rates", () => {
    const { optimizers } = factsOf("from trl import SFTConfig, DPOConfig\na = SFTConfig()\nb = DPOConfig()\n");
    const rates = optimizers.map(({ arguments: { learningRate } }) =>
      learningRate?.resolved.known ? learningRate.resolved.value : null,
    );
    assert.deepEqual(rates, [2e-5, 1e-6]);
  });

  it("resolve through the command line", () => {
    const parser = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float, default=2e-4)\n";
    const text = script(", learning_rate=opts.lr", `${parser}opts = p.parse_args()`);
    const rate = present(factsOf(text).optimizers[0]?.arguments.learningRate, "learningRate");
    assert.equal(rate.resolved.known && rate.resolved.value, 2e-4);
    assert.equal(rate.resolved.known && rate.resolved.overridable, true);
  });

  it("name other optimizers by optim", () => {
    const algorithm = (optim: string) => factsOf(script(`, optim="${optim}"`)).optimizers[0];
    assert.equal(algorithm("paged_adamw_8bit")?.algorithm, "adamw");
    assert.equal(algorithm("adafactor")?.adamFamily, false);
    assert.equal(algorithm("sgd")?.adaptive, false);
  });

  it("tell mixed precision", () => {
    const text = script(", bf16=True, fp16=False");
    const facts = factsOf(text).precision;
    assert.deepEqual(
      facts.map(({ type, enabled, ...range }) => [type, enabled.known && enabled.value, sliceOf(text, range)]),
      [
        ["float16", false, "fp16=False"],
        ["bfloat16", true, "bf16=True"],
      ],
    );
  });

  it("are compared with an earlier version", () => {
    const names = factsOf(script(", num_train_epochs=3, learning_rate=1e-4, seed=1")).hyperparameters.map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ["args.epochs", "args.learningRate", "args.seed"]);
  });
});

describe("clipping by transformers' Trainer", () => {
  const rule = "missing-gradient-clipping";
  const silent: Readonly<Record<string, string>> = {
    "by default": script(""),
    "at a threshold from elsewhere": script(", max_grad_norm=config.clip"),
    "where one of two values clips": script(", max_grad_norm=1.0 if clip else 0"),
    "where DeepSpeed steps": script(', max_grad_norm=0, deepspeed="ds.json"'),
    "where the code clips": script(", max_grad_norm=0", "from torch.nn.utils import clip_grad_norm_"),
    "where the Trainer gets an optimizer": script(", max_grad_norm=0").replace(
      "args=args",
      "args=args, optimizers=(o, s)",
    ),
    "with plain SGD": script(', max_grad_norm=0, optim="sgd"'),
    "with settings that are spread": script(", **settings"),
    "for a class of the same name from elsewhere": script(", max_grad_norm=0").replace("transformers", "mine"),
  };
  for (const [what, text] of Object.entries(silent)) {
    it(`stays silent ${what}`, async () => assert.deepEqual(await findingsFor(rule, text), []));
  }

  it("is found off where the zero comes from a constant, and fixed there", async () => {
    const [finding] = await findingsFor(rule, script(", max_grad_norm=CLIP", "CLIP = 0.0"));
    assert.equal(finding?.fixes[0]?.edits[0]?.newText, "1.0");
    assert.match(finding?.message ?? "", /before AdamW steps.*Set max_grad_norm to 1\.0\.$/);
  });
});

describe("learning rates of transformers' settings", () => {
  const rule = "learning-rate-high";
  const model = 'model = AutoModel.from_pretrained("bert-base-cased")';

  it("are high from 1e-3 on where a pretrained model is tuned", async () => {
    assert.equal((await findingsFor(rule, script(", learning_rate=1e-3", model))).length, 1);
    assert.deepEqual(await findingsFor(rule, script(", learning_rate=5e-4", model)), []);
  });

  it("stay silent with adapters, Adafactor, and where only the tokenizer is pretrained", async () => {
    const tokenizer = 'tokenizer = AutoTokenizer.from_pretrained("bert-base-cased")';
    for (const text of [
      script(", learning_rate=1e-3", `${model}\nfrom peft import LoraConfig`),
      script(', learning_rate=1e-3, optim="adafactor"', model),
      script(", learning_rate=1e-3", tokenizer),
    ])
      assert.deepEqual(await findingsFor(rule, text), []);
  });
});

describe("losses that are not finite", () => {
  const rule = "nonfinite-hidden";

  it("are told of once a file", async () => {
    const two = script("") + script("").replace(/^from.*\n/, "");
    assert.equal((await findingsFor(rule, two)).length, 1);
  });

  it("are marked at the argument where it is given, and shown by it", async () => {
    const text = script(", logging_nan_inf_filter=True");
    const [finding] = await findingsFor(rule, text);
    assert.equal(sliceOf(text, finding), "logging_nan_inf_filter=True");
    assert.equal(finding?.severity, "info");
    assert.equal(finding?.fixes[0]?.edits[0]?.newText, "False");
  });

  const loop = (line: string) => `import torch
def train():
    for x, y in loader:
        loss = criterion(model(x), y)
        ${line}
        loss.backward()
        optimizer.step()
`;
  it("are told of where the differentiated loss is replaced", async () => {
    assert.equal((await findingsFor(rule, loop("loss = torch.nan_to_num(loss, nan=0.0)"))).length, 1);
    assert.equal((await findingsFor(rule, loop("loss = loss.nan_to_num()"))).length, 1);
  });

  it("are left alone in evaluation, metrics and losses of samples", async () => {
    for (const text of [
      loop("total += np.nan_to_num(loss.item())"),
      loop("losses = torch.nan_to_num(losses)"),
      loop("x = torch.nan_to_num(x)"),
      `${loop("pass")}\ndef evaluate():\n    loss = torch.nan_to_num(loss)\n`,
      `${loop("pass")}\nwith torch.no_grad():\n    loss = torch.nan_to_num(loss)\n`,
    ])
      assert.deepEqual(await findingsFor(rule, text), []);
  });
});
