import type { Rule } from "../rules/rule.ts";
import type { RuleOption } from "../rules/ruleOption.ts";
import { presets } from "./preset.ts";
import { baselineFileName, settingKeys, severitySettings } from "./settings.ts";

type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonSchema = { readonly [key: string]: JsonValue };

const severityDescriptions: Readonly<Record<(typeof severitySettings)[number], string>> = {
  off: "Never.",
  hint: "Faint dots in the editor; does not fail a check.",
  info: "Shown; does not fail a check.",
  warning: "Fails a check.",
  error: "Fails a check, shown in red.",
};
const draft = "http://json-schema.org/draft-07/schema#";

/** Leads to the severities' definition of the schema that a rule's schema stands in. */
const severityReference: JsonSchema = { $ref: "#/definitions/severity" };

/** The JSON schema of haywire.toml, in the words that Taplo (draft 4) and VS Code know. */
export function settingsSchema(rules: readonly Rule[]): JsonSchema {
  return {
    $schema: draft,
    title: "Settings of Haywire",
    ...settingsTable(rules),
    definitions: { severity: severitySchema() },
  };
}

/** The same for a whole pyproject.toml, of which it says nothing else. */
export function projectSchema(rules: readonly Rule[]): JsonSchema {
  return {
    $schema: draft,
    title: "pyproject.toml with the settings of Haywire",
    type: "object",
    properties: { tool: { type: "object", properties: { haywire: settingsTable(rules) } } },
    definitions: { severity: severitySchema() },
  };
}

/** The editor settings that the linter's own settings give rise to, as `contributes.configuration.properties`. */
export function editorSettingsSchema(rules: readonly Rule[]): JsonSchema {
  const where = "A `pyproject.toml` or `haywire.toml` wins.";
  return {
    "haywire.preset": {
      ...presetSchema(),
      scope: "resource",
      markdownDescription: `${settingKeys.preset} ${where}`,
    },
    "haywire.rules": {
      // The editor resolves no reference within a setting.
      ...rulesSchema(rules, severitySchema()),
      default: {},
      scope: "resource",
      markdownDescription: `${settingKeys.rules} For example \`{ "learning-rate-high": "error" }\`. ${where}`,
    },
    "haywire.logPatterns": {
      type: "array",
      items: { type: "string" },
      default: [],
      scope: "resource",
      markdownDescription: `${settingKeys.logPatterns} ${where}`,
    },
  };
}

function settingsTable(rules: readonly Rule[]): JsonSchema {
  return {
    description: "haywire.toml, or [tool.haywire] of pyproject.toml.",
    type: "object",
    additionalProperties: false,
    properties: {
      preset: { ...presetSchema(), description: settingKeys.preset },
      rules: { ...rulesSchema(rules, severityReference), description: settingKeys.rules },
      exclude: { type: "array", items: { type: "string" }, default: [], description: settingKeys.exclude },
      baseline: {
        anyOf: [{ type: "string" }, { enum: [false] }],
        default: baselineFileName,
        description: settingKeys.baseline,
      },
      logPatterns: { type: "array", items: { type: "string" }, default: [], description: settingKeys.logPatterns },
    },
  };
}

function presetSchema(): JsonSchema {
  return {
    type: "string",
    enum: Object.keys(presets),
    enumDescriptions: Object.values(presets),
    default: Object.keys(presets)[0] ?? "",
  };
}

function severitySchema(): JsonSchema {
  return {
    type: "string",
    enum: [...severitySettings],
    enumDescriptions: severitySettings.map((each) => severityDescriptions[each]),
  };
}

function rulesSchema(rules: readonly Rule[], severity: JsonSchema): JsonSchema {
  return {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(rules.map((rule) => [rule.name, ruleSchema(rule, severity)])),
  };
}

/** A severity; for a rule with options also a table. Words beside a reference do not count in draft 7, hence `anyOf`. */
function ruleSchema({ title, severity, options = [] }: Rule, severitySchema: JsonSchema): JsonSchema {
  const said = { default: severity, description: `${title}.` };
  if (options.length === 0) {
    return "$ref" in severitySchema ? { anyOf: [severitySchema], ...said } : { ...severitySchema, ...said };
  }
  const properties = {
    severity: severitySchema,
    ...Object.fromEntries(options.map((option) => [option.name, optionSchema(option)])),
  };
  return { anyOf: [severitySchema, { type: "object", additionalProperties: false, properties }], ...said };
}

function optionSchema(option: RuleOption): JsonSchema {
  const { type, minimum, maximum, description } = option;
  return { type, default: option.default, minimum, ...(maximum === undefined ? {} : { maximum }), description };
}
