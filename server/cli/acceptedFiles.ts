import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { baselineFileName } from "../config/settings.ts";
import {
  type AcceptedEntry,
  type AcceptedFindings,
  acceptedEntries,
  acceptedText,
  readAccepted,
  withoutAccepted,
} from "../lint/acceptedFindings.ts";
import { plural } from "../report/textReport.ts";
import type { CheckedFile } from "./checkFiles.ts";
import type { SettingsReader } from "./commandSettings.ts";
import { type CommandIo, say, UsageError } from "./io.ts";

/** The files without the findings that their baselines accept; what a baseline holds in vain is told on standard error. */
export async function withoutAcceptedFindings(
  files: readonly CheckedFile[],
  settingsOf: SettingsReader,
  io: CommandIo,
): Promise<readonly CheckedFile[]> {
  const stale = new Map<string, number>();
  const note = (baseline: string, count: number) => stale.set(baseline, (stale.get(baseline) ?? 0) + count);
  const known = new Map<string, Promise<AcceptedFindings>>();
  const kept: CheckedFile[] = [];
  for (const each of files) {
    const { baseline } = (await settingsOf(path.dirname(each.file))).lint;
    const read = baseline === null ? null : (known.get(baseline) ?? acceptedIn(baseline));
    if (baseline === null || read === null) {
      kept.push(each);
      continue;
    }
    known.set(baseline, read);
    const entries = (await read).get(each.file) ?? [];
    const result = withoutAccepted(each.reported.text, each.reported.diagnostics, entries);
    note(baseline, result.gone);
    kept.push({ ...each, reported: { ...each.reported, diagnostics: result.kept, accepted: result.accepted } });
  }
  for (const [baseline, read] of known) {
    for (const [source, entries] of await read) if (!existsSync(source)) note(baseline, total(entries));
  }
  for (const [baseline, count] of stale) {
    const name = path.relative(io.cwd, baseline);
    const told = `${plural(count, "finding")} of the baseline ${count === 1 ? "occurs" : "occur"} no more`;
    if (count > 0) say(io.stderr, `haywire: ${name}: ${told}. \`haywire check --write-baseline\` takes them out.`);
  }
  return kept;
}

/**
 * Accepts all that was found: into the file named, else into the one that the settings name for each source, else into
 * `haywire-baseline.json` in the current folder. What is accepted in files that were not checked stays.
 */
export async function writeAcceptedFindings(
  files: readonly CheckedFile[],
  named: string | null,
  settingsOf: SettingsReader,
  io: CommandIo,
): Promise<void> {
  const byBaseline = new Map<string, CheckedFile[]>();
  const unnamed = path.resolve(io.cwd, named ?? baselineFileName);
  if (files.length === 0) byBaseline.set(unnamed, []);
  for (const each of files) {
    const { baseline } = (await settingsOf(path.dirname(each.file))).lint;
    const file = named === null ? (baseline ?? unnamed) : unnamed;
    byBaseline.set(file, [...(byBaseline.get(file) ?? []), each]);
  }
  for (const [baseline, checked] of byBaseline) {
    const before = existsSync(baseline) ? await acceptedIn(baseline) : new Map<string, readonly AcceptedEntry[]>();
    const accepted = new Map([...before].filter(([source]) => existsSync(source)));
    for (const { file, reported } of checked) {
      accepted.set(file, acceptedEntries(reported.text, reported.diagnostics));
    }
    await writeFile(baseline, acceptedText(baseline, accepted)).catch((error: unknown) => {
      throw new UsageError(
        `The baseline cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      );
    });
    const count = [...accepted.values()].reduce((sum, entries) => sum + total(entries), 0);
    const sources = [...accepted.values()].filter((entries) => entries.length > 0).length;
    const name = path.relative(io.cwd, baseline);
    say(io.stdout, `${name}: ${plural(count, "finding")} in ${plural(sources, "file")} accepted.`);
    const [first] = checked;
    const inUse = first === undefined ? null : (await settingsOf(path.dirname(first.file))).lint.baseline;
    if (path.basename(baseline) !== baselineFileName && inUse !== baseline) {
      say(io.stderr, `haywire: name it in the settings, so that it is used: baseline = ${JSON.stringify(name)}.`);
    }
  }
}

/** Throws `UsageError` for a file that is no baseline: what it holds must not be lost, and findings not be new by mistake. */
async function acceptedIn(file: string): Promise<AcceptedFindings> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new UsageError(`The baseline cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  });
  const { value, problems } = readAccepted(file, text);
  const [problem] = problems;
  if (problem !== undefined) throw new UsageError(`${file}: ${problem.message}.`);
  return value;
}

function total(entries: readonly AcceptedEntry[]): number {
  return entries.reduce((sum, { count }) => sum + count, 0);
}
