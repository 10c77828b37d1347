import { existsSync } from "node:fs";
import path from "node:path";
import type { HyperparameterFact } from "../facts/trainingFacts.ts";
import { earlierState } from "../lint/earlierState.ts";
import { textAtRevision } from "../lint/gitBaseline.ts";
import { libraryVersionsFor } from "../lint/libraryVersions.ts";
import { createLinter, type Linter } from "../lint/linter.ts";
import { createParsers } from "../lint/loadParsers.ts";
import { changedHyperparameters, type EarlierHyperparameter } from "../rules/hyperparameterChanges.ts";
import { earlierOfLogged } from "../snapshots/earlierOfRun.ts";
import { loggedHyperparameters } from "../snapshots/loggedHyperparameters.ts";
import { withCommandLine } from "../snapshots/snapshot.ts";
import { snapshotsIn, storeRootOf } from "../snapshots/snapshotStore.ts";
import { type Command, type CommandIo, exitClean, exitFailure, say, UsageError } from "./io.ts";
import { readOptions } from "./options.ts";
import { readSource } from "./sourceFile.ts";
import { sourceProgram } from "./sourceProgram.ts";

export const changesCommand: Command = {
  name: "changes",
  summary: "Hyperparameters of a script that differ from a git revision or from an earlier run.",
  usage: `Usage: haywire changes [--since REV|RUN] FILE…

Prints every hyperparameter whose value differs from the earlier one: its place, name, old → new, and where the old one stands.

  --since REV   a git revision (default HEAD)
  --since RUN   a log folder or file that holds the run's settings (hparams.yaml, TensorBoard, wandb, MLflow, arguments in JSON),
                or the name of a run that \`haywire watch -- CMD\` or the editor started; "last" is the script's last one`,
  async run(argv, io) {
    const { values, positionals } = readOptions(argv, { options: { since: { type: "string", default: "HEAD" } } });
    if (positionals.length === 0) throw new UsageError("Name the files to compare.");
    const linter = createLinter(createParsers());
    let status = exitClean;
    for (const name of positionals) {
      const problem = await printChanges(linter, name, values.since, io);
      if (problem === null) continue;
      say(io.stderr, `haywire: ${name}: ${problem}`);
      status = exitFailure;
    }
    return status;
  },
};

/** A sentence when the file cannot be compared. */
async function printChanges(linter: Linter, name: string, since: string, io: CommandIo): Promise<string | null> {
  const file = path.resolve(io.cwd, name);
  const { value: source, problems } = await readSource(file, name);
  if (source.binary) return problems[0]?.message ?? "The file cannot be read";
  const program = sourceProgram(name, source.text);
  const after = await hyperparameters(linter, file, program.text);
  if (after === null) return "Haywire does not read files of this kind";
  const before = await earlier({ linter, name, file, since, after, cwd: io.cwd });
  if (typeof before === "string") return before;
  for (const change of changedHyperparameters(before, after)) {
    const { row, cell } = program.locate(change.after[0].valueRange.start);
    const place = cell === null ? `${row}` : `cell ${cell}:${row}`;
    const old = change.before.place === null ? "" : `  (was: ${change.before.place})`;
    const [first] = change.after;
    say(io.stdout, `${name}:${place}: ${first.name} ${change.before.valueText} → ${first.valueText}${old}`);
  }
  return null;
}

interface Comparison {
  readonly linter: Linter;
  readonly name: string;
  readonly file: string;
  readonly since: string;
  readonly after: readonly HyperparameterFact[];
  readonly cwd: string;
}

/** The earlier values: of a kept run, of a log, else of a revision; a sentence when there are none. */
async function earlier(comparison: Comparison): Promise<readonly EarlierHyperparameter[] | string> {
  const { linter, name, file, since, after, cwd } = comparison;
  const root = storeRootOf(file);
  const own = path.relative(root, file).split(path.sep).join("/");
  const runs = (await snapshotsIn(root)).filter(({ script }) => script === own);
  const run = since === "last" ? runs.at(-1) : runs.find((each) => each.name === since);
  if (run !== undefined) return withCommandLine(run);
  const place = path.resolve(cwd, since);
  if (existsSync(place)) {
    const logged = await loggedHyperparameters(place);
    if (logged.length > 0) {
      const found = earlierOfLogged(logged, after);
      return found.length > 0 ? found : `none of the ${logged.length} settings that ${since} logs is one of this file`;
    }
  }
  const text = await textAtRevision(file, since);
  if (text !== null) {
    const program = sourceProgram(name, text.replace(/^\uFEFF/, ""));
    const facts = await hyperparameters(linter, file, program.text);
    return facts === null ? "Haywire does not read files of this kind" : earlierState(facts, program.locate);
  }
  if (since === "last") return "no run of it has been kept; `haywire watch -- CMD` keeps one";
  const names = runs.slice(-3).map((each) => each.name);
  const kept = names.length === 0 ? "no run of it has been kept" : `the last runs kept are ${names.join(", ")}`;
  return `git has no such file at ${since}, no log there tells settings, and ${kept}`;
}

async function hyperparameters(linter: Linter, file: string, text: string) {
  const document = await linter.openDocument(file, text);
  try {
    return document?.facts(await libraryVersionsFor(file)).hyperparameters ?? null;
  } finally {
    document?.dispose();
  }
}
