import { sourcesOf } from "../../server/cli/checkedSources.ts";
import { checkFiles } from "../../server/cli/checkFiles.ts";
import { defaultSettings } from "../../server/config/settings.ts";
import type { Severity } from "../../server/rules/rule.ts";

/** One diagnostic of one file, as the command line would report it. */
export interface Finding {
  /** Absolute. */
  readonly file: string;
  readonly rule: string;
  readonly severity: Severity;
  /** 1-based; `cell:line` in a notebook. */
  readonly line: string;
  readonly message: string;
}

/** What `haywire check` finds in files with its default settings. Rejects when a file cannot be read. */
export async function findingsIn(files: readonly string[]): Promise<readonly Finding[]> {
  const settingsOf = async () => defaultSettings;
  const { stdin, stdout, stderr } = process;
  const io = { cwd: process.cwd(), env: process.env, stdin, stdout, stderr, isTTY: false };
  const complain = (name: string, problem: string) => {
    throw new Error(`${name}: ${problem}`);
  };
  const sources = sourcesOf(files, undefined, settingsOf, io, complain);
  const found: Finding[] = [];
  for await (const { file, reported } of checkFiles(sources, {
    settingsOf,
    fixes: "none",
    everything: false,
    complain,
  })) {
    for (const { start, rule, severity, message } of reported.diagnostics) {
      const { row, cell } = reported.locate(start);
      found.push({ file, rule, severity, line: cell === null ? String(row) : `${cell}:${row}`, message });
    }
  }
  return found;
}
