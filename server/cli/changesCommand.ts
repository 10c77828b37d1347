import path from "node:path";
import { textAtRevision } from "../lint/gitBaseline.ts";
import { libraryVersionsFor } from "../lint/libraryVersions.ts";
import { createLinter, type Linter } from "../lint/linter.ts";
import { createParsers } from "../lint/loadParsers.ts";
import { changedHyperparameters } from "../rules/many-hyperparameters-changed.ts";
import { type Command, type CommandIo, exitClean, exitFailure, say, UsageError } from "./io.ts";
import { readOptions } from "./options.ts";
import { readSource } from "./sourceFile.ts";
import { sourceProgram } from "./sourceProgram.ts";

export const changesCommand: Command = {
  name: "changes",
  summary: "Hyperparameters of a script that differ from a git revision.",
  usage: `Usage: haywire changes [--since REV] FILE…

Prints every hyperparameter whose value differs from that revision's: its place, name, and old → new.

  --since REV   the revision to compare with (default HEAD)`,
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
async function printChanges(linter: Linter, name: string, revision: string, io: CommandIo): Promise<string | null> {
  const file = path.resolve(io.cwd, name);
  const { value: source, problems } = await readSource(file, name);
  if (source.binary) return problems[0]?.message ?? "The file cannot be read";
  const earlier = await textAtRevision(file, revision);
  if (earlier === null) return `git has no such file at ${revision}`;
  const program = sourceProgram(name, source.text);
  const [before, after] = await Promise.all([
    hyperparameters(linter, file, sourceProgram(name, earlier.replace(/^\uFEFF/, "")).text),
    hyperparameters(linter, file, program.text),
  ]);
  if (before === null || after === null) return "Haywire does not read files of this kind";
  for (const change of changedHyperparameters(before, after)) {
    const { row, cell } = program.locate(change.after.valueRange.start);
    const place = cell === null ? `${row}` : `cell ${cell}:${row}`;
    say(io.stdout, `${name}:${place}: ${change.after.name} ${change.before.valueText} → ${change.after.valueText}`);
  }
  return null;
}

async function hyperparameters(linter: Linter, file: string, text: string) {
  const document = await linter.openDocument(file, text);
  try {
    return document?.facts(await libraryVersionsFor(file)).hyperparameters ?? null;
  } finally {
    document?.dispose();
  }
}
