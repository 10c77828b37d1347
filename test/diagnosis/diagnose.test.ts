import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Verdict, VerdictKind } from "../../server/detectors/verdict.ts";
import { diagnose } from "../../server/diagnosis/diagnose.ts";
import { evidenceAt } from "../../server/diagnosis/runEvidence.ts";
import type { RunScript } from "../../server/diagnosis/script.ts";
import { emptyFacts } from "../../server/facts/emptyFacts.ts";
import type { TrainingEvent, TrainingFacts } from "../../server/facts/trainingFacts.ts";
import type { VerdictView } from "../../server/protocol.ts";
import { appendRecord, createRun, type GrowingRun } from "../../server/runs/growingRun.ts";

const script = [
  "opt = torch.optim.Adam(model.parameters(), lr=3e-3)",
  "for batch in loader:",
  "    loss = -torch.log(p).mean()",
  "    loss.backward()",
  "    opt.step()",
  "",
].join("\n");

function rangeOfText(part: string): { start: number; end: number } {
  const start = script.indexOf(part);
  return { start, end: start + part.length };
}

function event(kind: TrainingEvent["kind"], part: string): TrainingEvent {
  return {
    ...rangeOfText(part),
    kind,
    statement: rangeOfText(part),
    subject: "opt",
    optimizers: [0],
    conditional: false,
    inlined: false,
  };
}

function scriptWith(extra: Partial<TrainingFacts> = {}): RunScript {
  const optimizer = rangeOfText("torch.optim.Adam(model.parameters(), lr=3e-3)");
  return {
    text: script,
    facts: {
      ...emptyFacts("/code/train.py"),
      frameworks: ["pytorch"],
      imports: [],
      optimizers: [
        {
          ...optimizer,
          framework: "pytorch",
          constructorName: "Adam",
          algorithm: "adam",
          adaptive: true,
          adamFamily: true,
          nameRange: rangeOfText("Adam"),
          boundTo: "opt",
          parametersText: "model.parameters()",
          hasParameterGroups: false,
          libraryVersion: null,
          arguments: {
            learningRate: {
              name: "learningRate",
              keyword: "lr",
              range: rangeOfText("lr=3e-3"),
              valueRange: rangeOfText("3e-3"),
              given: true,
              resolved: { known: true, value: 3e-3, alternatives: [], chain: [], overridable: false },
            },
          },
        },
      ],
      loops: [
        {
          ...rangeOfText(script),
          framework: "pytorch",
          header: rangeOfText("for batch in loader:"),
          events: [event("backward", "loss.backward()"), event("optimizer-step", "opt.step()")],
          optimizers: [0],
          gradScaler: null,
          gradScalerEnabled: { known: true, value: false, alternatives: [], chain: [], overridable: false },
          wrappedBy: null,
          accumulates: false,
        },
      ],
      precision: [],
      traits: [],
      lossTerms: [],
      graphAccumulations: [],
      hyperparameters: [],
      ...extra,
    },
  };
}

/** 100 records at steps 0, 10, … whose values the functions give. */
function runWith(columns: Readonly<Record<string, (i: number) => number>>, length = 100): GrowingRun {
  const run = createRun("run", "run");
  for (let i = 0; i < length; i++) {
    const values = new Map<string, number>([["step", 10 * i]]);
    for (const [name, of] of Object.entries(columns)) {
      values.set(name, of(i));
    }
    appendRecord(run, { values, line: i + 1, endOffset: i + 1 });
  }
  return run;
}

function verdict(kind: VerdictKind, onsetStep: number): Verdict {
  return {
    kind,
    series: "loss",
    onsetStep,
    onsetRange: [onsetStep - 10, onsetStep],
    detectedStep: 990,
    confidence: 0.9,
    evidence: ["seen"],
  };
}

function diagnosed(kind: VerdictKind, onset: number, run: GrowingRun, code: RunScript | null): VerdictView {
  const said = verdict(kind, onset);
  return diagnose(said, evidenceAt(said, run), run, code);
}

function markedText(view: VerdictView): string {
  const line = script.split("\n")[view.code?.line ?? -1] ?? "";
  return line.slice(view.code?.character ?? 0, view.code?.endCharacter ?? 0);
}

describe("the diagnosis", () => {
  it("blames gradients that jumped first, at the step that nothing clips", () => {
    const run = runWith({ loss: (i) => (i < 80 ? 1 : 2), grad_norm: (i) => (i === 79 ? 50 : 1), lr: () => 3e-3 });
    const view = diagnosed("loss-growth", 800, run, scriptWith());
    assert.equal(view.causes[0]?.cause, "gradient-spike");
    assert.deepEqual(view.causes[0]?.rules, ["missing-gradient-clipping"]);
    assert.match(view.nextStep, /^Clip the gradient norm to 1\.0/);
    assert.equal(markedText(view), "opt.step()");
    assert.equal(view.code?.uri, "file:///code/train.py");
  });

  it("does not advise a threshold that tiny gradients never reach", () => {
    const run = runWith({
      loss: (i) => (i < 79 ? 1e-6 : 1e-4),
      grad_norm: (i) => (i === 79 ? 1e-2 : 1e-5),
      lr: () => 3e-2,
    });
    const view = diagnosed("loss-spike", 790, run, scriptWith());
    assert.deepEqual(
      view.causes.map(({ cause }) => cause),
      ["small-denominators", "gradient-spike", "data"],
    );
    assert.match(view.causes[0]?.why ?? "", /shrunk to 1e-5 is consistent with Adam's second moment/);
    assert.match(view.nextStep, /^Lower the learning rate to 0\.003 /);
    assert.equal(markedText(view), "lr=3e-3");
    const alone = diagnosed("loss-spike", 790, run, null);
    assert.match(alone.nextStep, /^Clip the gradient norm to 2e-5, twice its usual level/);
  });

  it("blames a learning rate that is too high when it is constant and gradients are ordinary", () => {
    const run = runWith({ loss: (i) => (i < 80 ? 1 : 2), grad_norm: () => 1, lr: () => 3e-3 });
    const view = diagnosed("loss-growth", 800, run, scriptWith());
    assert.equal(view.causes[0]?.cause, "learning-rate-high");
    assert.match(view.causes[0]?.why ?? "", /consistent with a constant learning rate of 0\.003/);
    assert.equal(markedText(view), "lr=3e-3");
    assert.equal(view.headline, "Loss has grown since step 800");
    assert.ok(view.evidence.includes("learning rate unchanged at 0.003"));
  });

  it("blames the schedule when growth begins where the learning rate steps up", () => {
    const run = runWith({ loss: (i) => (i < 80 ? 1 : 2), lr: (i) => (i < 80 ? 1e-3 : 1e-2) });
    const view = diagnosed("loss-growth", 800, run, null);
    assert.equal(view.causes[0]?.cause, "learning-rate-change");
    assert.equal(view.code, null);
  });

  it("blames an undefined operation for a NaN before which nothing grew, at the loss term", () => {
    const term = rangeOfText("torch.log(p)");
    const run = runWith({ loss: (i) => (i < 99 ? 1 : Number.NaN), grad_norm: () => 1 });
    const view = diagnosed(
      "non-finite",
      990,
      run,
      scriptWith({
        lossTerms: [
          {
            ...term,
            framework: "pytorch",
            operation: "log",
            operandText: "p",
            operandRange: rangeOfText("p"),
            stableForm: "clamp-min",
          },
        ],
      }),
    );
    assert.equal(view.severity, "error");
    assert.equal(view.headline, "Loss is NaN since step 990");
    assert.equal(view.causes[0]?.cause, "loss-numerics");
    assert.equal(markedText(view), "torch.log(p)");
    assert.match(view.nextStep, /`p`/);
  });

  it("suspects the data behind a spike whose gradients are ordinary", () => {
    const run = runWith({ loss: (i) => (i === 50 ? 100 : 1), grad_norm: () => 1 });
    const view = diagnosed("loss-spike", 500, run, null);
    assert.equal(view.causes[0]?.cause, "data");
    assert.equal(view.headline, "Loss spiked at step 500 and came back");
  });

  it("names causes only as far as the log shows them, and always one next step", () => {
    const run = runWith({ loss: (i) => (i < 80 ? 1 : 2) });
    for (const kind of ["loss-growth", "loss-spike", "non-finite"] as const) {
      const view = diagnosed(kind, 800, run, null);
      assert.ok(view.nextStep.length > 0);
      assert.ok(view.causes.every(({ cause }) => cause !== "gradient-spike" && cause !== "learning-rate-change"));
    }
  });

  it("names what would prove Adam's denominator, unless the log shows it", () => {
    const columns = {
      loss: (i: number) => (i < 79 ? 1e-6 : 1e-4),
      grad_norm: (i: number) => (i === 79 ? 1e-2 : 1e-5),
    };
    const rulesOf = (run: GrowingRun) => diagnosed("loss-spike", 790, run, scriptWith()).causes[0]?.rules ?? [];
    assert.ok(rulesOf(runWith(columns)).includes("adam-state-not-logged"));
    assert.ok(!rulesOf(runWith({ ...columns, adam_rms: () => 1 })).includes("adam-state-not-logged"));
    assert.ok(!rulesOf(runWith({ ...columns, update_ratio: () => 1e-3 })).includes("adam-state-not-logged"));
  });

  it("asks for the batch's number behind a spike from the data, unless the log has it, and points at the loop", () => {
    const columns = { loss: (i: number) => (i === 50 ? 100 : 1), grad_norm: () => 1 };
    const header = rangeOfText("for batch in loader:");
    const batches = {
      ...header,
      framework: "pytorch",
      loopStart: 0,
      over: "batches",
      index: null,
      plain: null,
      identities: [],
    } as const;
    const view = diagnosed("loss-spike", 500, runWith(columns), scriptWith({ batchLoops: [batches] }));
    assert.deepEqual(view.causes[0]?.rules, ["batch-not-identified"]);
    assert.equal(markedText(view), "for batch in loader:");
    const told = diagnosed("loss-spike", 500, runWith({ ...columns, sample_id: (i) => i }), null);
    assert.deepEqual(told.causes[0]?.rules, []);
    assert.match(told.nextStep, /^Find which samples/);
  });

  it("suggests a new optimizer for growth after a healthy time, not from the start", () => {
    const columns = { loss: (i: number) => (i < 80 ? 1 : 2), grad_norm: () => 1, lr: () => 3e-3 };
    const rulesAt = (onset: number) =>
      diagnosed("loss-growth", onset, runWith(columns), scriptWith()).causes.flatMap(({ rules }) => rules);
    assert.ok(rulesAt(800).includes("optimizer-reset"));
    assert.ok(!rulesAt(0).includes("optimizer-reset"));
  });
});
