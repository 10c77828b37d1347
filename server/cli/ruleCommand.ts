import { ruleMarkdown } from "../lint/ruleDocuments.ts";
import { rules } from "../rules/index.ts";
import { readableDocument } from "../rules/ruleDocument.ts";
import { type Command, exitClean, say, UsageError } from "./io.ts";
import { readOptions } from "./options.ts";

export const ruleCommand: Command = {
  name: "rule",
  summary: "The document of a rule; without a name, the list of rules.",
  usage: `Usage: haywire rule [NAME]

Prints the document of a rule in Markdown: what it finds, why it matters, how to fix it, when it stays silent.`,
  async run(argv, io) {
    const { positionals } = readOptions(argv, { options: {} });
    const [name] = positionals;
    if (name === undefined) {
      const width = Math.max(...rules.map((rule) => rule.name.length));
      for (const rule of rules) say(io.stdout, `${rule.name.padEnd(width)}  ${rule.severity.padEnd(7)}  ${rule.title}`);
      return exitClean;
    }
    const markdown = await ruleMarkdown(name);
    if (markdown === null) throw new UsageError(`There is no rule "${name}". \`haywire rule\` lists them.`);
    say(io.stdout, readableDocument(markdown).trimEnd());
    return exitClean;
  },
};
