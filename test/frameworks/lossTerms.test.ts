import assert from "node:assert/strict";
import { test } from "node:test";
import { fixesOf } from "../../server/frameworks/index.ts";
import { applied, factsOf, factsOfTypeScript, present } from "./readFacts.ts";

function program(expression: string, setup = ""): string {
  return `import torch
import torch.nn as nn
import torch.nn.functional as F
${setup}
optimizer = torch.optim.Adam(model.parameters())
for x, y in loader:
    optimizer.zero_grad()
    out = model(x)
    loss = ${expression}
    loss.backward()
    optimizer.step()
`;
}

function termsOf(text: string): readonly (readonly [string, string, string | null])[] {
  return factsOf(text).lossTerms.map((term) => [term.operation, term.operandText, term.stableForm]);
}

test("finds what can be infinite in a loss, with its stable form", () => {
  const cases = [
    ["-torch.log(torch.softmax(out, dim=1)).mean()", ["log", "torch.softmax(out, dim=1)", "log-softmax"]],
    ["-F.softmax(out, dim=-1).log().mean()", ["log", "F.softmax(out, dim=-1)", "log-softmax"]],
    ["-torch.log(torch.sigmoid(out)).mean()", ["log", "torch.sigmoid(out)", "log-sigmoid"]],
    ["torch.log(torch.sum(torch.exp(out), dim=1)).mean()", ["log", "torch.sum(torch.exp(out), dim=1)", "logsumexp"]],
    ["torch.sqrt(F.mse_loss(out, y))", ["sqrt", "F.mse_loss(out, y)", "clamp-min"]],
    ["((out - y) ** 2).mean() ** 0.5", ["power", "((out - y) ** 2).mean()", "clamp-min"]],
    ["torch.acos(F.cosine_similarity(out, y)).mean()", ["acos", "F.cosine_similarity(out, y)", "clamp-min"]],
    ["((out - y) / out.std()).mean()", ["division", "out.std()", "clamp-min"]],
  ] as const;
  for (const [expression, expected] of cases) assert.deepEqual(termsOf(program(expression)), [expected], expression);
});

test("follows names, functions of the file and loss classes", () => {
  const inFunction = `
def nll(logits, y):
    probabilities = torch.softmax(logits, dim=1)
    return -(y * torch.log(probabilities)).sum()
`;
  assert.deepEqual(termsOf(program("nll(out, y)", inFunction)), [["log", "probabilities", "clamp-min"]]);
  const inClass = `
class RootLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.mse = nn.MSELoss()
    def forward(self, a, b):
        return torch.sqrt(self.mse(a, b))
criterion = RootLoss()
`;
  assert.deepEqual(termsOf(program("criterion(out, y)", inClass)), [["sqrt", "self.mse(a, b)", "clamp-min"]]);
});

test("stays silent where the operand is guarded, cannot be followed, or is no part of the loss", () => {
  const silent = [
    "-torch.log(torch.softmax(out, dim=1) + 1e-8).mean()",
    "-torch.log(torch.softmax(out, dim=1) + EPS).mean()",
    "-torch.log(torch.softmax(out, dim=1).clamp(min=1e-6)).mean()",
    "-F.log_softmax(out, dim=1).mean()",
    "torch.log(1 + out ** 2).mean()",
    "torch.log(F.softplus(out)).mean()",
    "torch.log(out).mean()",
    "torch.sqrt(F.mse_loss(out, y) + 1e-12)",
    "out.mean() / len(x)",
    "(out / (out.std() + 1e-8)).mean()",
    "F.mse_loss(out, y) * math.log(2)",
    "F.mse_loss(out, y) + torch.sqrt(F.mse_loss(out, y)).item()",
    "torch.exp(logp - old).mean()",
  ];
  for (const expression of silent) assert.deepEqual(termsOf(program(expression)), [], expression);
  const metric = program("F.mse_loss(out, y)").replace(
    "    loss.backward()",
    "    rmse = torch.sqrt(F.mse_loss(out, y))\n    loss.backward()",
  );
  assert.deepEqual(termsOf(metric), []);
});

test("finds binary cross-entropy of probabilities under autocast alone", () => {
  const under = (context: string) =>
    program("0").replace("    loss = 0", `    with ${context}:\n        loss = F.binary_cross_entropy(out, y)`);
  assert.deepEqual(termsOf(under('torch.autocast("cuda")')), [["bce-under-autocast", "out", "bce-with-logits"]]);
  assert.deepEqual(termsOf(under('torch.autocast("cuda", enabled=False)')), []);
  assert.deepEqual(termsOf(program("F.binary_cross_entropy(out, y)")), []);
});

test("writes the stable form, after which nothing is found", () => {
  const cases = [
    ["-torch.log(torch.softmax(out, dim=1)).mean()", "-torch.log_softmax(out, dim=1).mean()"],
    ["-F.softmax(out, dim=-1).log().mean()", "-F.log_softmax(out, dim=-1).mean()"],
    ["-torch.log(nn.Softmax(dim=1)(out)).mean()", "-nn.LogSoftmax(dim=1)(out).mean()"],
    ["-torch.log(torch.sigmoid(out)).mean()", "-F.logsigmoid(out).mean()"],
    ["torch.log(torch.sum(torch.exp(out), dim=1)).mean()", "torch.logsumexp(out, dim=1).mean()"],
    ["torch.sqrt(F.mse_loss(out, y))", "torch.sqrt(F.mse_loss(out, y).clamp_min(1e-8))"],
    ["-torch.log(1 - torch.sigmoid(out)).mean()", "-torch.log((1 - torch.sigmoid(out)).clamp_min(1e-8)).mean()"],
    [
      "torch.acos(F.cosine_similarity(out, y)).mean()",
      "torch.acos(F.cosine_similarity(out, y).clamp(-1 + 1e-6, 1 - 1e-6)).mean()",
    ],
    ["((out - y) / out.std()).mean()", "((out - y) / out.std().clamp_min(1e-8)).mean()"],
  ] as const;
  for (const [before, after] of cases) {
    const text = program(before);
    const facts = factsOf(text);
    const fix = fixesOf("pytorch").stabilizeLossTerm({ text, facts }, present(facts.lossTerms[0], before));
    const fixed = applied(text, present(fix, `a fix of ${before}`).edits);
    assert.equal(fixed, program(after));
    assert.deepEqual(termsOf(fixed), []);
  }
});

test("clamps higher where float16 would flush the smaller number to zero", () => {
  const text = program("torch.sqrt(F.mse_loss(out, y))", 'scaler = torch.amp.GradScaler("cuda")');
  const facts = factsOf(text);
  const fix = fixesOf("pytorch").stabilizeLossTerm({ text, facts }, present(facts.lossTerms[0], "the term"));
  assert.equal(fix?.title, "Keep it off zero with clamp_min(1e-6)");
});

test("reads the loss that minimize is handed", () => {
  const text = `import * as tf from "@tensorflow/tfjs";
const optimizer = tf.train.adam(0.001);
for (const { xs, ys } of batches) {
  optimizer.minimize(() => {
    const logits = model.predict(xs);
    return ys.mul(tf.log(tf.softmax(logits))).sum().neg();
  });
}
`;
  const facts = factsOfTypeScript(text);
  const term = present(facts.lossTerms[0], "the term");
  assert.deepEqual([term.operation, term.operandText, term.stableForm], ["log", "tf.softmax(logits)", "log-softmax"]);
  const fix = fixesOf("tensorflowjs").stabilizeLossTerm({ text, facts }, term);
  const fixed = applied(text, present(fix, "a fix").edits);
  assert.equal(fixed, text.replace("tf.log(tf.softmax(logits))", "tf.logSoftmax(logits)"));
  assert.deepEqual(factsOfTypeScript(fixed).lossTerms, []);
});

test("knows that a TensorFlow.js model with a softmax layer predicts probabilities that can be zero", () => {
  const program = (activation: string, operand: string) => `import * as tf from "@tensorflow/tfjs";
function createModel() {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units: 8, activation: "relu" }));
  model.add(tf.layers.dense({ units: 2, activation: "${activation}" }));
  return model;
}
function crossEntropy(labels, probabilities) {
  return tf.neg(tf.mean(tf.mul(labels, tf.log(${operand}))));
}
const model = createModel();
const optimizer = tf.train.adam(0.001);
for (const { xs, ys } of batches) {
  optimizer.minimize(() => crossEntropy(ys, model.predict(xs)));
}
`;
  const termsIn = (text: string) =>
    factsOfTypeScript(text).lossTerms.map(({ operation, operandText }) => [operation, operandText]);
  const text = program("softmax", "probabilities");
  assert.deepEqual(termsIn(text), [["log", "probabilities"]]);
  const facts = factsOfTypeScript(text);
  const fix = fixesOf("tensorflowjs").stabilizeLossTerm({ text, facts }, present(facts.lossTerms[0], "term"));
  const fixed = applied(text, present(fix, "a fix").edits);
  assert.equal(fixed, program("softmax", "probabilities.add(1e-7)"));
  assert.deepEqual(termsIn(fixed), []);
  assert.deepEqual(termsIn(program("linear", "probabilities")), []);
});
