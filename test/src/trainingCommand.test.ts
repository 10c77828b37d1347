import assert from "node:assert/strict";
import { test } from "node:test";
import { typedCommand } from "../../src/trainingCommand.ts";

const shown = (line: string): string | null => {
  const found = typedCommand(line);
  if (found === null) return null;
  const { script, name, folder, outputFile } = found;
  return [
    script ?? `(${name})`,
    ...(folder === null ? [] : [`in ${folder}`]),
    ...(outputFile === null ? [] : [`> ${outputFile}`]),
  ].join(" ");
};

test("finds the script or module that a typed command runs", () => {
  const expected: Readonly<Record<string, string>> = {
    "python train.py --lr 1e-3": "train.py",
    "CUDA_VISIBLE_DEVICES=0,1 python3 -u ./src/train.py": "./src/train.py",
    "torchrun --standalone --nproc_per_node=8 train.py config.py": "train.py",
    "python -m torch.distributed.run --nproc_per_node 2 main.py": "main.py",
    "python -m mypackage.train --epochs 3": "(mypackage.train)",
    "accelerate launch --config_file a.yaml run_clm.py --model gpt2": "run_clm.py",
    "cd exp && .venv/bin/python 'my train.py'": "my train.py in exp",
    "uv run python train.py": "train.py",
    "conda run -n torch python train.py": "train.py",
    "nohup python train.py > train.log 2>&1 &": "train.py > train.log",
    "python train.py 2>&1 | tee -a out.log": "train.py > out.log",
    "srun -n 4 python train.py": "train.py",
    "node train.mjs": "train.mjs",
    "npx tsx train.ts": "train.ts",
    "python -Xfrozen_modules=off /x/debugpy/launcher 40123 -- /w/train.py": "/w/train.py",
    "./train.py --fast": "./train.py",
    'time python "a b.py"': "a b.py",
  };
  for (const [line, found] of Object.entries(expected)) assert.equal(shown(line), found, line);
});

test("stays silent about everything else", () => {
  const lines = [
    "ls train.py",
    "python",
    "python -c 'import train'",
    "python -m pip install torch",
    "vim train.py",
    "git add train.py",
  ];
  for (const line of [
    ...lines,
    "grep -n loss train.py",
    "echo python train.py",
    "node",
    "pytest -k x",
    "",
    "cat a.py | less",
  ]) {
    assert.equal(shown(line), null, line);
  }
});
