import assert from "node:assert/strict";
import { test } from "node:test";
import type { TrainingFacts } from "../../server/facts/trainingFacts.ts";
import { fixesOf } from "../../server/frameworks/index.ts";
import { proposedChanges } from "../../server/refactorings/proposedChanges.ts";
import type { ProposedChange } from "../../server/refactorings/refactoring.ts";
import type { TextEdit } from "../../server/text/range.ts";
import { applied, factsOf, present } from "../frameworks/readFacts.ts";

const script = `import torch

epochs = 60
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(epochs):
    for x, y in loader:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
`;

/** Everything proposed at the first place of `at`. */
function proposedAt(
  text: string,
  at: string,
  taken: readonly (readonly TextEdit[])[] = [],
  facts: TrainingFacts = factsOf(text),
): readonly ProposedChange[] {
  const start = text.indexOf(at);
  assert.ok(start >= 0, `${at} is in the text`);
  return proposedChanges({ text, facts, fixesOf }, { start, end: start + at.length }, taken);
}

function after(text: string, at: string, title: RegExp): string {
  const changes = proposedAt(text, at);
  const change = changes.find((each) => title.test(each.title));
  return applied(text, present(change, `${title} among ${changes.map((each) => each.title).join("; ")}`).edits);
}

const titles = (changes: readonly ProposedChange[]) => changes.map(({ title }) => title);

const all = [
  "Log the gradient norm beside the loss",
  "Clip the gradient norm to 1.0 before optimizer.step()",
  "Lower the learning rate along a cosine over the epochs",
  "Raise the learning rate over the first 5 epochs, then lower it along a cosine",
  "Switch to AdamW, with its own default decay",
  "Turn AMSGrad on with amsgrad=True",
  "Raise eps: set eps=1e-7",
];

test("proposes every change at the optimizer, at the loop and at the step", () => {
  for (const at of ["Adam(", "for x, y in loader", "for epoch in range", "optimizer.step()", "loss.backward()"]) {
    assert.deepEqual(titles(proposedAt(script, at)), all, at);
  }
});

test("stays silent away from optimizer, loop and step", () => {
  for (const at of ["import torch", "epochs = 60", "print(epoch", "mse_loss"]) {
    assert.deepEqual(proposedAt(script, at), [], at);
  }
});

test("writes each change as the script would", () => {
  assert.equal(after(script, "Adam(", /AdamW/), script.replace("optim.Adam(", "optim.AdamW("));
  assert.equal(after(script, "Adam(", /AMSGrad/), script.replace("lr=1e-3)", "lr=1e-3, amsgrad=True)"));
  assert.equal(after(script, "Adam(", /eps/), script.replace("lr=1e-3)", "lr=1e-3, eps=1e-7)"));
  assert.equal(
    after(script, "Adam(", /Clip/),
    script.replace(
      "        optimizer.step()",
      "        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n        optimizer.step()",
    ),
  );
  assert.equal(
    after(script, "Adam(", /^Raise the learning rate/),
    script
      .replace(
        "lr=1e-3)\n",
        `lr=1e-3)
warmup = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=5)
cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs - 5)
scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warmup, cosine], milestones=[5])
`,
      )
      .replace("        optimizer.step()\n", "        optimizer.step()\n    scheduler.step()\n"),
  );
});

test("no change is proposed again once it is made", () => {
  const made: readonly RegExp[] = [/Log/, /Clip/, /cosine over/, /^Raise the learning/, /AdamW/, /AMSGrad/, /eps/];
  for (const title of made) {
    const text = after(script, "Adam(", title);
    const left = titles(proposedAt(text, /AdamW/.test(text) ? "AdamW(" : "Adam("));
    assert.ok(!left.some((each) => title.test(each)), `${title} is proposed again: ${left.join("; ")}`);
  }
});

test("the changes can be made one after the other", () => {
  let text = script;
  for (const title of [/Log/, /Clip/, /cosine over/, /AMSGrad/, /eps/, /AdamW/]) {
    text = after(text, /AdamW/.test(text) ? "AdamW(" : "Adam(", title);
  }
  assert.match(text, /AdamW\(model\.parameters\(\), lr=1e-3, amsgrad=True, eps=1e-7\)/);
  assert.match(text, /grad_norm = torch/);
  assert.deepEqual(proposedAt(text, "AdamW("), []);
});

test("leaves out what a rule offers in the same place", () => {
  const [first] = proposedAt(script, "Adam(");
  const rest = proposedAt(script, "Adam(", [present(first, "a change").edits]);
  assert.deepEqual(titles(rest), all.slice(1));
});

test("names the optimizer where the same change is proposed for several, and leaves their rates to each other", () => {
  const text = `import torch
opt_a = torch.optim.Adam(net.parameters(), lr=1e-3)
opt_b = torch.optim.Adam(critic.parameters(), lr=1e-3)
for epoch in range(50):
    for x, y in loader:
        opt_a.zero_grad()
        opt_b.zero_grad()
        torch.nn.functional.mse_loss(critic(net(x)), y).backward()
        opt_a.step()
        opt_b.step()
`;
  const changes = proposedAt(text, "for x, y in loader");
  assert.deepEqual(
    titles(changes).filter((title) => /AMSGrad/.test(title)),
    ["Turn AMSGrad on with amsgrad=True for opt_a", "Turn AMSGrad on with amsgrad=True for opt_b"],
  );
  const second = present(
    changes.find(({ title }) => /AMSGrad.*opt_b/.test(title)),
    "the second",
  );
  assert.equal(
    applied(text, second.edits),
    text.replace("critic.parameters(), lr=1e-3", "critic.parameters(), lr=1e-3, amsgrad=True"),
  );
  assert.ok(!titles(changes).some((title) => /learning rate/.test(title)));
});

test("proposes neither decay nor clipping where an image or a temperature is optimized", () => {
  const text = `import torch
image = torch.zeros(3, 8, 8, requires_grad=True)
optimizer = torch.optim.Adam([image], lr=1e-2)
for step in range(500):
    optimizer.zero_grad()
    loss_of(image).backward()
    optimizer.step()
`;
  assert.ok(!titles(proposedAt(text, "Adam(")).some((title) => /AdamW|Clip/.test(title)));
});

test("leaves alone what it cannot be certain of", () => {
  const given = script.replace("lr=1e-3)", "lr=1e-3, **options)");
  assert.deepEqual(
    titles(proposedAt(given, "Adam(")).filter((title) => /AMSGrad|eps/.test(title)),
    [],
    "the options may hold them",
  );
  const scheduled = script.replace("    print(epoch", "    adjust_learning_rate(optimizer, epoch)\n    print(epoch");
  assert.deepEqual(
    titles(proposedAt(scheduled, "Adam(")).filter((title) => /learning rate/.test(title)),
    [],
  );
  const sgd = script.replace("Adam(", "SGD(");
  assert.deepEqual(
    titles(proposedAt(sgd, "SGD(")).filter((title) => /AdamW|AMSGrad|eps/.test(title)),
    [],
  );
});

test("Keras: AdamW, AMSGrad and eps at the optimizer, built or named", () => {
  const built = `import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=1e-3), loss="mse")
model.fit(x, y, epochs=3)
`;
  assert.equal(after(built, "Adam(", /AdamW/), built.replace("Adam(", "AdamW("));
  assert.equal(after(built, "Adam(", /AMSGrad/), built.replace("1e-3)", "1e-3, amsgrad=True)"));
  assert.equal(after(built, "Adam(", /eps/), built.replace("1e-3)", "1e-3, epsilon=1e-6)"));
  assert.equal(after(built, "Adam(", /Clip/), built.replace("1e-3)", "1e-3, global_clipnorm=1.0)"));
  const named = built.replace("tf.keras.optimizers.Adam(learning_rate=1e-3)", '"adam"');
  assert.equal(after(named, '"adam"', /AdamW/), named.replace('"adam"', '"adamw"'));
  assert.equal(after(named, '"adam"', /AMSGrad/), named.replace('"adam"', "tf.keras.optimizers.Adam(amsgrad=True)"));
  const old = built.replace("learning_rate=", "lr=");
  assert.ok(!titles(proposedAt(old, "Adam(")).some((title) => /AdamW/.test(title)), "a release without AdamW");
});

test("optax: adamw where the parameters are at hand, amsgrad and eps", () => {
  const text = `import optax
optimizer = optax.adam(1e-3)
state = optimizer.init(params)
for batch in batches:
    grads = grad_fn(params, batch)
    updates, state = optimizer.update(grads, state, params)
    params = optax.apply_updates(params, updates)
`;
  assert.equal(after(text, "adam(", /adamw|AdamW/), text.replace("adam(", "adamw("));
  assert.equal(after(text, "adam(", /AMSGrad/), text.replace("optax.adam(", "optax.amsgrad("));
  assert.equal(after(text, "adam(", /eps/), text.replace("1e-3)", "1e-3, eps=1e-7)"));
  const bare = text.replace("state, params)", "state)");
  assert.ok(!titles(proposedAt(bare, "adam(")).some((title) => /AdamW/.test(title)), "update gets no parameters");
});
