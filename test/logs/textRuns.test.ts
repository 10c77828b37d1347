import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { text } from "../../server/logs/text.ts";
import { appendRecord, createRun, type GrowingRun } from "../../server/runs/growingRun.ts";

function runOf(lines: readonly string[]): GrowingRun {
  const run = createRun("log", "log");
  const reader = text.createReader();
  for (const record of [...reader.push(Buffer.from(`${lines.join("\n")}\n`)), ...reader.finish()]) {
    appendRecord(run, record);
  }
  return run;
}

/** `name (role): step value, …` for each series that is a loss, a metric or a rate. */
function told(run: GrowingRun): string[] {
  return [...run.series.values()]
    .filter(({ role }) => role !== "other" && role !== "time" && role !== "epoch")
    .map(({ name, role, steps, values, length }) => {
      const points = Array.from({ length }, (_, i) => `${steps[i]} ${values[i]}`);
      return `${name} (${role}): ${points.join(", ")}`;
    });
}

function restarts(run: GrowingRun): number {
  return run.events.filter(({ kind }) => kind === "restart").length;
}

describe("runs in text logs", () => {
  it("place DeepSpeed's own reports by the script's steps", () => {
    const run = runOf([
      "[2024-01-02 10:00:00,1] [INFO] [logging.py:96:log_dist] [Rank 0] step=10, skipped=0, lr=[1e-05, 1e-05], mom=[(0.9, 0.95)]",
      "epoch: 0|step: 18|ppo_ep: 1|act_loss: 0.25|cri_loss: 0.125|unsuper_loss: 0.0",
      "average reward score: 0.5",
      "epoch: 0|step: 19|ppo_ep: 1|act_loss: 0.25|cri_loss: 0.125|unsuper_loss: 0.0",
      "[2024-01-02 10:00:01,1] [INFO] [logging.py:96:log_dist] [Rank 0] step=20, skipped=0, lr=[2e-05, 2e-05], mom=[(0.9, 0.95)]",
      "[2024-01-02 10:00:01,1] [INFO] [timer.py:199:stop] epoch=0/micro_step=20/global_step=20, RunningAvgSamplesPerSec=8.5, CurrSamplesPerSec=8.25",
      "epoch: 0|step: 20|ppo_ep: 1|act_loss: 0.25|cri_loss: 0.125|unsuper_loss: 0.0",
      "average reward score: 0.75",
    ]);
    assert.deepEqual(told(run), [
      "lr (learning-rate): 18 0.00001, 19 0.00002",
      "average reward score (metric): 18 0.5, 20 0.75",
    ]);
    assert.equal(restarts(run), 0);
    assert.ok(![...run.series.keys()].some((name) => name.includes(".py")));
  });

  it("know the scale at an overflow that leaves it as it is", () => {
    const run = runOf([
      "step 10 | loss: 0.5",
      "[deepspeed] OVERFLOW! Rank 0 Skipping step. Attempted loss scale: 65536, but hysteresis is 2. Reducing hysteresis to 1",
      "[deepspeed] OVERFLOW! Rank 0 Skipping step. Attempted loss scale: 65536, reducing to 32768",
    ]);
    assert.deepEqual(told(run)[1], "loss scale (loss-scale): 10 65536, 10 32768");
  });

  it("take DeepSpeed's steps where the script counts none", () => {
    const run = runOf([
      "[2024-01-02 10:00:00,1] [INFO] [timer.py:198:stop] 0/10, RunningAvgSamplesPerSec=8.5, CurrSamplesPerSec=8.25, MemAllocated=1.91GB",
      "[2024-01-02 10:00:01,1] [INFO] [timer.py:198:stop] 0/20, RunningAvgSamplesPerSec=8.5, CurrSamplesPerSec=8.25, MemAllocated=1.91GB",
    ]);
    assert.equal(run.lastStep, 20);
    assert.equal(restarts(run), 0);
  });

  it("keep counts of an epoch, of the run and of held-out data apart", () => {
    const run = runOf([
      "Epoch: [0][  0/391]\tLoss 3.5 (3.5)",
      "Epoch: [0][300/391]\tLoss 3.0 (3.2)",
      "Validate: [ 0/40]\tLoss 2.5 (2.5)",
      "iter 391 | LR [0.0001]| val_acc 63.5",
      "Epoch: [1][  0/391]\tLoss 2.0 (2.0)",
      "iter 782 | LR [0.0001]| val_acc 64.5",
    ]);
    assert.deepEqual(told(run), [
      "Loss (train-loss): 0 3.5, 300 3, 391 2",
      "val/Loss (val-loss): 300 2.5",
      "LR (learning-rate): 391 0.0001, 782 0.0001",
      "val_acc (metric): 391 63.5, 782 64.5",
    ]);
    assert.equal(restarts(run), 0);
  });

  it("begin anew at the heading that CycleGAN writes", () => {
    const run = runOf([
      "================ Training Loss (Sat Jun  6 10:00:00 2020) ================",
      "(epoch: 1, iters: 100, time: 0.29, data: 0.003) D_A: 0.5 G_A: 0.75",
      "================ Training Loss (Sun Jun  7 10:00:00 2020) ================",
      "(epoch: 1, iters: 200, time: 0.29, data: 0.003) D_A: 0.5 G_A: 0.75",
    ]);
    assert.equal(restarts(run), 1);
  });

  it("read numbers alone under a heading, with its phase and place", () => {
    const run = runOf([
      "[train] epoch: 0/10, [160/162], loss=1.75",
      "[test] epoch: 1/10",
      "- total loss: 1.5",
      "- Accuracy: 0.625",
    ]);
    const episodes = runOf(["Episode 250\tFrame 5971", "Average100 Score: 24.5"]);
    assert.deepEqual(told(episodes), ["Average100 Score (metric): 250 24.5"]);
    assert.deepEqual(told(run), [
      "loss (train-loss): 160 1.75",
      "val/total loss (val-loss): 160 1.5",
      "val/Accuracy (metric): 160 0.625",
    ]);
  });

  it("pass over settings that are printed as a dictionary", () => {
    const run = runOf(["{'seed': 1,", " 'eval_freq': 20000,", " 'kl_loss_coef': 0.001,", "'step': 5, 'ppl': 61.5"]);
    assert.deepEqual(told(run), ["ppl (metric): 5 61.5"]);
  });

  it("read the summary of a pass with its best value, and the number that begins a line", () => {
    const run = runOf([
      "- Valid Summary | Epoch 1 | Loss=0.25 | Best=0.25 | Name=ema",
      "DLL 2022-09-15 06:51:42.9 - 6 Dice : 84.25  Val Loss : 0.5  Max Dice : 88.5  Train Loss : 0.75",
    ]);
    assert.deepEqual(told(run), [
      "val/Loss (val-loss): 6 0.25",
      "Dice (metric): 6 84.25",
      "Val Loss (val-loss): 6 0.5",
      "Max Dice (metric): 6 88.5",
      "Train Loss (train-loss): 6 0.75",
    ]);
  });

  it("tell the phases of engines that write them in their own way", () => {
    const run = runOf([
      "01/02 10:00:00 - mmengine - INFO - Epoch(train)  [1][  50/1000]  lr: 1.0e-02  eta: 2:03:04  time: 0.5  loss: 0.75",
      "01/02 10:00:01 - mmengine - INFO - Epoch(val) [1][625/625]    coco/bbox_mAP: 0.25  loss: 0.5",
    ]);
    assert.deepEqual(told(run), [
      "lr (learning-rate): 50 0.01",
      "loss (train-loss): 50 0.75",
      "val/coco/bbox_mAP (metric): 50 0.25",
      "val/loss (val-loss): 50 0.5",
    ]);
    const timm = runOf([
      "Train: 0 [  50/100 ( 50%)]  Loss: 2.5 (2.75)  LR: 1.0e-03",
      "Train: 1 [   0/100 (  0%)]  Loss: 2.0 (2.0)  LR: 1.0e-03",
      "Test: [   0/10]  Time: 0.5 (0.5)  Loss:  1.5 (1.5)  Acc@1: 80.5 (80.5)",
    ]);
    assert.deepEqual(told(timm), [
      "Loss (train-loss): 50 2.5, 100 2",
      "LR (learning-rate): 50 0.001, 100 0.001",
      "val/Loss (val-loss): 100 1.5",
      "val/Acc@1 (metric): 100 80.5",
    ]);
    const espnet = runOf([
      "[host] 2023-01-01 10:00:00,123 (trainer:720) INFO: 1epoch:train:1-50batch: loss_ctc=50.5, loss=20.5, optim0_lr0=1.0e-05",
      "[host] 2023-01-01 10:00:01,123 (trainer:720) INFO: 1epoch:train:51-100batch: loss_ctc=50.5, loss=19.5, optim0_lr0=1.0e-05",
    ]);
    assert.deepEqual(told(espnet)[0], "loss (train-loss): 50 20.5, 100 19.5");
    const estimator = runOf([
      "INFO:tensorflow:loss = 0.5, step = 101 (0.39 sec)",
      "INFO:tensorflow:Saving dict for global step 200: accuracy = 0.75, global_step = 200, loss = 0.25",
    ]);
    assert.deepEqual(told(estimator), [
      "loss (train-loss): 101 0.5",
      "val/accuracy (metric): 200 0.75",
      "val/loss (val-loss): 200 0.25",
    ]);
  });

  it("keep the last state of each epoch's bar, where bars end alike", () => {
    const bars = [0, 1, 2].map(
      (e) => `\rEpoch ${e}: 100%|####| 47/47 [00:02<00:00, 20.1it/s, v_num=0, train_loss=${3 - e}.5]`,
    );
    assert.deepEqual(told(runOf([bars.join("")])), ["train_loss (train-loss): 47 3.5, 94 2.5, 141 1.5"]);
  });

  it("count records where several share one epoch", () => {
    const run = runOf(["Epoch 0, Loss: 1.5", "Epoch 0, Loss: 1.25", "Epoch 0, Loss: 1.0", "Epoch 1, Loss: 0.75"]);
    assert.equal(run.stepAxis, "record");
    assert.equal(run.lastStep, 3);
  });
});
