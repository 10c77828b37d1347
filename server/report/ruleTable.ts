import type { Rule } from "../rules/rule.ts";

const begin = "<!-- rules: written by npm run schemas -->";
const end = "<!-- end of rules -->";

/** A Markdown text with the table of rules between its two marks brought up to date; the text itself where a mark is missing. */
export function withRuleTable(markdown: string, rules: readonly Rule[]): string {
  const from = markdown.indexOf(begin);
  const to = markdown.indexOf(end);
  if (from < 0 || to < from) return markdown;
  const rows = rules.map(
    ({ name, severity, title }) => `| [\`${name}\`](docs/rules/${name}.md) | ${severity} | ${title} |`,
  );
  const table = ["| rule | severity | finds |", "| --- | --- | --- |", ...rows].join("\n");
  return `${markdown.slice(0, from)}${begin}\n${table}\n${markdown.slice(to)}`;
}
