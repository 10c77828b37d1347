import { open, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import type { ScalarValue } from "../facts/trainingFacts.ts";
import { isRecord } from "../text/plainRecord.ts";
import { tensorboardHyperparameters } from "./tensorboardHyperparameters.ts";
import { wandbHyperparameters } from "./wandbHyperparameters.ts";

/** What a run's own logging wrote down of its settings. */
export interface LoggedHyperparameter {
  /** As logged, nested names joined by dots: `"optimizer.lr"`. */
  readonly name: string;
  readonly value: ScalarValue;
  /** File that says so, relative to the folder of the run. */
  readonly source: string;
}

type Values = ReadonlyMap<string, ScalarValue>;

/** Settings stand at the front of a log; a training of weeks is not read for them. */
const headBytes = 4 * 1024 * 1024;
const deepestFolder = 3;
const mostEntries = 2_000;

/**
 * The hyperparameters found in a log file or folder: `hparams.yaml`, Hydra's and wandb's `config.yaml`, wandb's record,
 * TensorBoard's hparams plugin, MLflow's `params/`, JSON files of arguments, and Trainer's `trainer_state.json`. A name that two
 * of them log is taken from the first. Empty where there are none.
 */
export async function loggedHyperparameters(place: string): Promise<readonly LoggedHyperparameter[]> {
  const status = await stat(place).catch(() => null);
  if (status === null) return [];
  const root = status.isDirectory() ? place : path.dirname(place);
  const files = status.isDirectory() ? await filesIn(place) : [place];
  const found = new Map<string, LoggedHyperparameter>();
  for (const reader of readers) {
    for (const file of files.filter((each) => reader.accepts(each.split(path.sep).join("/")))) {
      for (const [name, value] of await reader.read(file).catch(() => new Map<string, ScalarValue>())) {
        if (!found.has(name)) found.set(name, { name, value, source: path.relative(root, file) });
      }
    }
  }
  return [...found.values()];
}

interface Reader {
  accepts(file: string): boolean;
  /** Rejects for a file that is something else. */
  read(file: string): Promise<Values>;
}

const readers: readonly Reader[] = [
  { accepts: (file) => /(^|\/)hparams\.ya?ml$/.test(file), read: readYaml },
  { accepts: (file) => /\.hydra\/config\.ya?ml$/.test(file), read: readYaml },
  { accepts: (file) => /(^|\/)config\.ya?ml$/.test(file), read: readYaml },
  { accepts: (file) => file.endsWith(".wandb"), read: async (file) => wandbHyperparameters(await headOf(file)) },
  { accepts: (file) => /tfevents/.test(file), read: async (file) => tensorboardHyperparameters(await headOf(file)) },
  { accepts: (file) => /\/params\/[^/]+$/.test(file), read: readParameter },
  {
    accepts: (file) =>
      /(^|\/)(hparams|hyper_?parameters|params|config|args|(train(ing)?_)?arg(ument)?s)\.json$/.test(file),
    read: readJson,
  },
  { accepts: (file) => file.endsWith("trainer_state.json"), read: readTrainerState },
];

async function readYaml(file: string): Promise<Values> {
  const values = new Map<string, ScalarValue>();
  // Lightning writes Python's tags, such as !!python/object:argparse.Namespace.
  const root: unknown = parse(await readFile(file, "utf8"), { logLevel: "error" });
  flatten("", unwrapped(root), values, 0);
  return values;
}

async function readJson(file: string): Promise<Values> {
  const values = new Map<string, ScalarValue>();
  flatten("", JSON.parse(await readFile(file, "utf8")), values, 0);
  return values;
}

/** transformers 5.23 `trainer_callback.py`, `TrainerState`: what it repeats of the arguments. */
async function readTrainerState(file: string): Promise<Values> {
  const state = await readJson(file);
  const named = ["num_train_epochs", "train_batch_size", "max_steps", "logging_steps", "eval_steps", "save_steps"];
  return new Map([...state].filter(([name, value]) => named.includes(name) && value !== null && value !== 0));
}

/** MLflow's file store: one file a parameter, `params/lr`, which holds its value as text. */
async function readParameter(file: string): Promise<Values> {
  const text = (await readFile(file, "utf8")).trim();
  return new Map(text.length > 500 ? [] : [[path.basename(file), scalarOf(text)]]);
}

/** wandb's config.yaml holds `{desc, value}` under each name. */
function unwrapped(root: unknown): unknown {
  if (!isRecord(root) || !("wandb_version" in root || "_wandb" in root)) return root;
  return Object.fromEntries(
    Object.entries(root).flatMap(([name, entry]) =>
      isRecord(entry) && "value" in entry && name !== "_wandb" ? [[name, entry.value]] : [],
    ),
  );
}

function flatten(prefix: string, value: unknown, into: Map<string, ScalarValue>, depth: number): void {
  if (isRecord(value)) {
    if (depth > 8) return;
    for (const [key, inner] of Object.entries(value)) {
      flatten(prefix === "" ? key : `${prefix}.${key}`, inner, into, depth + 1);
    }
  } else if (prefix !== "" && (typeof value === "number" || typeof value === "boolean" || typeof value === "string")) {
    into.set(prefix, typeof value === "string" ? scalarOf(value) : value);
  }
}

/** A text as the value that it spells: YAML reads `1e-3` as a text, and MLflow writes nothing else. */
function scalarOf(text: string): ScalarValue {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}

async function headOf(file: string): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The files of a run's folder in the order of their names, those nearest to its top first. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  const walk = async (each: string, depth: number): Promise<void> => {
    const entries = await readdir(each, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (files.length >= mostEntries) return;
      if (entry.isFile()) files.push(path.join(each, entry.name));
    }
    for (const entry of entries) {
      if (entry.isDirectory() && depth < deepestFolder && entry.name !== "node_modules") {
        await walk(path.join(each, entry.name), depth + 1);
      }
    }
  };
  await walk(folder, 0);
  return files;
}
