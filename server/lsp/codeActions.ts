import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Position,
  type Range,
  type WorkspaceEdit,
} from "vscode-languageserver";
import type { Diagnostic } from "../lint/diagnostic.ts";
import type { CodePlace } from "../protocol.ts";
import type { Fix } from "../rules/rule.ts";
import type { TextEdit } from "../text/range.ts";
import { findingDiagnostic, type PlacedVerdict, rulesNamedBy, sameFile, verdictDiagnostic } from "./diagnostics.ts";
import { editsByPart, offsetOf, type Program, rangeIn } from "./programs.ts";

export const fixAllKind = `${CodeActionKind.SourceFixAll}.haywire`;

/** What leads from an offered action back to its edits. */
export type ActionData =
  | {
      readonly uri: string;
      readonly revision: number;
      /** Index among the findings of this revision. */
      readonly finding: number;
      readonly fix: number;
    }
  | { readonly uri: string; readonly revision: number; readonly fixAll: true };

/** Every fix of the findings that touch the range, and one action for all safe ones; without edits, which are resolved. */
export function codeActions(
  program: Program,
  revision: number,
  diagnostics: readonly Diagnostic[],
  verdicts: readonly PlacedVerdict[],
  params: CodeActionParams,
): CodeAction[] {
  const start = offsetOf(program, params.textDocument.uri, params.range.start);
  const end = offsetOf(program, params.textDocument.uri, params.range.end);
  if (start === null || end === null) return [];
  const wanted = (kind: string) =>
    params.context.only?.some((only) => kind === only || kind.startsWith(`${only}.`)) ?? true;
  const actions: CodeAction[] = [];
  if (wanted(CodeActionKind.QuickFix)) {
    for (const [index, finding] of diagnostics.entries()) {
      if (finding.start <= end && finding.end >= start) actions.push(...quickFixes(program, revision, finding, index));
    }
    for (const placed of verdicts) {
      if (!sameFile(placed.place.uri, params.textDocument.uri) || !touches(placed.place, params.range)) continue;
      actions.push(...verdictFixes(program, revision, diagnostics, placed, start, end));
    }
  }
  const hasSafeFix = diagnostics.some((finding) => finding.fixes.some((fix) => fix.applicability === "safe"));
  if (hasSafeFix && wanted(fixAllKind)) {
    const data: ActionData = { uri: program.uri, revision, fixAll: true };
    actions.push({ title: "Apply all safe fixes of Haywire", kind: fixAllKind, data });
  }
  return actions;
}

/** Edits of a program as versioned changes of its texts, so that an editor refuses them on a text that moved on. */
export function workspaceEdit(program: Program, edits: readonly TextEdit[], versioned: boolean): WorkspaceEdit | null {
  const grouped = editsByPart(program, edits);
  if (!grouped) return null;
  const changes = [...grouped].map(([part, ofPart]) => ({
    textDocument: { uri: part.document.uri, version: part.document.version },
    edits: ofPart.map((edit) => ({ range: rangeIn(part, edit), newText: edit.newText })),
  }));
  return versioned
    ? { documentChanges: changes }
    : { changes: Object.fromEntries(changes.map((change) => [change.textDocument.uri, change.edits])) };
}

function quickFixes(program: Program, revision: number, finding: Diagnostic, findingIndex: number): CodeAction[] {
  return finding.fixes.map((fix, index) => {
    const data: ActionData = {
      uri: program.uri,
      revision,
      finding: findingIndex,
      fix: index,
    };
    return {
      title: fix.applicability === "safe" ? fix.title : `${fix.title} (${unsafeNote(fix)})`,
      kind: CodeActionKind.QuickFix,
      diagnostics: findingDiagnostic(program, finding),
      ...(index === 0 ? { isPreferred: true } : {}),
      data,
    };
  });
}

/** Fixes of the findings that a verdict names as causes, offered where it stands; those that stand there too are offered already. */
function verdictFixes(
  program: Program,
  revision: number,
  diagnostics: readonly Diagnostic[],
  placed: PlacedVerdict,
  start: number,
  end: number,
): CodeAction[] {
  const named = rulesNamedBy([placed]);
  return diagnostics.flatMap((finding, index) => {
    if (!named.has(finding.rule) || (finding.start <= end && finding.end >= start)) return [];
    return quickFixes(program, revision, finding, index).map(({ isPreferred: _, ...action }) => ({
      ...action,
      diagnostics: [verdictDiagnostic(placed)],
    }));
  });
}

function touches(place: CodePlace, { start, end }: Range): boolean {
  const isBefore = (one: Position, other: Position) =>
    one.line < other.line || (one.line === other.line && one.character < other.character);
  return !(isBefore(end, place) || isBefore({ line: place.endLine, character: place.endCharacter }, start));
}

function unsafeNote(fix: Fix): string {
  return fix.why ? `unsafe: ${fix.why.replace(/\.$/, "")}` : "unsafe: changes the training";
}
