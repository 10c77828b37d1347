import type { Severity } from "../rules/rule.ts";
import type { ReportedFile } from "./reportedFile.ts";

const commands: Readonly<Record<Severity, "error" | "warning" | "notice">> = {
  error: "error",
  warning: "warning",
  info: "notice",
  hint: "notice",
};

/** Workflow commands that GitHub turns into annotations: one line a finding or problem. */
export function githubReport(files: readonly ReportedFile[]): string {
  return files
    .flatMap((file) => [
      ...file.diagnostics.map((diagnostic) => {
        const start = file.locate(diagnostic.start);
        const end = file.locate(diagnostic.end);
        const cell = start.cell === null ? "" : `cell ${start.cell}: `;
        // GitHub takes columns only within one line, and rows of a notebook's cell are no rows of the file.
        const columns = start.row === end.row ? `,col=${start.column},endColumn=${end.column}` : "";
        const place = start.cell === null ? `,line=${start.row},endLine=${end.row}${columns}` : "";
        const title = property(`haywire (${diagnostic.rule})`);
        return `::${commands[diagnostic.severity]} file=${property(file.path)}${place},title=${title}::${data(cell + diagnostic.message)}\n`;
      }),
      ...file.problems.map((problem) => {
        const at = problem.offset === undefined ? null : file.locate(problem.offset);
        const place = at === null || at.cell !== null ? "" : `,line=${at.row}`;
        const cell = at === null || at.cell === null ? "" : `cell ${at.cell}: `;
        return `::warning file=${property(file.path)}${place},title=haywire::${data(cell + problem.message)}\n`;
      }),
    ])
    .join("");
}

/** As actions/toolkit's `escapeData`. */
function data(text: string): string {
  return text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}

/** As actions/toolkit's `escapeProperty`. */
function property(text: string): string {
  return data(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
}
