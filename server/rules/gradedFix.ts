import type { FixDraft } from "../frameworks/framework.ts";
import type { Applicability, Fix } from "./rule.ts";

/** A framework's draft as the fixes of a finding: none when the framework is not certain of an edit. */
export function gradedFix(draft: FixDraft | null, applicability: Applicability, why?: string): readonly Fix[] {
  if (draft === null) return [];
  return [{ title: draft.title, applicability, edits: draft.edits, ...(why === undefined ? {} : { why }) }];
}
