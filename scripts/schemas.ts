// Writes what follows from the rules and their options: the settings' schemas, the editor's settings in package.json, the README's table.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { editorSettingsSchema, projectSchema, settingsSchema } from "../server/config/settingsSchema.ts";
import { withRuleTable } from "../server/report/ruleTable.ts";
import { rules } from "../server/rules/index.ts";

const root = path.resolve(import.meta.dirname, "..");
const manifestFile = path.join(root, "package.json");
const manifest = JSON.parse(readFileSync(manifestFile, "utf8"));
const { configuration } = manifest.contributes;
configuration.properties = { ...configuration.properties, ...editorSettingsSchema(rules) };

const files: Readonly<Record<string, unknown>> = {
  "schemas/haywire.schema.json": settingsSchema(rules),
  "schemas/pyproject.schema.json": projectSchema(rules),
  "package.json": manifest,
};
mkdirSync(path.join(root, "schemas"), { recursive: true });
for (const [name, content] of Object.entries(files)) {
  writeFileSync(path.join(root, name), `${JSON.stringify(content, null, 2)}\n`);
}
const readme = path.join(root, "README.md");
writeFileSync(readme, withRuleTable(readFileSync(readme, "utf8"), rules));
execFileSync(process.execPath, ["node_modules/@biomejs/biome/bin/biome", "format", "--write", ...Object.keys(files)], {
  cwd: root,
  stdio: "inherit",
});
