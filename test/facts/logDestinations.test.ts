import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "../frameworks/readFacts.ts";

function listed(text: string): readonly string[] {
  const code = `import torch\n${text}\noptimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n`;
  return factsOf(code).logDestinations.map(({ writer, path, isWhole, option }) =>
    [writer, isWhole ? path : `${path}/…`, ...(option === null ? [] : [`--${option}`])].join(" "),
  );
}

test("finds writers with their paths: literals, constants, joins and defaults of the command line", () => {
  const text = `
import argparse, os, logging, wandb
from pathlib import Path
from torch.utils.tensorboard import SummaryWriter
from transformers import TrainingArguments
ROOT = "experiments"
parser = argparse.ArgumentParser()
parser.add_argument("--log_dir", default="tb")
args = parser.parse_args()
a = SummaryWriter(args.log_dir)
b = SummaryWriter(log_dir=os.path.join(ROOT, "one"))
c = TrainingArguments(output_dir=str(Path(ROOT) / "two"), learning_rate=1e-4)
logging.basicConfig(level=logging.INFO, filename="train.log")
wandb.init(project="x")
log = open(f"{ROOT}/metrics.jsonl", "a")
`;
  assert.deepEqual(listed(text), [
    "SummaryWriter tb --log_dir",
    "SummaryWriter experiments/one",
    "TrainingArguments experiments/two",
    "basicConfig train.log",
    "init wandb",
    "open experiments/metrics.jsonl",
  ]);
});

test("gives the folder where only the beginning of a path is known", () => {
  const text = `
from torch.utils.tensorboard import SummaryWriter
a = SummaryWriter(f"runs/{time.time()}")
b = SummaryWriter(os.path.join("out", "logs", name))
c = SummaryWriter("base/" + stamp + "/x")
d = SummaryWriter()
`;
  assert.deepEqual(listed(text), ["SummaryWriter runs/…", "SummaryWriter out/logs/…", "SummaryWriter base/…"]);
  assert.deepEqual(listed("from torch.utils.tensorboard import SummaryWriter\nw = SummaryWriter()"), [
    "SummaryWriter runs",
  ]);
});

test("stays silent about files that are read, files that are no logs, servers and unknown paths", () => {
  const text = `
import mlflow, foo
from torch.utils.tensorboard import SummaryWriter
data = open("data.csv")
weights = open("weights.bin", "wb")
mlflow.set_tracking_uri("http://localhost:5000")
foo.init()
w = SummaryWriter(name)
v = SummaryWriter(f"{name}/logs")
t = open(name, "w")
`;
  assert.deepEqual(listed(text), []);
});
