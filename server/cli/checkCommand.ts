import path from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { showSettings } from "../config/settings.ts";
import { ruleMarkdown } from "../lint/ruleDocuments.ts";
import { githubReport } from "../report/githubReport.ts";
import { jsonReport } from "../report/jsonReport.ts";
import type { ReportedFile } from "../report/reportedFile.ts";
import { sarifReport } from "../report/sarifReport.ts";
import { statisticsReport } from "../report/statistics.ts";
import { textReport } from "../report/textReport.ts";
import { unifiedDiff } from "../report/unifiedDiff.ts";
import { rules } from "../rules/index.ts";
import { readableDocument } from "../rules/ruleDocument.ts";
import { withoutAcceptedFindings, writeAcceptedFindings } from "./acceptedFiles.ts";
import { sourcesOf } from "./checkedSources.ts";
import { type CheckedFile, checkFiles } from "./checkFiles.ts";
import { createSettingsReader } from "./commandSettings.ts";
import { type Command, type CommandIo, exitClean, exitFailure, exitFindings, say, wantsColor } from "./io.ts";
import { oneOf, readOptions } from "./options.ts";
import { writeSource } from "./sourceFile.ts";

const noRules: string[] = [];

const options = {
  format: { type: "string" as const, default: "text" },
  config: { type: "string" as const },
  preset: { type: "string" as const },
  rule: { type: "string" as const, multiple: true as const, default: noRules },
  quiet: { type: "boolean" as const, default: false },
  fix: { type: "boolean" as const, default: false },
  "unsafe-fixes": { type: "boolean" as const, default: false },
  diff: { type: "boolean" as const, default: false },
  "exit-zero": { type: "boolean" as const, default: false },
  statistics: { type: "boolean" as const, default: false },
  "write-baseline": { type: "string" as const },
  "no-baseline": { type: "boolean" as const, default: false },
  "show-settings": { type: "boolean" as const, default: false },
  "force-exclude": { type: "boolean" as const, default: false },
  "stdin-filename": { type: "string" as const },
};

export const checkCommand: Command = {
  name: "check",
  summary: "Lints training code.",
  usage: `Usage: haywire check [OPTIONS] [PATH…]
       haywire check --stdin-filename FILE - < FILE

Lints .py, .ipynb, .ts, .tsx, .js and .mjs files; without a path, those of the current folder.

  --format FORMAT       text, json, sarif or github (default text)
  --fix                 apply the safe fixes
  --unsafe-fixes        with --fix or --diff: also those that change the training
  --diff                print what --fix would change, and change nothing
  --preset PRESET       recommended, strict (an info fails the check) or all (a hint does too)
  --rule NAME=SEVERITY  off, hint, info, warning or error; may be given again
  --config FILE         settings from this file instead of pyproject.toml and haywire.toml
  --write-baseline[=FILE]
                        accept all that is found now, so that only new findings are told
                        (default: the file of the settings, else haywire-baseline.json)
  --no-baseline         tell accepted findings too
  --show-settings       print the settings and where each comes from
  --statistics          count findings by rule, and say what could not be told
  --force-exclude       leave out what the settings exclude also where it is named outright
  --stdin-filename FILE the name of what is read from standard input with -
  --exit-zero           exit with 0 whatever is found
  --quiet               only the line of counts

Exit status: 0 nothing at warning or above, 1 findings, 2 the job could not be done.`,
  run: async (argv, io) => {
    const { values, positionals } = readOptions(withBaselineName(argv), { options });
    const format = oneOf("--format", values.format, ["text", "json", "sarif", "github"]);
    const settingsOf = await createSettingsReader(io, {
      ...values,
      baseline: values["no-baseline"] ? false : undefined,
    });
    const paths = positionals.length > 0 ? positionals : ["."];
    if (values["show-settings"]) {
      const first = path.resolve(io.cwd, paths[0] ?? ".");
      const folder = path.extname(first) === "" ? first : path.dirname(first);
      io.stdout.write(showSettings(await settingsOf(folder)));
      return exitClean;
    }
    const grade = values["unsafe-fixes"] ? "unsafe" : "safe";
    const isStdin = paths[0] === "-";
    const unread = new Set<string>();
    const complain = (name: string, problem: string) => {
      say(io.stderr, `haywire: ${name}: ${problem}.`);
      unread.add(name);
    };

    const sources = sourcesOf(paths, values["stdin-filename"], settingsOf, io, complain, values["force-exclude"]);
    const checked: CheckedFile[] = [];
    for await (const each of checkFiles(sources, {
      settingsOf,
      fixes: values.fix || values.diff ? grade : "none",
      everything: values.statistics || isStdin,
      complain,
    })) {
      const { name, file, source, fixedText } = each;
      checked.push(each);
      if (values.fix && !values.diff && isStdin) io.stdout.write(fixedText ?? source.text);
      else if (fixedText === null) continue;
      else if (values.diff) io.stdout.write(unifiedDiff(name, source.text, fixedText));
      else {
        await writeSource(file, fixedText, source).catch((error: unknown) =>
          complain(name, `The fixed text cannot be written: ${error instanceof Error ? error.message : String(error)}`),
        );
      }
    }

    const baseline = values["write-baseline"];
    if (baseline !== undefined) {
      if (unread.size > 0) {
        say(io.stderr, "haywire: no baseline was written, since not all could be read.");
        return exitFailure;
      }
      await writeAcceptedFindings(checked, baseline === "" ? null : baseline, settingsOf, io);
      return exitClean;
    }
    const files = (await withoutAcceptedFindings(checked, settingsOf, io)).map((each) => each.reported);
    if (values.diff) {
      const changes = checked.filter((each) => each.fixedText !== null).length;
      if (!values.quiet) say(io.stderr, `${changes} of ${files.length} files would change.`);
      return unread.size > 0 ? exitFailure : changes > 0 && !values["exit-zero"] ? exitFindings : exitClean;
    }
    const report = isStdin && values.fix ? io.stderr : io.stdout;
    report.write(values.statistics ? statisticsReport(files) : await reportIn(format, files, values.quiet, io));
    if (format === "json") tellProblems(files, io);
    if (unread.size > 0) return exitFailure;
    const counts = files.some((each) =>
      each.diagnostics.some(({ severity }) => severity === "error" || severity === "warning"),
    );
    return counts && !values["exit-zero"] ? exitFindings : exitClean;
  },
};

/** The option's file may be left out, or follow after a blank where it is the name of a JSON file. */
function withBaselineName(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf("--write-baseline");
  if (at < 0) return argv;
  const next = argv[at + 1];
  const isName = next?.endsWith(".json") === true;
  return [...argv.slice(0, at), `--write-baseline=${isName ? next : ""}`, ...argv.slice(at + (isName ? 2 : 1))];
}

async function reportIn(
  format: "text" | "json" | "sarif" | "github",
  files: readonly ReportedFile[],
  quiet: boolean,
  io: CommandIo,
): Promise<string> {
  switch (format) {
    case "json":
      return jsonReport(files);
    case "github":
      return githubReport(files);
    case "sarif": {
      const documents = await Promise.all(
        rules.map(async ({ name }) => [name, readableDocument((await ruleMarkdown(name)) ?? "")] as const),
      );
      return sarifReport(files, { rules, documents: new Map(documents), version: packageJson.version });
    }
    case "text":
      return textReport(files, { colour: wantsColor(io), quiet });
  }
}

/** JSON has no place for what is no finding. */
function tellProblems(files: readonly ReportedFile[], io: CommandIo): void {
  for (const file of files)
    for (const { message } of file.problems) say(io.stderr, `haywire: ${file.path}: ${message}.`);
}
