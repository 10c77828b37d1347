import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCrashText } from "../../server/monitor/crashText.ts";
import { createRunPace } from "../../server/monitor/runPace.ts";

describe("the pace of a run", () => {
  function steady(interval: number, count: number) {
    const pace = createRunPace();
    for (let index = 0; index <= count; index++) pace.note(index * interval);
    return { pace, last: count * interval };
  }

  it("is stalled after five times the usual interval, not before", () => {
    const { pace, last } = steady(10_000, 20);
    assert.ok(!pace.isStalled(last + 49_000));
    assert.ok(pace.isStalled(last + 51_000));
    assert.ok(!pace.isOver(last + 51_000));
  });

  it("lets a pause be as long as those before it", () => {
    const { pace, last } = steady(1_000, 20);
    pace.note(last + 60_000);
    assert.ok(!pace.isStalled(last + 60_000 + 80_000));
    assert.ok(pace.isStalled(last + 60_000 + 91_000));
  });

  it("stays silent before an interval is known, and about gaps of seconds", () => {
    const few = steady(10, 3);
    assert.ok(!few.pace.isStalled(few.last + 1e7));
    const { pace, last } = steady(10, 50);
    assert.ok(!pace.isStalled(last + 9_000));
    assert.ok(!createRunPace().isStalled(1e9));
  });

  it("is not confused by a clock that goes back", () => {
    const { pace, last } = steady(1_000, 20);
    pace.note(last - 500_000);
    assert.ok(!pace.isStalled(last - 499_000));
  });
});

describe("the end of a log that crashed", () => {
  function reasonOf(text: string): string | null {
    const crash = createCrashText();
    for (const piece of text.match(/[\s\S]{1,7}/g) ?? []) crash.push(Buffer.from(piece));
    return crash.reason();
  }

  it("is read from tracebacks, shells and Slurm", () => {
    const traceback =
      'Traceback (most recent call last):\n  File "train.py", line 3, in <module>\n    loss.backward()\n';
    assert.equal(
      reasonOf(`${traceback}torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\n`),
      "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB",
    );
    assert.equal(reasonOf(`${traceback}KeyboardInterrupt\n`), "KeyboardInterrupt");
    assert.equal(reasonOf("Segmentation fault (core dumped)\n"), "Segmentation fault (core dumped)");
    assert.equal(
      reasonOf("slurmstepd: error: *** JOB 17 ON n1 CANCELLED AT 2026-01-01 DUE TO TIME LIMIT ***\n"),
      "slurmstepd: error: *** JOB 17 ON n1 CANCELLED AT 2026-01-01 DUE TO TIME LIMIT ***",
    );
  });

  it("is not seen in warnings, in errors without a traceback, and before further records", () => {
    assert.equal(reasonOf("UserWarning: this is slow\n"), null);
    assert.equal(reasonOf("ValueError: caught and told\nstep 3 loss 2.0\n"), null);
    const crash = createCrashText();
    crash.push(Buffer.from("Traceback (most recent call last):\nValueError: bad batch\n"));
    crash.clear();
    crash.push(Buffer.from("step 4 loss 1.9\n"));
    assert.equal(crash.reason(), null);
  });
});
