import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import type { OptimizerArgumentName, TrainingFacts } from "../../server/facts/trainingFacts.ts";
import { createLinter, type LintDocument } from "../../server/lint/linter.ts";
import { createParsers } from "../../server/lint/loadParsers.ts";
import { createWorkspaceSources } from "../../server/lint/workspaceSources.ts";
import { present } from "../frameworks/readFacts.ts";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A project on the disk, its files by name. */
function project(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(path.join(tmpdir(), "haywire-workspace-"));
  folders.push(folder);
  for (const [name, text] of Object.entries({ "README.md": "", ...files })) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const workspace = createWorkspaceSources({ watchesDisk: true });
  const linter = createLinter(createParsers(), workspace);
  const at = (name: string) => path.join(folder, name);
  return {
    at,
    workspace,
    lint: (name: string) => linter.lintText({ path: at(name), text: readFileSync(at(name), "utf8") }),
    open: async (name: string): Promise<LintDocument> =>
      present(await linter.openDocument(at(name), readFileSync(at(name), "utf8")), name),
  };
}

function settingOf(facts: TrainingFacts, name: OptimizerArgumentName) {
  const resolved = facts.optimizers[0]?.arguments[name]?.resolved;
  return resolved?.known === true ? resolved.value : "unknown";
}

const adam = "optimizer = torch.optim.Adam(model.parameters(), lr=";

describe("values across files", () => {
  const train = (head: string, rate: string) =>
    `import torch\n${head}\nmodel = torch.nn.Linear(2, 2)\n${adam}${rate})\n`;
  const cases: readonly (readonly [what: string, files: Readonly<Record<string, string>>])[] = [
    ["a constant of a module", { "train.py": train("from config import LR", "LR"), "config.py": "LR = 0.05\n" }],
    ["a module by another name", { "train.py": train("import config as c", "c.LR"), "config.py": "LR = 0.05\n" }],
    [
      "a name that a package hands on",
      {
        "train.py": train("from settings import *", "LR"),
        "settings/__init__.py": "from .rates import RATE as LR\n",
        "settings/rates.py": "RATE = 0.05\n",
      },
    ],
    [
      "a module of a folder above, from a script in a package",
      {
        "experiments/first/train.py": train("from shared.config import LR", "LR"),
        "shared/config.py": "LR = 0.05\n",
      },
    ],
    [
      "fields set one by one where the object is made",
      {
        "train.py": train("from config import cfg", "cfg.TRAIN.LR"),
        "config.py":
          "from easydict import EasyDict as edict\n__C = edict()\ncfg = __C\n__C.TRAIN = edict()\n__C.TRAIN.LR = 0.1\n__C.TRAIN.LR = 0.05\n",
      },
    ],
    [
      "a class of settings",
      {
        "train.py": train("from config import Config\nconfig = Config()", "config.lr"),
        "config.py": "class Base:\n    lr = 0.05\n\nclass Config(Base):\n    size = 3\n",
      },
    ],
    [
      "options that another file parses",
      {
        "train.py": train("from options import get_args\nargs = get_args()", "args.lr"),
        "options.py":
          "import argparse\ndef get_args():\n    parser = argparse.ArgumentParser()\n    parser.add_argument('--lr', type=float, default=0.05)\n    return parser.parse_args()\n",
      },
    ],
    [
      "a parser that another file makes",
      {
        "train.py": train(
          "from options import get_parser\nparser = get_parser()\nargs = parser.parse_args()",
          "args.lr",
        ),
        "options.py":
          "import argparse\ndef get_parser():\n    parser = argparse.ArgumentParser()\n    parser.add_argument('--lr', type=float, default=0.05)\n    return parser\n",
      },
    ],
    [
      "YAML read from an opened file",
      {
        "train.py": train(
          'import yaml\nwith open("conf/train.yaml") as f:\n    config = yaml.safe_load(f)',
          'config["optim"]["lr"]',
        ),
        "conf/train.yaml": "optim:\n  lr: 0.05\n",
      },
    ],
    [
      "YAML whose path is an option, joined to a folder",
      {
        "train.py": train(
          "import argparse, os\nfrom omegaconf import OmegaConf\np = argparse.ArgumentParser()\np.add_argument('--config', default='train.yaml')\nargs = p.parse_args()\ncfg = OmegaConf.load(os.path.join(here, 'conf', args.config))",
          "cfg.optim.lr",
        ),
        "conf/train.yaml": "optim:\n  lr: 0.05\n",
      },
    ],
    [
      "JSON",
      {
        "train.py": train('import json\nconfig = json.load(open("train.json"))', 'config["lr"]'),
        "train.json": '{"lr": 0.05}',
      },
    ],
    [
      "a configuration that Hydra composes",
      {
        "train.py": `import hydra, torch\n@hydra.main(config_path="conf", config_name="config")\ndef main(cfg):\n    model = torch.nn.Linear(2, 2)\n    ${adam}cfg.optimizer.lr, weight_decay=cfg.decay)\n`,
        "conf/config.yaml": "defaults:\n  - base\n  - optimizer: adam\n  - _self_\n",
        "conf/base.yaml": "decay: 0.5\n",
        "conf/optimizer/adam.yaml": "lr: 0.05\n",
      },
    ],
    [
      "what a caller in another file hands over",
      {
        "experiment.py": `import torch\ndef build(model, lr):\n    ${adam}lr)\n    return optimizer\n`,
        "train.py": "from experiment import build\nbuild(model, 0.05)\n",
      },
    ],
  ];
  for (const [what, files] of cases) {
    it(`are resolved through ${what}`, async () => {
      const { lint } = project(files);
      const script = Object.keys(files).find((name) => files[name]?.includes("torch.optim")) ?? "";
      const { facts, problems } = await lint(script);
      assert.deepEqual(problems, []);
      assert.equal(settingOf(facts, "learningRate"), 0.05);
    });
  }

  it("keep the way they came, place by place", async () => {
    const { lint, at } = project({
      "train.py": train("from config import LR", "LR"),
      "config.py": "BASE = 0.05\nLR = BASE\n",
    });
    const { facts } = await lint("train.py");
    const chain = facts.optimizers[0]?.arguments.learningRate?.resolved.chain ?? [];
    assert.deepEqual(
      chain.map(({ path: file, via }) => [path.basename(file), via]),
      [
        ["train.py", "module constant"],
        ["config.py", "module constant"],
        ["config.py", "literal"],
      ],
    );
    assert.equal(chain.at(-1)?.path, at("config.py"));
  });

  it("stay unknown where modules import each other in a circle, or lie outside", async () => {
    const { lint } = project({
      "train.py": train("from a import LR", "LR"),
      "a.py": "from b import LR\n",
      "b.py": "from a import LR\n",
    });
    assert.equal(settingOf((await lint("train.py")).facts, "learningRate"), "unknown");
  });

  it("are those of the text in the editor, and change with it", async () => {
    const { open, workspace, at } = project({
      "train.py": train("from config import LR", "LR"),
      "config.py": "LR = 0.05\n",
    });
    const document = await open("train.py");
    assert.equal(settingOf(document.facts(), "learningRate"), 0.05);
    workspace.setText(at("config.py"), "LR = 0.5\n");
    assert.deepEqual([...workspace.dependents(at("config.py"))], [at("train.py")]);
    assert.equal(settingOf(document.facts(), "learningRate"), 0.5);
    workspace.setText(at("config.py"), null);
    writeFileSync(at("config.py"), "LR = 0.25\n");
    workspace.changed(at("config.py"), "content");
    assert.equal(settingOf(document.facts(), "learningRate"), 0.25);
    document.dispose();
  });
});

describe("training loops across files", () => {
  const engine = (body: string, head = "") =>
    `import torch\n${head}\ndef train_one_epoch(model, criterion, loader, optimizer):\n    for x, y in loader:\n        loss = criterion(model(x), y)\n        optimizer.zero_grad()\n        loss.backward()\n${body}        optimizer.step()\n`;
  const main = `import torch\nfrom engine import train_one_epoch\nmodel = torch.nn.LSTM(3, 4)\n${adam}1e-3)\nfor epoch in range(10):\n    train_one_epoch(model, criterion, loader, optimizer)\n`;

  it("know the optimizer that a caller hands over", async () => {
    const { lint, at } = project({ "engine.py": engine(""), "main.py": main });
    const { diagnostics } = await lint("engine.py");
    assert.deepEqual(
      diagnostics.map(({ rule }) => rule),
      ["missing-gradient-clipping"],
    );
    assert.deepEqual(
      diagnostics[0]?.related.map((place) => place.path),
      [at("main.py")],
    );
    const inMain = await lint("main.py");
    assert.deepEqual(inMain.diagnostics, []);
  });

  it("know the optimizer that an imported function builds", async () => {
    const loop =
      "from optim import build\noptimizer = build(model)\nfor x, y in loader:\n    loss = model(x)\n    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n";
    const { lint } = project({
      "train.py": `import torch\nmodel = torch.nn.LSTM(3, 4)\n${loop}`,
      "optim.py":
        "import torch\ndef build(model):\n    return torch.optim.Adam(model.parameters(), weight_decay=0.1)\n",
    });
    const { diagnostics } = await lint("train.py");
    // The decay is the other file's fault, told there.
    assert.deepEqual(
      diagnostics.map(({ rule }) => rule),
      ["missing-gradient-clipping"],
    );
    assert.deepEqual(
      (await lint("optim.py")).diagnostics.map(({ rule }) => rule),
      ["adam-l2-weight-decay"],
    );
  });

  it("stay silent when a function of another file clips", async () => {
    const { lint } = project({
      "engine.py": engine("        limit(model.parameters())\n", "from grads import limit"),
      "grads.py": "import torch\ndef limit(parameters):\n    torch.nn.utils.clip_grad_norm_(parameters, 1.0)\n",
      "main.py": main,
    });
    assert.deepEqual((await lint("engine.py")).diagnostics, []);
  });

  it("see through a function of another file that only looks", async () => {
    const files = {
      "engine.py": engine("        report(model.parameters())\n", "from grads import report"),
      "main.py": main,
    };
    const unread = project(files);
    assert.deepEqual((await unread.lint("engine.py")).diagnostics, []);
    const { lint } = project({
      ...files,
      "grads.py": "def report(parameters):\n    print(sum(1 for _ in parameters))\n",
    });
    assert.deepEqual(
      (await lint("engine.py")).diagnostics.map(({ rule }) => rule),
      ["missing-gradient-clipping"],
    );
  });

  it("stay silent when a base class in another file clips", async () => {
    const trainer = (call: string) =>
      `import torch\nfrom base import Base\nclass Trainer(Base):\n    def __init__(self, model):\n        self.model = model\n        self.${adam}1e-3)\n    def train(self, loader):\n        for x in loader:\n            loss = self.model(x)\n            self.optimizer.zero_grad()\n            loss.backward()\n            ${call}\n            self.optimizer.step()\n`;
    const base =
      "import torch\nclass Base:\n    def limit(self):\n        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)\n    def report(self):\n        print(self)\n";
    const clipped = project({ "train.py": trainer("self.limit()"), "base.py": base });
    assert.deepEqual((await clipped.lint("train.py")).diagnostics, []);
    const unclipped = project({ "train.py": trainer("self.report()"), "base.py": base });
    assert.deepEqual(
      (await unclipped.lint("train.py")).diagnostics.map(({ rule }) => rule),
      ["missing-gradient-clipping"],
    );
  });
});
