import { readFileSync } from "node:fs";
import { Ajv } from "ajv";

/** SARIF's own schema, as @microsoft/jest-sarif 1.0.0-beta.0 ships it (MIT licence, © Microsoft Corporation). */
const schema = JSON.parse(readFileSync(new URL("../fixtures/sarif-2.1.0-rtm.5.json", import.meta.url), "utf8"));

// It is written in draft 4, of which it uses no word but `id` that draft 7 has otherwise.
const { id: _, $schema: __, ...rest } = schema;
/** Whether a log is valid; its `errors` say why not. */
export const sarifSchemaAccepts = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(
  rest,
);
