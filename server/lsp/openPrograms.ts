import { defaultSettings, type Settings } from "../config/settings.ts";
import { type AcceptedEntry, withoutAccepted } from "../lint/acceptedFindings.ts";
import type { LintResult } from "../lint/diagnostic.ts";
import type { LibraryVersions, LintDocument, Linter } from "../lint/linter.ts";
import type { Baseline } from "../rules/rule.ts";
import type { TextEdit } from "../text/range.ts";
import type { Program } from "./programs.ts";

/**
 * Longer texts are not linted while they are edited: in UTF-16 code units. The Python parser reads about 2 MB a second
 * (600 files of torch, transformers, lightning and accelerate, 9.9 MB, in 3.5 to 5.4 s on two cores).
 */
const longestText = 5_000_000;

/** What a program is linted against besides its text. */
export interface LintBasis {
  readonly settings: Settings;
  readonly baseline: Baseline | null;
  readonly libraryVersions: LibraryVersions;
  /** Findings that the project's baseline accepts: they are not told. */
  readonly accepted: readonly AcceptedEntry[];
  /** Rules that verdicts on runs of the program name. */
  readonly suspected: ReadonlySet<string>;
}

/** A program open in the editor, with its parsed text and the newest findings. */
export interface OpenProgram {
  readonly program: Program;
  /** Grows with every change of the text, the settings or the baseline: a result of an older one is stale. */
  readonly revision: number;
  readonly basis: LintBasis;
  /** The findings of the newest revision; null when linting failed, which has been logged. */
  lint(): Promise<LintedProgram | null>;
}

export interface LintedProgram {
  readonly program: Program;
  readonly revision: number;
  readonly result: LintResult;
  /** What the hyperparameters were compared with. */
  readonly baseline: Baseline | null;
}

export interface OpenPrograms {
  all(): readonly OpenProgram[];
  get(uri: string): OpenProgram | null;
  /** The open program that shows this text: a file's own, or the notebook's of a cell. */
  ofText(uri: string): OpenProgram | null;
  ofPath(path: string): OpenProgram | null;
  /** Opens a program or gives it its new text; `edits` lead from the old text to the new one, null where not known. */
  set(program: Program, edits: readonly TextEdit[] | null): void;
  /** What other files say of this program's names has changed: its findings are no longer its newest. */
  touch(uri: string): void;
  setBasis(uri: string, basis: Partial<LintBasis>): void;
  close(uri: string): void;
}

interface Entry {
  program: Program;
  revision: number;
  basis: LintBasis;
  readonly document: Promise<LintDocument | null>;
  /** Changes that the parsed text has not seen: how many, and the edits of the last. */
  unseen: { count: number; edits: readonly TextEdit[] | null };
  linted: LintedProgram | null;
  /** What was logged about it, so that a fault met at every keystroke is told once. */
  readonly told: Set<string>;
}

/** Programs open in the editor. `log` is told what could not be linted; linting never rejects. */
export function createOpenPrograms(linter: Linter, log: (message: string) => void): OpenPrograms {
  const entries = new Map<string, Entry>();

  const tell = (entry: Entry, message: string) => {
    if (!entry.told.has(message)) log(message);
    entry.told.add(message);
  };
  const lint = async (entry: Entry): Promise<LintedProgram | null> => {
    try {
      const document = await entry.document;
      // From here on nothing waits: text, findings and revision belong together.
      if (entry.linted?.revision === entry.revision) return entry.linted;
      if (!document || entries.get(entry.program.uri) !== entry) return null;
      if (entry.program.text.length > longestText) {
        tell(entry, `${entry.program.path} is longer than ${longestText} characters and is not linted`);
        return null;
      }
      if (entry.unseen.count > 0) {
        const known = entry.unseen.count === 1 ? entry.unseen.edits : null;
        document.update(entry.program.text, known ?? undefined);
        entry.unseen = { count: 0, edits: null };
      }
      const { settings, baseline, libraryVersions, accepted, suspected } = entry.basis;
      const found = document.lint(settings.lint, baseline, libraryVersions, suspected);
      const { kept } = withoutAccepted(entry.program.text, found.diagnostics, accepted);
      const result = { ...found, diagnostics: kept };
      for (const problem of result.problems) {
        // A text that does not parse is usual while it is typed; a rule that failed is not.
        if (problem.offset === undefined) tell(entry, `${problem.path}: ${problem.message}`);
      }
      entry.linted = { program: entry.program, revision: entry.revision, result, baseline };
      return entry.linted;
    } catch (error) {
      tell(entry, `Cannot lint ${entry.program.path}: ${error instanceof Error ? error.message : error}`);
      return null;
    }
  };
  const view = (entry: Entry): OpenProgram => ({
    program: entry.program,
    revision: entry.revision,
    basis: entry.basis,
    lint: () => lint(entry),
  });
  const find = (accepts: (program: Program) => boolean): OpenProgram | null => {
    for (const entry of entries.values()) if (accepts(entry.program)) return view(entry);
    return null;
  };

  return {
    all: () => [...entries.values()].map(view),
    get: (uri) => find((program) => program.uri === uri),
    ofText: (uri) => find((program) => program.parts.some((part) => part.document.uri === uri)),
    ofPath: (path) => find((program) => program.path === path),
    set(program, edits) {
      const entry = entries.get(program.uri);
      if (!entry) {
        entries.set(program.uri, {
          program,
          revision: 1,
          basis: {
            settings: defaultSettings,
            baseline: null,
            libraryVersions: new Map(),
            accepted: [],
            suspected: new Set(),
          },
          document: linter.openDocument(program.path, program.text),
          unseen: { count: 0, edits: null },
          linted: null,
          told: new Set(),
        });
        return;
      }
      entry.unseen = { count: entry.unseen.count + 1, edits };
      entry.program = program;
      entry.revision += 1;
    },
    touch(uri) {
      const entry = entries.get(uri);
      if (entry) entry.revision += 1;
    },
    setBasis(uri, basis) {
      const entry = entries.get(uri);
      if (!entry) return;
      entry.basis = { ...entry.basis, ...basis };
      entry.revision += 1;
    },
    close(uri) {
      const entry = entries.get(uri);
      entries.delete(uri);
      entry?.document.then((document) => document?.dispose()).catch(() => undefined);
    },
  };
}
