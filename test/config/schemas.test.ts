import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Ajv } from "ajv";
import { parse } from "smol-toml";
import packageJson from "../../package.json" with { type: "json" };
import { settingsFrom } from "../../server/config/settingsLayer.ts";
import { editorSettingsSchema, projectSchema, settingsSchema } from "../../server/config/settingsSchema.ts";
import { rules } from "../../server/rules/index.ts";

const written = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../schemas/${name}`, import.meta.url), "utf8"));

describe("what follows from the rules is up to date (`npm run schemas` writes it)", () => {
  it("in schemas/", () => {
    assert.deepEqual(written("haywire.schema.json"), settingsSchema(rules));
    assert.deepEqual(written("pyproject.schema.json"), projectSchema(rules));
  });

  it("in the editor settings of package.json", () => {
    const properties: Readonly<Record<string, unknown>> = packageJson.contributes.configuration.properties;
    for (const [name, schema] of Object.entries(editorSettingsSchema(rules))) {
      assert.deepEqual(properties[name], schema, name);
    }
  });
});

describe("an option of a rule", () => {
  for (const rule of rules) {
    for (const option of rule.options ?? []) {
      it(`is spoken of in the rule's document: ${option.name} of ${rule.name}`, () => {
        const document = readFileSync(new URL(`../../server/rules/${rule.name}.md`, import.meta.url), "utf8");
        assert.ok(document.includes(`\`${option.name}\``));
        assert.ok(option.default >= option.minimum && option.default <= (option.maximum ?? Number.POSITIVE_INFINITY));
      });
    }
  }
});

describe("the schemas accept what the settings accept, and refuse what they complain about", () => {
  const ajv = new Ajv({ strict: false });
  const accepts = ajv.compile(settingsSchema(rules));
  const acceptsProject = ajv.compile(projectSchema(rules));
  for (const [toml, isRight] of [
    ["", true],
    ['preset = "all"\nexclude = ["old/**"]\nbaseline = "old.json"', true],
    ["baseline = false", true],
    ['[rules]\nlearning-rate-high = "off"', true],
    ["[rules.many-hyperparameters-changed]\nthreshold = 8", true],
    ['[rules]\nmissing-gradient-clipping = { severity = "error", max_norm = 0.5 }', true],
    ['preset = "some"', false],
    ["baseline = true", false],
    ["exclude = 3", false],
    ["nonsense = 3", false],
    ['[rules]\nno-such-rule = "off"', false],
    ['[rules]\nlearning-rate-high = "loud"', false],
    ["[rules.many-hyperparameters-changed]\nthreshold = 1", false],
    ["[rules.many-hyperparameters-changed]\nthreshold = 2.5", false],
    ["[rules.many-hyperparameters-changed]\nlimit = 3", false],
  ] as const) {
    it(JSON.stringify(toml), () => {
      const values = parse(toml);
      const layer = { origin: "haywire.toml", values, base: "/project", file: { text: toml, table: "" } };
      assert.equal(settingsFrom([layer], rules).problems.length === 0, isRight);
      assert.equal(accepts(values), isRight);
      assert.equal(acceptsProject({ project: { name: "x" }, tool: { ruff: {}, haywire: values } }), isRight);
    });
  }
});
