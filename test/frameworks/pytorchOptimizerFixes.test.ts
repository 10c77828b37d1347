import assert from "node:assert/strict";
import { test } from "node:test";
import { fixesOf } from "../../server/frameworks/index.ts";
import { applied, factsOf, present } from "./readFacts.ts";

const fixes = fixesOf("pytorch");

function decoupled(text: string): string | null {
  const facts = factsOf(text);
  const fix = fixes.decoupleWeightDecay({ text, facts }, present(facts.optimizers[0], "the optimizer"));
  return fix === null ? null : applied(text, fix.edits);
}

function set(text: string, name: "eps" | "learningRate", literal: string): string | null {
  const facts = factsOf(text);
  const fix = fixes.setOptimizerArgument({ text, facts }, present(facts.optimizers[0], "the optimizer"), name, literal);
  if (fix === null) return null;
  const after = applied(text, fix.edits);
  const { resolved } = present(factsOf(after).optimizers[0]?.arguments[name], name);
  assert.equal(resolved.known && resolved.value, Number(literal), "the fixed text has the value");
  return after;
}

test("switches Adam to AdamW with its prefix", () => {
  const text = "import torch.optim as optim\nopt = optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)\n";
  assert.equal(decoupled(text), text.replace("optim.Adam(", "optim.AdamW("));
});

test("renames the import where nothing else uses it, and adds one where something does", () => {
  const once = "from torch.optim import SGD, Adam\nopt = Adam(model.parameters(), weight_decay=0.1)\n";
  assert.equal(decoupled(once), once.replaceAll("Adam", "AdamW"));
  const twice = `${once}other = Adam(net.parameters())\n`;
  assert.equal(
    decoupled(twice),
    "from torch.optim import SGD, Adam, AdamW\nopt = AdamW(model.parameters(), weight_decay=0.1)\nother = Adam(net.parameters())\n",
  );
  const both = "from torch.optim import Adam, AdamW\nopt = Adam(model.parameters(), weight_decay=0.1)\n";
  assert.equal(decoupled(both), both.replace("= Adam(", "= AdamW("));
  const alias = "from torch.optim import Adam as A\nopt = A(model.parameters(), weight_decay=0.1)\n";
  assert.equal(decoupled(alias), alias.replace("Adam as A", "AdamW as A"));
});

test("sets the flag of NAdam and RAdam, and leaves Adamax alone", () => {
  const text = "import torch\nopt = torch.optim.NAdam(model.parameters(), weight_decay=0.1)\n";
  assert.equal(decoupled(text), text.replace("0.1)", "0.1, decoupled_weight_decay=True)"));
  assert.equal(decoupled(text.replace("NAdam", "Adamax")), null);
});

test("appends eps in the layout of the call", () => {
  const cases = [
    ["Adam(model.parameters(), lr=1e-3)", "Adam(model.parameters(), lr=1e-3, eps=1e-7)"],
    ["Adam(model.parameters(), lr=1e-3,)", "Adam(model.parameters(), lr=1e-3, eps=1e-7)"],
    [
      "Adam(\n    model.parameters(),\n    lr=1e-3,\n)",
      "Adam(\n    model.parameters(),\n    lr=1e-3,\n    eps=1e-7,\n)",
    ],
    [
      "Adam(\n    model.parameters(),\n    lr=1e-3,  # from (the) paper\n)",
      "Adam(\n    model.parameters(),\n    lr=1e-3,  # from (the) paper\n    eps=1e-7,\n)",
    ],
    [
      "Adam(\n    model.parameters(),\n    lr=1e-3  # tuned\n)",
      "Adam(\n    model.parameters(),\n    lr=1e-3,  # tuned\n    eps=1e-7\n)",
    ],
    ["Adam(model.parameters(),\n     lr=1e-3)", "Adam(model.parameters(),\n     lr=1e-3,\n     eps=1e-7)"],
    ["Adam(model.parameters(), **{'lr': 1e-3})", "Adam(model.parameters(), **{'lr': 1e-3}, eps=1e-7)"],
  ] as const;
  for (const [before, after] of cases) {
    const text = `from torch.optim import Adam\nopt = ${before}\n`;
    const expected = `from torch.optim import Adam\nopt = ${after}\n`;
    assert.equal(set(text, "eps", "1e-7"), expected);
  }
});

test("keeps CRLF in a call over several lines", () => {
  const text = "from torch.optim import Adam\r\nopt = Adam(\r\n    model.parameters(),\r\n    lr=1e-3,\r\n)\r\n";
  assert.equal(set(text, "eps", "1e-7"), text.replace("1e-3,\r\n", "1e-3,\r\n    eps=1e-7,\r\n"));
});

test("replaces the number where it is written", () => {
  const cases = [
    ["opt = torch.optim.Adam(p, lr=0.1)\n", "0.1"],
    ["LR = 0.1\nopt = torch.optim.Adam(p, lr=LR)\n", "0.1"],
    [
      'import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument("--lr", type=float, default=0.1)\nargs = parser.parse_args()\nopt = torch.optim.Adam(p, lr=args.lr)\n',
      "0.1",
    ],
    ['config = {"lr": 0.1, "epochs": 3}\nopt = torch.optim.Adam(p, lr=config["lr"])\n', "0.1"],
    ["def build(p, lr=0.1):\n    return torch.optim.Adam(p, lr=lr)\n", "0.1"],
    ["opt = torch.optim.Adam(p, 0.1)\n", "0.1"],
  ] as const;
  for (const [rest, before] of cases) {
    const text = `import torch\n${rest}`;
    assert.equal(set(text, "learningRate", "1e-3"), text.replace(before, "1e-3"));
  }
});

test("offers nothing where the value is computed, has several values, or comes from elsewhere", () => {
  const cases = [
    "LR = 0.1\nopt = torch.optim.Adam(p, lr=LR * 2)\n",
    "opt = torch.optim.Adam(p, lr=0.1 if big else 0.2)\n",
    "opt = torch.optim.Adam(p, lr=config.lr)\n",
    "opt = torch.optim.Adam(p, **kwargs)\n",
  ];
  for (const rest of cases) assert.equal(set(`import torch\n${rest}`, "learningRate", "1e-3"), null, rest);
});

test("appends nothing after a generator without parentheses", () => {
  const text = "import torch\nopt = torch.optim.Adam(p for p in model.parameters() if p.requires_grad)\n";
  assert.equal(set(text, "eps", "1e-7"), null);
});
