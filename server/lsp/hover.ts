import path from "node:path";
import type { Hover } from "vscode-languageserver";
import type { Resolved } from "../facts/resolved.ts";
import type { OptimizerArgument, OptimizerFact, ScalarValue, TrainingFacts } from "../facts/trainingFacts.ts";
import { optimizersHere } from "../facts/trainingFacts.ts";
import { ruleMarkdown } from "../lint/ruleDocuments.ts";
import { hoverDocument } from "../rules/ruleDocument.ts";
import { indexLines, rowColumnAt } from "../text/lineIndex.ts";
import type { TextRange } from "../text/range.ts";
import { changeHover } from "./changeHover.ts";
import type { LintedProgram } from "./openPrograms.ts";
import { locationOf, type Program } from "./programs.ts";
import { ruleDocumentUrl } from "./ruleLinks.ts";

/** What is known at an offset: the findings there with their rules' documents, else the optimizer's settings. */
export async function hoverAt(
  { program, result: { facts, diagnostics }, baseline }: LintedProgram,
  offset: number,
  textOf: TextOf,
): Promise<Hover | null> {
  const change = baseline === null ? null : changeHover(program, facts, baseline, offset);
  const findings = diagnostics.filter((finding) => holds(finding, offset));
  const optimizer = optimizerHover(program, facts, offset, textOf);
  const rules = [...new Set(findings.map((finding) => finding.rule))];
  const sections = (await Promise.all(rules.map(ruleSection))).filter((section) => section !== null);
  if (optimizer) sections.push(optimizer.markdown);
  if (change) sections.push(change.markdown);
  const range = change?.range ?? optimizer?.range ?? findings[0];
  const location = range ? locationOf(program, range) : null;
  if (sections.length === 0 || !location) return null;
  return { contents: { kind: "markdown", value: sections.join("\n\n---\n\n") }, range: location.range };
}

async function ruleSection(name: string): Promise<string | null> {
  const markdown = await ruleMarkdown(name);
  if (markdown === null) return null;
  const url = ruleDocumentUrl(name);
  return [hoverDocument(markdown), ...(url ? [`[About ${name}](${url})`] : [])].join("\n\n");
}

function optimizerHover(program: Program, facts: TrainingFacts, offset: number, textOf: TextOf) {
  for (const optimizer of optimizersHere(facts)) {
    if (holds(optimizer.nameRange, offset)) {
      return { markdown: optimizerTable(program, facts, optimizer, textOf), range: optimizer.nameRange };
    }
    for (const argument of Object.values(optimizer.arguments)) {
      if (argument.range && holds(argument.range, offset)) {
        const origin = argument.given ? originOf(program, argument.resolved, textOf) : "library default";
        return {
          markdown: `**${optimizer.constructorName}** \`${settingName(argument)}\`: ${valueText(facts, argument.resolved)} (${origin})`,
          range: argument.range,
        };
      }
    }
  }
  return null;
}

function optimizerTable(program: Program, facts: TrainingFacts, optimizer: OptimizerFact, textOf: TextOf): string {
  const version = optimizer.libraryVersion ? `, ${optimizer.framework} ${optimizer.libraryVersion}` : "";
  const rows = Object.values(optimizer.arguments).map((argument) => argumentRow(program, facts, argument, textOf));
  return [
    `**${optimizer.constructorName}**${version}`,
    "",
    "| setting | value | from |",
    "| --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function argumentRow(program: Program, facts: TrainingFacts, argument: OptimizerArgument, textOf: TextOf): string {
  const origin = argument.given ? originOf(program, argument.resolved, textOf) : "library default";
  return `| ${settingName(argument)} | ${valueText(facts, argument.resolved)} | ${origin} |`;
}

/** The keyword as written; of a pair such as `betas` which of the two. */
function settingName({ name, keyword }: OptimizerArgument): string {
  if (keyword !== "betas") return keyword;
  return name === "beta1" ? "betas[0]" : name === "beta2" ? "betas[1]" : keyword;
}

function valueText(facts: TrainingFacts, resolved: Resolved<ScalarValue>): string {
  if (!resolved.known) return "not known";
  const values = [resolved.value, ...resolved.alternatives].map((value) => `\`${literal(facts, value)}\``);
  return values.join(" or ");
}

/** The text of another file that a value came through, null when it has not been read. */
export type TextOf = (path: string) => string | null;

/** The chain from the use to the literal, with the line of each step, and its file where that is another one. */
function originOf(program: Program, resolved: Resolved<ScalarValue>, textOf: TextOf): string {
  const steps = resolved.chain.map((step) => {
    const location = step.path === program.path ? locationOf(program, step) : null;
    if (location) return `${step.via}, line ${location.range.start.line + 1}`;
    const text = textOf(step.path);
    const line = text === null ? "" : `:${rowColumnAt(indexLines(text), step.start).row}`;
    return `${step.via}, ${path.basename(step.path)}${line}`;
  });
  if (!resolved.known) return [resolved.reason, ...steps].join(" ← ");
  return `${steps.join(" ← ") || "given here"}${resolved.overridable ? "; can be changed from outside" : ""}`;
}

/** As the language writes it: `1e-08` and `True` in Python, `1e-8` and `true` in TypeScript. */
export function literal(facts: TrainingFacts, value: ScalarValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (facts.language !== "python") return String(value);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

function holds(range: TextRange, offset: number): boolean {
  return range.start <= offset && offset <= range.end;
}
