import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Position,
  type Range,
} from "vscode-languageserver";
import type { Diagnostic } from "../lint/diagnostic.ts";
import type { CodePlace } from "../protocol.ts";
import { oneAtATime } from "../refactorings/proposedChanges.ts";
import type { Fix } from "../rules/rule.ts";
import { type ActionData, changesAt } from "./actionEdits.ts";
import { findingDiagnostic, type PlacedVerdict, rulesNamedBy, sameFile, verdictDiagnostic } from "./diagnostics.ts";
import type { LintedProgram } from "./openPrograms.ts";
import { offsetOf, type Program } from "./programs.ts";

export const fixAllKind = `${CodeActionKind.SourceFixAll}.haywire`;
/** Changes that no rule asks for, offered on an optimizer, a Trainer or a training loop. */
export const changeKind = `${CodeActionKind.RefactorRewrite}.haywire`;

/**
 * Every fix of the findings that touch the range, changes worth trying on what stands there, and one action for all safe fixes;
 * without edits, which are resolved.
 */
export function codeActions(
  linted: LintedProgram,
  verdicts: readonly PlacedVerdict[],
  params: CodeActionParams,
): CodeAction[] {
  const { program, revision } = linted;
  const { diagnostics } = linted.result;
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
  if (wanted(changeKind)) {
    for (const [change, { title, why }] of changesAt(linted, { start, end }).entries()) {
      const data: ActionData = { uri: program.uri, revision, change, at: { start, end } };
      actions.push({ title: `${title} (${clause(why)}; ${clause(oneAtATime)})`, kind: changeKind, data });
    }
  }
  const hasSafeFix = diagnostics.some((finding) => finding.fixes.some((fix) => fix.applicability === "safe"));
  if (hasSafeFix && wanted(fixAllKind)) {
    const data: ActionData = { uri: program.uri, revision, fixAll: true };
    actions.push({ title: "Apply all safe fixes of Haywire", kind: fixAllKind, data });
  }
  return actions;
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

/** A sentence as a part of a title. */
function clause(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
