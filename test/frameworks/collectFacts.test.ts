import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { TrainingFacts } from "../../server/facts/trainingFacts.ts";
import { fixesOf, frameworks } from "../../server/frameworks/index.ts";
import type { TextRange } from "../../server/text/range.ts";
import { applied, factsOf, factsOfTypeScript, present } from "./readFacts.ts";

const python = `import argparse
import torch
from torch import nn, optim
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-3)
args = parser.parse_args()
model = nn.LSTM(2, 2).half()
optimizer = optim.Adam(model.parameters(), lr=args.lr, **{"eps": 1e-8})
scaler = torch.cuda.amp.GradScaler(enabled=True)
total = 0
for i, (x, y) in enumerate(loader):
    with torch.autocast("cuda"):
        loss = -torch.log(torch.softmax(model(x), dim=1)).mean() / 4
    scaler.scale(loss).backward()
    if (i + 1) % 4 == 0:
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    total += loss
`;

const typescript = `import * as tf from "@tensorflow/tfjs";
const optimizer = tf.train.adam(0.01);
for (const { xs, ys } of batches) {
  const cost = optimizer.minimize(() => ys.mul(tf.log(tf.softmax(model.predict(xs)))).sum(), true);
}
model.compile({ optimizer: "adam" });
await model.fit(xs, ys);
`;

function rangesOf(facts: TrainingFacts): readonly TextRange[] {
  return [
    ...facts.optimizers.flatMap((fact) => [
      fact,
      fact.nameRange,
      ...Object.values(fact.arguments).flatMap(({ range, valueRange, resolved }) => [
        ...(range === null ? [] : [range]),
        ...(valueRange === null ? [] : [valueRange]),
        ...resolved.chain,
      ]),
    ]),
    ...facts.loops.flatMap((loop) => [
      loop,
      loop.header,
      ...loop.events,
      ...loop.events.map((event) => event.statement),
    ]),
    ...facts.precision,
    ...facts.traits,
    ...facts.lossTerms.flatMap((term) => [term, term.operandRange]),
    ...facts.graphAccumulations.flatMap((fact) => [fact, fact.lossRange]),
    ...facts.hyperparameters.flatMap((fact) => [fact, fact.valueRange]),
    ...facts.imports.flatMap((fact) => [fact, fact.statement]),
  ];
}

/** A program with pieces cut out and others put in: what an editor sends while someone types. */
function broken(program: string) {
  return fc
    .array(
      fc.tuple(
        fc.nat(program.length),
        fc.nat(40),
        fc.constantFrom("", "(", "]", '"', ":", "\n    ", "if x", "lambda", "é😀"),
      ),
      {
        maxLength: 4,
      },
    )
    .map((cuts) =>
      cuts.reduce((text, [at, length, put]) => text.slice(0, at) + put + text.slice(at + length), program),
    );
}

for (const [language, program, read] of [
  ["Python", python, factsOf],
  ["TypeScript", typescript, factsOfTypeScript],
] as const) {
  test(`never throws on broken ${language}, and every range lies in the text`, () => {
    fc.assert(
      fc.property(broken(program), (text) => {
        for (const { start, end } of rangesOf(read(text))) {
          assert.ok(0 <= start && start <= end && end <= text.length);
        }
      }),
      { numRuns: 150 },
    );
  });
}

test("finds every kind of fact in one program", () => {
  const facts = factsOf(python);
  assert.deepEqual(facts.frameworks, ["pytorch"]);
  for (const kind of [
    "optimizers",
    "loops",
    "precision",
    "traits",
    "lossTerms",
    "graphAccumulations",
    "hyperparameters",
    "imports",
  ] as const) {
    assert.ok(facts[kind].length > 0, kind);
  }
});

test("returns nothing but the imports of a file without training", () => {
  const facts = factsOf("import os\nprint(os.getcwd())\n");
  assert.deepEqual(facts.frameworks, []);
  assert.deepEqual(
    facts.imports.map(({ module, local, uses }) => [module, local, uses]),
    [["os", "os", 1]],
  );
});

test("survives expressions and calls that are nested deeper than a stack", () => {
  const deep = `import torch\nx = ${"(".repeat(400)}1${")".repeat(400)}\ny = ${"1 + ".repeat(6000)}1\n`;
  assert.doesNotThrow(() => factsOf(deep));
  const mutual =
    "import torch\ndef a():\n    b()\n    loss.backward()\ndef b():\n    a()\n    opt.step()\nwhile True:\n    a()\n";
  assert.equal(factsOf(mutual).loops.length, 1);
});

test("each framework has a name of its own in its language, words that say when a text can be skipped, and its own fixes", () => {
  assert.equal(new Set(frameworks.map(({ name, language }) => `${name} in ${language}`)).size, frameworks.length);
  for (const { name, mentions, fixes } of frameworks) {
    assert.ok(mentions.length > 0, name);
    const own = Object.entries(fixes);
    assert.deepEqual(
      own.map(([fix, write]) => Object.entries(fixesOf(name)).find(([key]) => key === fix)?.[1] === write),
      own.map(() => true),
      name,
    );
  }
});

test("edits of independent fixes apply together", () => {
  const facts = factsOf(python);
  const context = { text: python, facts };
  const fixes = fixesOf("pytorch");
  const loop = present(facts.loops[0], "the loop");
  const clip = present(
    loop.events.find(({ kind }) => kind === "clip"),
    "the clip",
  );
  const edits = [
    ...present(fixes.unscaleBeforeClip(context, loop, clip), "unscale").edits,
    ...present(fixes.decoupleWeightDecay(context, present(facts.optimizers[0], "the optimizer")), "AdamW").edits,
    ...present(fixes.detachLoss(context, present(facts.graphAccumulations[0], "the kept graph")), "item").edits,
  ];
  const after = factsOf(applied(python, edits));
  assert.equal(after.optimizers[0]?.algorithm, "adamw");
  assert.deepEqual(after.graphAccumulations, []);
  assert.ok(after.loops[0]?.events.some(({ kind }) => kind === "unscale"));
});
