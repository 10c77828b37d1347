import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { rules } from "../rules/index.ts";

/** A rule's document in Markdown as it is written; null for a name that no rule has. */
export async function ruleMarkdown(name: string): Promise<string | null> {
  if (!rules.some((rule) => rule.name === name)) return null;
  const here = path.dirname(fileURLToPath(import.meta.url));
  // Bundled, the documents lie in dist/rules, beside the entry or above the chunk; from source, beside this room.
  for (const folder of [path.join(here, "rules"), path.join(here, "..", "rules")]) {
    const text = await readFile(path.join(folder, `${name}.md`), "utf8").catch(() => null);
    if (text !== null) return text;
  }
  return null;
}
