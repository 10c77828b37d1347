import type { ChangeAnnotation, CodeAction, TextDocumentEdit, WorkspaceEdit } from "vscode-languageserver";
import { fixesOf } from "../frameworks/index.ts";
import { preferredFix } from "../lint/applyFixes.ts";
import { oneAtATime, proposedChanges } from "../refactorings/proposedChanges.ts";
import type { ProposedChange } from "../refactorings/refactoring.ts";
import { mergeEdits } from "../text/edits.ts";
import type { TextEdit, TextRange } from "../text/range.ts";
import type { ClientAbilities } from "./capabilities.ts";
import type { LintedProgram } from "./openPrograms.ts";
import { editsByPart, type Program, rangeIn } from "./programs.ts";

/** What leads from an offered action back to its edits. */
export type ActionData = { readonly uri: string; readonly revision: number } & (
  | {
      /** Index among the findings of this revision. */
      readonly finding: number;
      readonly fix: number;
    }
  | { readonly fixAll: true }
  /** Index among the changes that are proposed for a range. */
  | { readonly change: number; readonly at: TextRange }
);

/** The action with its edits; each says in a preview what it writes and how that changes the training, where the client shows it. */
export function withEdit(action: CodeAction, linted: LintedProgram, client: ClientAbilities): CodeAction {
  const data: ActionData = action.data;
  const { edits, annotation } = writingOf(data, linted);
  const edit = workspaceEdit(linted.program, edits, client, annotation);
  return edit ? { ...action, edit } : action;
}

/** The changes worth trying on what stands in a range, without those that a fix offered there makes. */
export function changesAt({ program, result }: LintedProgram, range: TextRange): readonly ProposedChange[] {
  const { facts, diagnostics } = result;
  const offered = diagnostics.filter(({ start, end }) => start <= range.end && end >= range.start);
  const taken = offered.flatMap(({ fixes }) => fixes.map(({ edits }) => edits));
  return proposedChanges({ text: program.text, facts, fixesOf }, range, taken);
}

interface Writing {
  readonly edits: readonly TextEdit[];
  readonly annotation: ChangeAnnotation | null;
}

function writingOf(data: ActionData, linted: LintedProgram): Writing {
  const { diagnostics } = linted.result;
  if ("fixAll" in data) {
    const groups = diagnostics.flatMap((finding) => {
      const fix = preferredFix(finding, { unsafe: false });
      return fix ? [fix.edits] : [];
    });
    return { edits: mergeEdits(groups).edits, annotation: null };
  }
  if ("change" in data) {
    const change = changesAt(linted, data.at)[data.change];
    if (change === undefined) return { edits: [], annotation: null };
    return { edits: change.edits, annotation: { label: change.title, description: `${change.why} ${oneAtATime}` } };
  }
  const fix = diagnostics[data.finding]?.fixes[data.fix];
  if (fix === undefined) return { edits: [], annotation: null };
  const description =
    fix.applicability === "safe" ? "Changes nothing but the fault." : (fix.why ?? "Changes the training.");
  return { edits: fix.edits, annotation: { label: fix.title, description } };
}

/** Edits of a program as versioned changes of its texts, so that an editor refuses them on a text that moved on. */
function workspaceEdit(
  program: Program,
  edits: readonly TextEdit[],
  client: ClientAbilities,
  annotation: ChangeAnnotation | null,
): WorkspaceEdit | null {
  const grouped = editsByPart(program, edits);
  if (!grouped) return null;
  const isAnnotated = client.annotatesEdits && annotation !== null;
  const documentChanges = [...grouped].map(
    ([part, ofPart]): TextDocumentEdit => ({
      textDocument: { uri: part.document.uri, version: part.document.version },
      edits: ofPart.map((edit) => ({
        range: rangeIn(part, edit),
        newText: edit.newText,
        ...(isAnnotated ? { annotationId } : {}),
      })),
    }),
  );
  if (client.versionedEdits) {
    return { documentChanges, ...(isAnnotated ? { changeAnnotations: { [annotationId]: annotation } } : {}) };
  }
  const plain = [...grouped].map(([part, ofPart]) => [
    part.document.uri,
    ofPart.map((edit) => ({ range: rangeIn(part, edit), newText: edit.newText })),
  ]);
  return { changes: Object.fromEntries(plain) };
}

const annotationId = "haywire";
