import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { VerdictKind } from "../../server/detectors/verdict.ts";

/** A verdict that a case's author gives. */
export interface TrueVerdict {
  readonly kinds: readonly VerdictKind[];
  readonly onset: number;
  /** How late or early still counts. */
  readonly before: number;
  readonly after: number;
}

/** A recorded run, or several of one experiment, with what is true of it. */
export interface Case {
  readonly name: string;
  readonly group: string;
  readonly logs: readonly string[];
  readonly script: string | null;
  readonly codeLine: number | null;
  /** Onsets count data records from 0 instead of steps. */
  readonly byRecord: boolean;
  readonly healthy: boolean;
  readonly verdicts: readonly TrueVerdict[];
  /** Kinds that would be wrong. */
  readonly wrong: ReadonlySet<VerdictKind>;
  /** Kinds that count neither as found nor as false. */
  readonly debatable: ReadonlySet<VerdictKind>;
}

interface Truth {
  readonly healthy: boolean;
  readonly step_unit: string;
  readonly repo?: string;
  readonly verdicts: readonly {
    readonly kind: string;
    readonly onset_step: number;
    readonly tolerance_steps: number;
    readonly visible_step?: number;
  }[];
  readonly not: readonly string[];
  readonly debatable?: readonly (string | { readonly kind: string })[];
  readonly files?: readonly string[];
  readonly code?: { readonly line: number } | null;
}

/** What was done to a run has in places a word of its own. */
const otherNames: Readonly<Record<string, readonly VerdictKind[]>> = {
  "corrupted-shard": ["repeatable-onset", "loss-spike"],
  "amsgrad-counterexample": ["adam-nonconvergence"],
  "batch-norm-late-instability": ["batch-norm-instability"],
  "optimizer-reset-rescue": ["recovered"],
};

function kindsOf(name: string): readonly VerdictKind[] {
  return otherNames[name] ?? [name as VerdictKind];
}

/** The cases of a folder: each folder in it with a `truth.json` or `label.json`. Those that fail in no way that a kind names are left out. */
export function readCases(folder: string): Case[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const at = path.join(folder, name);
      const file = ["truth.json", "label.json"].map((each) => path.join(at, each)).find((each) => existsSync(each));
      if (file === undefined) return [];
      const truth = JSON.parse(readFileSync(file, "utf8")) as Truth;
      if (!truth.healthy && truth.verdicts.length === 0) return [];
      const script = path.join(at, "train.py");
      return [
        {
          name,
          group: truth.repo ?? name,
          logs: truth.files?.map((each) => path.join(at, each)) ?? [path.join(at, "log")],
          script: existsSync(script) ? script : null,
          codeLine: truth.code?.line ?? null,
          byRecord: truth.step_unit.startsWith("record"),
          healthy: truth.healthy,
          verdicts: truth.verdicts.map(({ kind, onset_step, tolerance_steps, visible_step }) => ({
            kinds: kindsOf(kind),
            onset: onset_step,
            before: tolerance_steps,
            after: Math.max(tolerance_steps, (visible_step ?? onset_step) + tolerance_steps - onset_step),
          })),
          wrong: new Set(
            truth.not.flatMap((each) => (each in otherNames ? (otherNames[each] ?? []).slice(0, 1) : kindsOf(each))),
          ),
          debatable: new Set(
            (truth.debatable ?? []).flatMap((each) => kindsOf(typeof each === "string" ? each : each.kind)),
          ),
        },
      ];
    });
}
