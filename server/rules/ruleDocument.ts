import type { TextRange } from "../text/range.ts";

export type ExampleKind = "invalid" | "fixed" | "valid" | "baseline";

export type ExampleLanguage = "py" | "ts" | "json" | "yaml";

/** One fenced example of a rule's document. */
export interface RuleExample {
  readonly kind: ExampleKind;
  readonly language: ExampleLanguage;
  /** The code without its mark lines, with a closing line end. */
  readonly code: string;
  /** Spans of `code` that stand above a line of `^`, in UTF-16 offsets, in order. */
  readonly marks: readonly TextRange[];
  /** 1-based line of the opening fence in the document. */
  readonly line: number;
}

export interface RuleDocument {
  /** The heading of the first level: the rule's name. */
  readonly title: string;
  /** The paragraph under the title. */
  readonly summary: string;
  /** Headings of the second level, in order. */
  readonly headings: readonly string[];
  readonly examples: readonly RuleExample[];
}

const openingFence = /^```(py|ts|json|yaml) (invalid|fixed|valid|baseline)\s*$/;
const markLine = /^\s*(?:#|\/\/)\s*(\^+)\s*$/;
const languageNames: Readonly<Record<ExampleLanguage, string>> = {
  py: "python",
  ts: "typescript",
  json: "json",
  yaml: "yaml",
};
const exampleTitles: Readonly<Record<ExampleKind, string>> = {
  invalid: "Marked",
  fixed: "After the fix",
  valid: "Fine",
  baseline: "Before",
};

export function parseRuleDocument(markdown: string): RuleDocument {
  const lines = markdown.split(/\r?\n/);
  return {
    title:
      lines
        .find((line) => line.startsWith("# "))
        ?.slice(2)
        .trim() ?? "",
    summary: summaryOf(lines),
    headings: lines.filter((line) => line.startsWith("## ")).map((line) => line.slice(3).trim()),
    examples: fences(lines).map(({ kind, language, from, to }) => ({
      kind,
      language,
      ...readExample(lines.slice(from, to)),
      line: from,
    })),
  };
}

/** The document for people: fences named by language alone under a label, and no mark lines. */
export function readableDocument(markdown: string): string {
  const lines = markdown.split(/\r?\n/);
  const opening = new Map(fences(lines).map((fence) => [fence.from - 1, fence]));
  const out: string[] = [];
  let marked = false;
  for (const [index, line] of lines.entries()) {
    const fence = opening.get(index);
    if (fence !== undefined) {
      out.push(`${exampleTitles[fence.kind]}:`, "", `\`\`\`${languageNames[fence.language]}`);
      marked = true;
    } else if (!(marked && markLine.test(line))) {
      if (line.startsWith("```")) marked = false;
      out.push(line);
    }
  }
  return out.join("\n");
}

/** The part that a hover shows: the summary and how to fix it, as Markdown. */
export function hoverDocument(markdown: string): string {
  const { title, summary } = parseRuleDocument(markdown);
  const fix = /^## How to fix it\n+([\s\S]*?)(?=\n## |\n```|$(?![\s\S]))/m.exec(markdown)?.[1]?.trim();
  return [`**${title}**`, summary, fix].filter((part) => part !== undefined && part !== "").join("\n\n");
}

function summaryOf(lines: readonly string[]): string {
  const title = lines.findIndex((line) => line.startsWith("# "));
  const start = lines.findIndex((line, index) => index > title && line.trim() !== "");
  if (start < 0) return "";
  const end = lines.findIndex((line, index) => index > start && line.trim() === "");
  return lines.slice(start, end < 0 ? undefined : end).join(" ");
}

interface Fence {
  readonly kind: ExampleKind;
  readonly language: ExampleLanguage;
  /** Lines of the code: `from` inclusive (0-based), `to` exclusive. */
  readonly from: number;
  readonly to: number;
}

function fences(lines: readonly string[]): readonly Fence[] {
  const found: Fence[] = [];
  for (let index = 0; index < lines.length; index++) {
    const opening = openingFence.exec(lines[index] ?? "");
    if (opening === null) continue;
    const closing = lines.indexOf("```", index + 1);
    const to = closing < 0 ? lines.length : closing;
    found.push({ kind: opening[2] as ExampleKind, language: opening[1] as ExampleLanguage, from: index + 1, to });
    index = to;
  }
  return found;
}

function readExample(lines: readonly string[]): { readonly code: string; readonly marks: readonly TextRange[] } {
  let code = "";
  let lineStart = 0;
  const marks: TextRange[] = [];
  for (const line of lines) {
    const mark = markLine.exec(line);
    if (mark?.[1] === undefined) {
      lineStart = code.length;
      code += `${line}\n`;
    } else {
      const start = lineStart + line.indexOf("^");
      marks.push({ start, end: start + mark[1].length });
    }
  }
  return { code, marks };
}
