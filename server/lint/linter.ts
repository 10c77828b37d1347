import type { LintSettings } from "../config/settings.ts";
import { defaultSettings } from "../config/settings.ts";
import { emptyFacts } from "../facts/emptyFacts.ts";
import type { TrainingFacts } from "../facts/trainingFacts.ts";
import { collectFacts } from "../frameworks/collectFacts.ts";
import { fixesOf, frameworks } from "../frameworks/index.ts";
import { rules } from "../rules/index.ts";
import type { Baseline } from "../rules/rule.ts";
import type { SyntaxDocument } from "../syntax/syntaxDocument.ts";
import type { Problem } from "../text/problem.ts";
import type { TextEdit } from "../text/range.ts";
import type { LintResult } from "./diagnostic.ts";
import { lintSource } from "./lintSource.ts";
import type { Parsers } from "./loadParsers.ts";

/** Versions pinned by the project: `"torch"` → `"2.6"`. */
export type LibraryVersions = ReadonlyMap<string, string>;

export interface LintRequest {
  readonly path: string;
  /** A notebook's joined text for `.ipynb`. */
  readonly text: string;
  readonly settings?: LintSettings;
  readonly baseline?: Baseline | null;
  readonly libraryVersions?: LibraryVersions;
}

/** A text that stays open: its tree is kept between changes. */
export interface LintDocument {
  readonly text: string;
  update(newText: string, edits?: readonly TextEdit[]): void;
  lint(settings: LintSettings, baseline: Baseline | null, libraryVersions?: LibraryVersions): LintResult;
  /** What the text says about training, without running any rule. */
  facts(libraryVersions?: LibraryVersions): TrainingFacts;
  dispose(): void;
}

export interface Linter {
  /** Lints a text that is not kept. Rejects only when the parsers' own files are missing from the installation. */
  lintText(request: LintRequest): Promise<LintResult>;
  /** Null for a file that Haywire does not read. */
  openDocument(path: string, text: string): Promise<LintDocument | null>;
}

export function createLinter(parsers: Parsers): Linter {
  const openDocument = async (path: string, text: string): Promise<LintDocument | null> => {
    const parser = await parsers.forPath(path);
    return parser === null ? null : lintDocument(path, text, (newText) => parser.open(newText));
  };
  return {
    openDocument,
    async lintText({ path, text, settings = defaultSettings.lint, baseline = null, libraryVersions = noVersions }) {
      if (!mentionsFramework(text)) return { ...nothing, facts: emptyFacts(path) };
      const document = await openDocument(path, text);
      if (document === null) return { ...nothing, facts: emptyFacts(path) };
      try {
        return document.lint(settings, baseline, libraryVersions);
      } finally {
        document.dispose();
      }
    },
  };
}

const nothing = { diagnostics: [], problems: [], suppressed: 0 } as const;

/** Whether a text names any framework; one that does not is never parsed. */
export function mentionsFramework(text: string): boolean {
  return frameworks.some(({ mentions }) => mentions.some((mention) => text.includes(mention)));
}

/** Keeps the tree from the first lint that needs one on, and the facts until the text changes. */
function lintDocument(path: string, firstText: string, open: (text: string) => SyntaxDocument): LintDocument {
  let text = firstText;
  let syntax: SyntaxDocument | null = null;
  let cached: { readonly versions: LibraryVersions; readonly read: ReadFacts } | null = null;

  const tree = (): SyntaxDocument => {
    syntax ??= open(text);
    return syntax;
  };
  const read = (versions: LibraryVersions): ReadFacts => {
    if (cached?.versions === versions) return cached.read;
    const fresh = readFacts(path, text, tree(), versions);
    cached = { versions, read: fresh };
    return fresh;
  };

  return {
    get text() {
      return text;
    },
    update(newText, edits) {
      text = newText;
      cached = null;
      syntax?.update(newText, edits);
    },
    lint(settings, baseline, versions = noVersions) {
      if (!mentionsFramework(text)) return { ...nothing, facts: emptyFacts(path) };
      const { facts, problems } = read(versions);
      const result = lintSource({ text, module: tree().module, facts, rules, fixesOf, settings, baseline });
      return { ...result, problems: [...problems, ...result.problems] };
    },
    facts(versions = noVersions) {
      return mentionsFramework(text) ? read(versions).facts : emptyFacts(path);
    },
    dispose() {
      syntax?.dispose();
      syntax = null;
    },
  };
}

const noVersions: LibraryVersions = new Map();

interface ReadFacts {
  readonly facts: TrainingFacts;
  readonly problems: readonly Problem[];
}

function readFacts(path: string, text: string, syntax: SyntaxDocument, libraryVersions: LibraryVersions): ReadFacts {
  try {
    return { facts: collectFacts({ path, text, module: syntax.module, libraryVersions }), problems: [] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      facts: emptyFacts(path),
      problems: [{ path, message: `The training facts of this file could not be collected: ${reason}` }],
    };
  }
}
