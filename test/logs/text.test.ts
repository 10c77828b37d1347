import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LogRecord } from "../../server/logs/logFormat.ts";
import { text } from "../../server/logs/text.ts";

function read(log: string): LogRecord[] {
  const reader = text.createReader();
  return [...reader.push(Buffer.from(log)), ...reader.finish()];
}

function values(log: string): Record<string, number>[] {
  return read(log).map((record) => Object.fromEntries(record.values));
}

/** A line of each style that real programs print, with what it says. */
const styles: readonly (readonly [string, string, Record<string, number>])[] = [
  [
    "pipes",
    "step  512 | loss: 3.4021 | lr 4.2e-04 | norm: 0.3110 | dt: 401.2ms | tok/sec: 99000.1",
    { step: 512, loss: 3.4021, lr: 4.2e-4, norm: 0.311, dt: 401.2, "tok/sec": 99000.1 },
  ],
  ["commas", "Epoch 12: Train Loss=0.0412, Val Loss=0.0388", { Epoch: 12, "Train Loss": 0.0412, "Val Loss": 0.0388 }],
  ["Adam's state", "step 500 adam_rms 1.07 update_ratio 0.0042", { step: 500, adam_rms: 1.07, update_ratio: 0.0042 }],
  ["bare columns", "1250 train 3.1902", { step: 1250, train: 3.1902 }],
  ["bare columns, held out", "1250 val 3.2210", { step: 1250, val: 3.221 }],
  ["short keys", "s:41 trl:6.120301", { s: 41, trl: 6.120301 }],
  [
    "n/N steps",
    "step:300/5100 train_loss:4.1201 train_time:41200ms step_avg:140.2ms",
    { step: 300, "step total": 5100, train_loss: 4.1201, train_time: 41200, step_avg: 140.2 },
  ],
  [
    "value (running average)",
    "Epoch: [3][40/200]\tTime 0.31 (0.33)\tLoss 2.10 (2.45)\tPrec@1 41.2 (38.0)",
    { Epoch: 3, step: 40, "step total": 200, Loss: 2.1, "Prec@1": 41.2 },
  ],
  [
    "logger prefix",
    "INFO - 03/02/21 10:11:12 - 0:01:20 - Epoch: [4][50]\tLoss 3.1 (3.2)\tLr: 0.59",
    { Epoch: 4, Loss: 3.1, Lr: 0.59 },
  ],
  [
    "compact logger",
    "INFO 2025-01-02 10:00:00 train.py:99 step:19K smpl:600K ep:2K epch:30.1 loss:0.041 grdn:5.2 lr:1.0e-05",
    { step: 19000, smpl: 600000, ep: 2000, epch: 30.1, loss: 0.041, grdn: 5.2, lr: 1e-5 },
  ],
  [
    "Megatron",
    " iteration       20/     200 | consumed samples:          640 | learning rate: 3.0E-06 | lm loss: 9.1E+00 | loss scale: 65536.0 | grad norm: 2.1 |",
    {
      iteration: 20,
      "step total": 200,
      "consumed samples": 640,
      "learning rate": 3e-6,
      "lm loss": 9.1,
      "loss scale": 65536,
      "grad norm": 2.1,
    },
  ],
  [
    "fields without a blank",
    "epoch: 0|step: 12|ppo_ep: 1|act_loss: 0.2|cri_loss: 0.1|unsuper_loss: 0.0",
    { epoch: 0, step: 12, ppo_ep: 1, act_loss: 0.2, cri_loss: 0.1, unsuper_loss: 0 },
  ],
  [
    "a Hugging Face dictionary",
    "{'loss': 0.41, 'grad_norm': nan, 'learning_rate': 1e-05, 'epoch': 0.31}",
    { loss: 0.41, grad_norm: Number.NaN, learning_rate: 1e-5, epoch: 0.31 },
  ],
  [
    "one with quoted values",
    "{'loss': '0.41', 'grad_norm': 'inf', 'learning_rate': '1e-05', 'epoch': '0.31'}",
    { loss: 0.41, grad_norm: Number.POSITIVE_INFINITY, learning_rate: 1e-5, epoch: 0.31 },
  ],
  ["a dictionary without braces", "'step':50, 'ppl': 61.2, 'seq_len': 300", { step: 50, ppl: 61.2, seq_len: 300 }],
  ["absl", "INFO:absl:[900] accuracy=0.61, loss=0.17", { step: 900, accuracy: 0.61, loss: 0.17 }],
  ["TF estimator", "INFO:tensorflow:loss = 0.0471, step = 1001 (0.39 sec)", { loss: 0.0471, step: 1001 }],
  [
    "Ep and Step",
    "Ep 3 (Step 000120): Train loss 2.310, Val loss 6.020",
    { Ep: 3, Step: 120, "Train loss": 2.31, "Val loss": 6.02 },
  ],
  [
    "word language model",
    "| epoch   4 |   600/ 2983 batches | lr 20.00 | ms/batch 11.5 | loss  5.32 | ppl   204.4",
    { epoch: 4, step: 600, "step total": 2983, lr: 20, loss: 5.32, ppl: 204.4 },
  ],
  [
    "its epoch's end",
    "| end of epoch   4 | time: 35s | valid loss   nan | valid ppl   nan",
    { "valid loss": Number.NaN, "valid ppl": Number.NaN, time: 35 },
  ],
  [
    "train and eval on one line",
    "[eval] iter 4000: train 2.2 val 2.4 lr 1.7e-04",
    { iter: 4000, train: 2.2, val: 2.4, lr: 1.7e-4 },
  ],
  ["preposition", "loss at 1200 2.5000", { step: 1200, loss: 2.5 }],
  ["no key at all", "[Jan 03, 10:11:12] 624 5.6880", { step: 624, loss: 5.688 }],
  [
    "CycleGAN",
    "(epoch: 3, iters: 800, time: 0.29, data: 0.003) D_A: 0.03 G_A: 0.95 cycle_A: 0.91 idt_A: 0.24",
    { epoch: 3, iters: 800, time: 0.29, data: 0.003, D_A: 0.03, G_A: 0.95, cycle_A: 0.91, idt_A: 0.24 },
  ],
  ["nanoGPT", "iter 30: loss 0.683353, time 0.55ms, mfu 0.01%", { iter: 30, loss: 0.683353 }],
  [
    "PyTorch's example",
    "Train Epoch: 1 [160/1797 (9%)]\tLoss: 2.409411",
    { "Train Epoch": 1, step: 160, "step total": 1797, Loss: 2.409411 },
  ],
  [
    "blank before the colon",
    "DLL 2021-01-01 10:00:00.1 - Epoch: 15  Mean dice : 86.4  Val_loss : 0.42",
    { Epoch: 15, "Mean dice": 86.4, Val_loss: 0.42 },
  ],
  [
    "JSON among prints",
    '[06/12 10:00:00][INFO] logging.py: 98: json_stats: {"_type": "train_epoch", "epoch": "4/300", "loss": 0.9, "lr": 0.1}',
    { epoch: 4, loss: 0.9, lr: 0.1 },
  ],
  [
    "colours",
    "\x1b[36m(TaskRunner pid=1)\x1b[0m step:3 - actor/entropy:2.6 - actor/pg_loss:0.0 - actor/grad_norm:0.02",
    { step: 3, "actor/entropy": 2.6, "actor/pg_loss": 0, "actor/grad_norm": 0.02 },
  ],
];

describe("text logs", () => {
  for (const [name, line, expected] of styles) {
    it(`reads ${name}`, () => {
      assert.deepEqual(values(`${line}\n`), [expected]);
      // Twice, so that the second line goes the quick way.
      assert.deepEqual(values(`${line}\n${line}\n`), [expected, expected]);
    });
  }

  it("tells train and test records of one key apart", () => {
    const records = read("train epoch: 3, loss: 0.02, accuracy: 99.1\ntest epoch: 3, loss: 0.05, accuracy: 98.0\n");
    assert.deepEqual(
      records.map(({ phase }) => phase),
      ["train", "val"],
    );
  });

  it("gives records under a heading their epoch", () => {
    const [record] = values("Epoch: 03 | Time: 0m 40s\n\tTrain Loss: 3.1 | Train PPL: 22.0\n");
    assert.deepEqual(record, { "Train Loss": 3.1, "Train PPL": 22, epoch: 3 });
  });

  it("takes only the last state of a Keras bar", () => {
    const bars =
      "Epoch 3/30\n 1/100 [..............................] - ETA: 8s - loss: 0.9\b\b\b\b\r 50/100 [====>....] - ETA: 4s - loss: 0.5\r100/100 [======] - 8s 8ms/step - loss: 0.25 - val_loss: 0.61\n";
    assert.deepEqual(values(bars), [{ loss: 0.25, val_loss: 0.61, epoch: 3 }]);
  });

  it("takes the last state of a tqdm bar for each count", () => {
    const bar = (done: number, loss: string): string =>
      `\rTraining Epoch 5:  14%|#4        | ${done}/28 [00:02<00:17,  1.38it/s, Batch_Loss=${loss}]`;
    assert.deepEqual(
      values(`${bar(4, "0.127")}${bar(4, "0.126")}${bar(5, "0.125")}\n`),
      [
        { step: 4, "step total": 28, "Training Epoch": 5, Batch_Loss: 0.126 },
        { step: 5, "step total": 28, "Training Epoch": 5, Batch_Loss: 0.125 },
      ].map(({ "Training Epoch": epoch, ...rest }) => ({ ...rest, epoch })),
    );
  });

  it("reads a change of the loss scale as an event with its value", () => {
    const [overflow, reduced] = read(
      "Grad overflow on iteration 77\nReducing dynamic loss scale from 512.0 to 256.0\n",
    );
    assert.equal(overflow?.event?.kind, "overflow");
    assert.equal(reduced?.values.get("loss scale"), 256);
  });

  it("stays silent on code, settings and sentences", () => {
    const lines = [
      "val_loss = 0",
      "    loss = criterion(model(x), y)",
      "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)",
      "for step in range(100):",
      'print(f"step {step} loss {loss:.4f}")',
      "learning_rate: 0.001",
      "Namespace(lr=0.1, epochs=40, loss_weight=1.0)",
      "{'batch_size': 256, 'learning_rate': 0.001, 'num_layers': 4}",
      "2024-01-02 10:00:00,123 INFO model has 8970 parameters",
      "Validation loss improved from 0.51 to 0.48, saving model",
      "Best loss 0.48 at epoch 5",
      "total desired batch size: 524288",
      "1 | loss  | Loss | 0     ",
      "DECODE: 96+964 = 1002 (INCORRECT) correct=1060",
      "python main.py --cuda --epochs 6 --lr 20",
      "-----------------------------------------",
    ];
    for (const line of lines) {
      assert.deepEqual(values(`${line}\n`), [], line);
    }
  });

  it("waits for the end of a line", () => {
    const reader = text.createReader();
    assert.deepEqual(reader.push(Buffer.from("step 1 | loss 2.3")), []);
    assert.equal(reader.push(Buffer.from("1\n"))[0]?.values.get("loss"), 2.31);
  });

  it("passes over lines of absurd length and says so", () => {
    const reader = text.createReader();
    const records = reader.push(Buffer.from(`${"loss 1.0 ".repeat(600_000)}\nstep 2 | loss 0.5\n`));
    assert.equal(records.length, 1);
    assert.equal(records[0]?.line, 2);
    assert.equal(reader.skipped.count, 1);
  });
});
