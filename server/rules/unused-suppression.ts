import type { Rule } from "./rule.ts";

/**
 * The entry for lists, settings and documents. Only the lint room knows which comments silenced something once all other
 * rules have spoken, so `lint/suppressions.ts` reports it.
 */
export const unusedSuppression: Rule = {
  name: "unused-suppression",
  severity: "hint",
  title: "A haywire: ignore comment silences nothing",
  frameworks: ["pytorch", "tensorflowjs"],
  sources: ["https://eslint.org/docs/latest/use/configure/rules#report-unused-eslint-disable-comments"],
  check() {},
};
