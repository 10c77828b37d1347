import type { EarlierHyperparameter } from "../rules/hyperparameterChanges.ts";
import { isRecord } from "../text/plainRecord.ts";

/** What a run was started with, kept so that a later state of its script can be compared with it. */
export interface Snapshot {
  readonly version: 1;
  /** Names the run on the command line: `train-20261124-120530`. */
  readonly name: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Relative to the folder that holds the store, with slashes. */
  readonly script: string;
  readonly command: readonly string[];
  /** Git's HEAD, null outside a repository. */
  readonly commit: string | null;
  /** Unified diffs of the tracked texts that differed from HEAD; empty when none did. */
  readonly diff: string;
  readonly hyperparameters: readonly EarlierHyperparameter[];
}

/** Reads a snapshot's JSON; null for anything else. */
export function readSnapshot(text: string): Snapshot | null {
  try {
    const value: unknown = JSON.parse(text);
    return isSnapshot(value) ? value : null;
  } catch {
    return null;
  }
}

/** How messages call the run: `the run of 2026-11-24 12:05`, in local time. */
export function runText({ startedAt }: Snapshot): string {
  return `the run of ${stamp(new Date(startedAt), "-", " ", ":").slice(0, 16)}`;
}

/** A time as `20261124-120530`, or with other separators; local. */
export function stamp(time: Date, inDate = "", between = "-", inTime = ""): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = [String(time.getFullYear()), two(time.getMonth() + 1), two(time.getDate())].join(inDate);
  return `${date}${between}${[two(time.getHours()), two(time.getMinutes()), two(time.getSeconds())].join(inTime)}`;
}

/**
 * What the run really had: values that its command line gave to the script's options stand for the options' defaults.
 * `--weight-decay 0.1` and `--weight-decay=0.1` set `args.weight_decay`.
 */
export function withCommandLine({ command, hyperparameters }: Snapshot): readonly EarlierHyperparameter[] {
  const given = new Map<string, { readonly text: string; readonly option: string }>();
  for (const [index, word] of command.entries()) {
    const [, option, inline] = /^(--?[A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? [];
    const text = inline ?? command[index + 1];
    if (option === undefined || text === undefined || (inline === undefined && /^--?[A-Za-z]/.test(text))) continue;
    given.set(option.replace(/^-+/, "").replaceAll("-", "_"), { text, option });
  }
  return hyperparameters.map((each) => {
    const said = /^args\./.test(each.name) ? given.get(each.name.slice("args.".length)) : undefined;
    if (said === undefined) return each;
    const place = `${said.option} on the command line`;
    return {
      ...each,
      value: typeof each.value === "number" ? Number(said.text) : said.text,
      valueText: said.text,
      place,
    };
  });
}

function isSnapshot(value: unknown): value is Snapshot {
  return (
    isRecord(value) &&
    value.version === 1 &&
    typeof value.name === "string" &&
    typeof value.startedAt === "string" &&
    !Number.isNaN(Date.parse(value.startedAt)) &&
    typeof value.script === "string" &&
    Array.isArray(value.command) &&
    value.command.every((word) => typeof word === "string") &&
    Array.isArray(value.hyperparameters) &&
    value.hyperparameters.every(isHyperparameter)
  );
}

function isHyperparameter(value: unknown): value is EarlierHyperparameter {
  return (
    isRecord(value) &&
    typeof value.name === "string" &&
    typeof value.valueText === "string" &&
    (value.value === null || ["string", "number", "boolean"].includes(typeof value.value)) &&
    (value.place === null || typeof value.place === "string")
  );
}
