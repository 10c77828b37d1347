import type { LanguageParser } from "./syntaxDocument.ts";
export function createTypeScriptParser(_: { jsx: boolean }): LanguageParser {
  throw new Error("not yet");
}
