import assert from "node:assert/strict";
import { test } from "node:test";
import { qualifiedName } from "../../server/facts/qualifiedName.ts";
import { resolve } from "../../server/facts/resolve.ts";
import type { Resolved } from "../../server/facts/resolved.ts";
import { indexSource } from "../../server/facts/sourceIndex.ts";
import type { ScalarValue } from "../../server/facts/trainingFacts.ts";
import { createParsers } from "../../server/lint/loadParsers.ts";
import { present } from "../frameworks/readFacts.ts";

const parsers = createParsers();
const python = present(await parsers.forPath("a.py"), "the Python parser");
const typescript = present(await parsers.forPath("a.ts"), "the TypeScript parser");

/** What the argument of the one `probe(…)` call in a text stands for. */
function probed(text: string, language = python) {
  const document = language.open(text);
  const source = indexSource("a.py", text, document.module);
  document.dispose();
  const [site] = source.callsByTerminalName.get("probe") ?? [];
  const { call, scope } = present(site, "probe()");
  const expression = present(call.arguments[0]?.value, "the argument of probe()");
  return { resolved: resolve(expression, scope), name: qualifiedName(expression, scope) };
}

function scalarOf(text: string, language = python): ScalarValue | "unknown" | readonly ScalarValue[] {
  const { resolved } = probed(text, language);
  if (!resolved.known) return "unknown";
  return resolved.alternatives.length === 0 ? resolved.value : [resolved.value, ...resolved.alternatives];
}

function viasOf(resolved: Resolved<ScalarValue>): readonly string[] {
  return resolved.chain.map(({ via }) => via);
}

test("evaluates literals and constant arithmetic", () => {
  const cases = [
    ["1e-3", 1e-3],
    ["-1", -1],
    ["1e-3 * 2", 2e-3],
    ["10 ** -4", 1e-4],
    ["10**-8", 1e-8],
    ["7 // 2", 3],
    ["not True", false],
    ["None", null],
    ["'cuda'", "cuda"],
    ["float('1e-3')", 1e-3],
    ["int(2.7)", 2],
    ["1 / 0", "unknown"],
    ["f'{x}'", "unknown"],
  ] as const;
  for (const [expression, value] of cases) assert.equal(scalarOf(`probe(${expression})\n`), value, expression);
});

test("follows module constants and locals, with every place on the way", () => {
  const { resolved } = probed("LR = 1e-3\ndef f():\n    lr = LR\n    probe(lr)\n");
  assert.ok(resolved.known);
  assert.equal(resolved.value, 1e-3);
  assert.equal(resolved.overridable, false);
  assert.deepEqual(viasOf(resolved), ["local variable", "module constant", "literal"]);
  assert.deepEqual(
    resolved.chain.map(({ start }) => start),
    [41, 28, 5],
  );
});

test("takes the assignment that certainly holds, else all of them, else nothing", () => {
  assert.equal(scalarOf("lr = 0.1\nlr = 0.2\nprobe(lr)\nlr = 0.3\n"), 0.2);
  assert.deepEqual(scalarOf("lr = 0.1\nif fast:\n    lr = 0.2\nprobe(lr)\n"), [0.1, 0.2]);
  assert.equal(scalarOf("lr = 0.1\nif fast:\n    lr = 0.1\nprobe(lr)\n"), 0.1);
  assert.equal(scalarOf("lr = 0.1\nfor i in x:\n    lr *= 0.5\nprobe(lr)\n"), "unknown");
  assert.equal(scalarOf("lr = 0.1\nif fast:\n    lr = get_lr()\nprobe(lr)\n"), "unknown");
  assert.equal(scalarOf("lr = lr\nprobe(lr)\n"), "unknown");
});

test("gives both branches of a conditional expression", () => {
  assert.deepEqual(scalarOf("probe(0.1 if big else 0.2)\n"), [0.1, 0.2]);
  assert.equal(scalarOf("big = False\nprobe(0.1 if big else 0.2)\n"), 0.2);
  assert.deepEqual(scalarOf(`${parser}args = parser.parse_args()\nprobe(0.1 if args.amp else 0.2)\n`), [0.2, 0.1]);
});

const parser = `import argparse
parser = argparse.ArgumentParser()
group = parser.add_argument_group("optimizer")
group.add_argument("--lr", "-l", type=float, default=1e-3)
parser.add_argument("--weight-decay", type=float, default=0.01)
parser.add_argument("--amp", action="store_true")
parser.add_argument("--no-clip", dest="clip", action="store_false")
parser.add_argument("--data", required=True)
parser.add_argument("--seed", type=int)
`;

test("reads argparse defaults, through renamed namespaces, dashes, dest and vars()", () => {
  const cases = [
    ["args = parser.parse_args()\nprobe(args.lr)", 1e-3],
    ["opt = parser.parse_args()\nprobe(opt.weight_decay)", 0.01],
    ["args, rest = parser.parse_known_args()\nprobe(args.lr)", 1e-3],
    ['args = parser.parse_args()\nprobe(vars(args)["lr"])', 1e-3],
    ["args = parser.parse_args()\nprobe(args.amp)", false],
    ["args = parser.parse_args()\nprobe(args.clip)", true],
    ["args = parser.parse_args()\nprobe(args.data)", "unknown"],
    ["args = parser.parse_args()\nprobe(args.seed)", null],
    ["def main(args):\n    probe(args.lr)\nmain(parser.parse_args())", 1e-3],
    ["def get():\n    return parser.parse_args()\nargs = get()\nprobe(args.lr)", 1e-3],
    ["args = parser.parse_args()\nargs.lr = 0.5\nprobe(args.lr)", 0.5],
    ["args = parser.parse_args()\nif x:\n    args.lr = args.lr * world\nprobe(args.lr)", "unknown"],
  ] as const;
  for (const [rest, value] of cases) assert.equal(scalarOf(`${parser}${rest}\n`), value, rest);
  const { resolved } = probed(`${parser}args = parser.parse_args()\nprobe(args.lr)\n`);
  assert.ok(resolved.known && resolved.overridable, "a command line can change it");
  assert.deepEqual(viasOf(resolved), ["argparse default", "literal"]);
});

test("reads dictionaries, also through ** and get()", () => {
  const cases = [
    ['config = {"lr": 1e-3}\nprobe(config["lr"])', 1e-3],
    ['config = dict(lr=1e-3)\nprobe(config["lr"])', 1e-3],
    ['base = {"lr": 1e-3}\nconfig = {**base, "eps": 1}\nprobe(config["lr"])', 1e-3],
    ['config = {"lr": 1e-3}\nprobe(config.get("eps", 0.5))', 0.5],
    ['def train(config):\n    probe(config["lr"])\ntrain({"lr": 2e-5})', 2e-5],
    ['config = {"lr": 1e-3}\nconfig["lr"] = 0.5\nprobe(config["lr"])', 0.5],
    ['config = load()\nprobe(config["lr"])', "unknown"],
    ["config = {'lr': 1e-3}\nprobe(config[key])", "unknown"],
  ] as const;
  for (const [text, value] of cases) assert.equal(scalarOf(`${text}\n`), value, text);
});

test("reads function defaults and the argument of the one call", () => {
  assert.equal(scalarOf("def f(lr=0.1):\n    probe(lr)\n"), 0.1);
  assert.equal(scalarOf("def f(model, lr=0.1):\n    probe(lr)\nf(m, 0.2)\n"), 0.2);
  assert.equal(scalarOf("def f(model, lr=0.1):\n    probe(lr)\nf(m)\n"), 0.1);
  assert.deepEqual(scalarOf("def f(lr=0.1):\n    probe(lr)\nf()\nf(lr=0.2)\n"), [0.1, 0.2]);
  assert.equal(scalarOf("def f(lr):\n    probe(lr)\n"), "unknown");
  assert.equal(scalarOf("def f(lr):\n    probe(lr)\nf(*rest)\n"), "unknown");
  const { resolved } = probed("def f(lr=0.1):\n    probe(lr)\n");
  assert.ok(resolved.known && resolved.overridable, "a caller can change it");
});

test("reads classes: attributes, dataclass fields, arguments, and self within the class", () => {
  const config = "@dataclass\nclass Config:\n    lr: float = 1e-3\n    eps: float = field(default=1e-6)\n";
  assert.equal(scalarOf(`${config}cfg = Config()\nprobe(cfg.lr)\n`), 1e-3);
  assert.equal(scalarOf(`${config}cfg = Config()\nprobe(cfg.eps)\n`), 1e-6);
  assert.equal(scalarOf(`${config}cfg = Config(lr=0.5)\nprobe(cfg.lr)\n`), 0.5);
  assert.equal(scalarOf(`${config}probe(Config.lr)\n`), 1e-3);
  assert.equal(scalarOf(`${config}args = tyro.cli(Config)\nprobe(args.lr)\n`), 1e-3);
  const trainer = (body: string) =>
    `class T:\n    def __init__(self, lr=0.1):\n        ${body}\n    def build(self):\n        probe(self.lr)\n`;
  assert.equal(scalarOf(trainer("self.lr = 0.3")), 0.3);
  assert.equal(scalarOf(trainer("self.lr = lr")), 0.1);
  assert.equal(scalarOf(`${trainer("self.lr = lr")}T(0.7)\n`), 0.7);
});

test("reads the defaults of other command lines: typer, click, absl, simple_parsing, HfArgumentParser", () => {
  const config = "@dataclass\nclass Config:\n  lr: float = 1e-3\n";
  const cases = [
    "def main(lr: float = typer.Option(1e-3, '--lr')):\n  probe(lr)\n",
    "@click.command()\n@click.option('--lr', default=1e-3)\ndef main(lr):\n  probe(lr)\n",
    "flags.DEFINE_float('lr', 1e-3, 'rate')\nFLAGS = flags.FLAGS\nprobe(FLAGS.lr)\n",
    "from absl.flags import FLAGS\nflags.DEFINE_float(name='lr', default=1e-3, help='rate')\ndef main(_):\n  probe(FLAGS.lr)\n",
    `${config}parser = ArgumentParser()\nparser.add_arguments(Config, dest="config")\nargs = parser.parse_args()\nprobe(args.config.lr)\n`,
    `${config}parser = HfArgumentParser((Model, Config))\nmodel_args, args = parser.parse_args_into_dataclasses()\nprobe(args.lr)\n`,
  ];
  for (const text of cases) {
    assert.equal(scalarOf(text), 1e-3, text);
    const { resolved } = probed(text);
    assert.equal(resolved.known && resolved.overridable, true, text);
  }
  const required = "flags.DEFINE_float('lr', None, 'rate')\nFLAGS = flags.FLAGS\nprobe(FLAGS.lr)\n";
  assert.equal(scalarOf(required), null);
  assert.equal(scalarOf("flags.DEFINE_float('rate', 1.0, '')\nFLAGS = flags.FLAGS\nprobe(FLAGS.lr)\n"), "unknown");
});

test("reads what a Lightning module saved of its constructor's arguments", () => {
  const body = "    self.save_hyperparameters()\n  def configure_optimizers(self):\n    probe(self.hparams.lr)\n";
  assert.equal(scalarOf(`class Net(pl.LightningModule):\n  def __init__(self, lr=1e-3):\n${body}`), 1e-3);
  assert.equal(
    scalarOf(`class Net(pl.LightningModule):\n  def __init__(self, lr=1e-3):\n${body}model = Net(lr=0.1)\n`),
    0.1,
  );
  assert.equal(scalarOf(`class Net(pl.LightningModule):\n  def __init__(self, *, size):\n${body}`), "unknown");
});

test("knows that a configurator script can change module constants", () => {
  const { resolved } = probed("lr = 6e-4\nexec(open('configurator.py').read())\nprobe(lr)\n");
  assert.ok(resolved.known && resolved.overridable);
});

test("reads TypeScript constants, objects and parameters", () => {
  const cases = [
    ["const RATE = 1e-3;\nprobe(RATE);", 1e-3],
    ["const config = { rate: 1e-3 };\nprobe(config.rate);", 1e-3],
    ["function f(rate = 0.1) { probe(rate); }", 0.1],
    ["probe(fast ? 0.1 : 0.2);", [0.1, 0.2]],
    ["let rate = 0.1;\nrate *= 0.5;\nprobe(rate);", "unknown"],
    ['probe(Number("0.5"));', 0.5],
  ] as const;
  for (const [text, value] of cases) assert.deepEqual(scalarOf(`${text}\n`, typescript), value, text);
});

test("names what imports and aliases stand for", () => {
  const cases = [
    ["import torch\nprobe(torch.optim.Adam)", "torch.optim.Adam"],
    ["import torch.optim as optim\nprobe(optim.Adam)", "torch.optim.Adam"],
    ["import torch.optim\nprobe(torch.optim.Adam)", "torch.optim.Adam"],
    ["from torch import optim, nn\nprobe(optim.Adam)", "torch.optim.Adam"],
    ["from torch.optim import Adam as A\nprobe(A)", "torch.optim.Adam"],
    ["from torch.optim.adam import Adam\nprobe(Adam)", "torch.optim.Adam"],
    ["from torch.optim import *\nprobe(Adam)", "torch.optim.Adam"],
    ["import torch\noptimizer_class = torch.optim.Adam\nprobe(optimizer_class)", "torch.optim.Adam"],
    ["import torch\nprobe(getattr(torch.optim, 'Adam'))", "torch.optim.Adam"],
    [
      "try:\n    from torch.optim import AdamW\nexcept ImportError:\n    AdamW = None\nprobe(AdamW)",
      "torch.optim.AdamW",
    ],
    ["from mine import Adam\nprobe(Adam)", "mine.Adam"],
    ["class Adam:\n    pass\nprobe(Adam)", null],
    ["probe(optim.Adam)", null],
  ] as const;
  for (const [text, name] of cases) assert.equal(probed(`${text}\n`).name, name, text);
  const scripts = [
    ['import * as tf from "@tensorflow/tfjs";\nprobe(tf.train.adam);', "tf.train.adam"],
    ['import { train } from "@tensorflow/tfjs-core";\nprobe(train.adam);', "tf.train.adam"],
    ['const tf = require("@tensorflow/tfjs-node");\nprobe(tf.train.adam);', "tf.train.adam"],
    ["probe(tf.train.adam);", "tf.train.adam"],
    ['import * as tf from "./mine";\nprobe(tf.train.adam);', "./mine.train.adam"],
  ] as const;
  for (const [text, name] of scripts) assert.equal(probed(`${text}\n`, typescript).name, name, text);
});
