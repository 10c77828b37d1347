import type { LintSettings } from "../config/settings.ts";
import { defaultSettings } from "../config/settings.ts";
import { emptyFacts } from "../facts/emptyFacts.ts";
import type { NeighbouringSources } from "../facts/scope.ts";
import type { TrainingFacts } from "../facts/trainingFacts.ts";
import { collectFacts, type FactsInput } from "../frameworks/collectFacts.ts";
import { fixesOf, frameworks } from "../frameworks/index.ts";
import { rules } from "../rules/index.ts";
import type { Baseline } from "../rules/rule.ts";
import type { LanguageParser, SyntaxDocument } from "../syntax/syntaxDocument.ts";
import type { Problem } from "../text/problem.ts";
import type { TextEdit } from "../text/range.ts";
import type { LintResult } from "./diagnostic.ts";
import { lintSource } from "./lintSource.ts";
import type { Parsers } from "./loadParsers.ts";
import { locatePlaces } from "./locatedPlaces.ts";
import type { WorkspaceSources } from "./workspaceSources.ts";

/** Versions pinned by the project: `"torch"` → `"2.6"`. */
export type LibraryVersions = ReadonlyMap<string, string>;

export interface LintRequest {
  readonly path: string;
  /** A notebook's joined text for `.ipynb`. */
  readonly text: string;
  readonly settings?: LintSettings;
  readonly baseline?: Baseline | null;
  readonly libraryVersions?: LibraryVersions;
  /** Rules that verdicts on runs of this code name. */
  readonly suspected?: ReadonlySet<string>;
}

/** A text that stays open: its tree is kept between changes. */
export interface LintDocument {
  readonly text: string;
  update(newText: string, edits?: readonly TextEdit[]): void;
  lint(
    settings: LintSettings,
    baseline: Baseline | null,
    libraryVersions?: LibraryVersions,
    suspected?: ReadonlySet<string>,
  ): LintResult;
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

/** Lints texts, with what `workspace` knows of the files around them; without one each text stands alone. */
export function createLinter(parsers: Parsers, workspace: WorkspaceSources | null = null): Linter {
  /** Files that a fact was looked for in while their parser was not loaded. */
  const unread = new Set<string>();
  const parserOf = (file: string): LanguageParser | null => {
    const parser = parsers.loaded(file);
    if (parser === null) unread.add(file);
    return parser;
  };
  const openDocument = async (path: string, text: string): Promise<LintDocument | null> => {
    const parser = await parsers.forPath(path);
    if (parser === null) return null;
    const surroundings = workspace && { workspace, neighbours: () => workspace.neighboursOf(path, parserOf) };
    return lintDocument(path, text, (newText) => parser.open(newText), surroundings);
  };
  return {
    openDocument,
    async lintText({
      path,
      text,
      settings = defaultSettings.lint,
      baseline = null,
      libraryVersions = noVersions,
      suspected = noRules,
    }) {
      if (!mentionsFramework(text)) return { ...nothing, facts: emptyFacts(path) };
      const document = await openDocument(path, text);
      if (document === null) return { ...nothing, facts: emptyFacts(path) };
      try {
        const result = document.lint(settings, baseline, libraryVersions, suspected);
        if (unread.size === 0) return result;
        await Promise.all([...unread].map(parsers.forPath));
        unread.clear();
        document.update(text);
        return document.lint(settings, baseline, libraryVersions, suspected);
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

interface Surroundings {
  readonly workspace: WorkspaceSources;
  readonly neighbours: () => NeighbouringSources;
}

/** Keeps the tree from the first lint that needs one on, and the facts until the text changes. */
function lintDocument(
  path: string,
  firstText: string,
  open: (text: string) => SyntaxDocument,
  surroundings: Surroundings | null,
): LintDocument {
  let text = firstText;
  let syntax: SyntaxDocument | null = null;
  let cached: { readonly versions: LibraryVersions; readonly revision: number; readonly read: ReadFacts } | null = null;

  const tree = (): SyntaxDocument => {
    syntax ??= open(text);
    return syntax;
  };
  const read = (versions: LibraryVersions): ReadFacts => {
    const revision = surroundings?.workspace.revision ?? 0;
    if (cached?.versions === versions && cached.revision === revision) return cached.read;
    const fresh = readFacts({
      path,
      text,
      module: tree().module,
      libraryVersions: versions,
      ...(surroundings === null ? {} : { neighbours: surroundings.neighbours() }),
    });
    cached = { versions, revision, read: fresh };
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
    lint(settings, baseline, versions = noVersions, suspected = noRules) {
      if (!mentionsFramework(text)) return { ...nothing, facts: emptyFacts(path) };
      const { facts, problems } = read(versions);
      const result = lintSource({ text, module: tree().module, facts, rules, fixesOf, settings, baseline, suspected });
      const diagnostics =
        surroundings === null
          ? result.diagnostics
          : locatePlaces(result.diagnostics, path, surroundings.workspace.textOf);
      return { ...result, diagnostics, problems: [...problems, ...result.problems] };
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
const noRules: ReadonlySet<string> = new Set();

interface ReadFacts {
  readonly facts: TrainingFacts;
  readonly problems: readonly Problem[];
}

function readFacts(input: FactsInput): ReadFacts {
  const { path } = input;
  try {
    return { facts: collectFacts(input), problems: [] };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      facts: emptyFacts(path),
      problems: [{ path, message: `The training facts of this file could not be collected: ${reason}` }],
    };
  }
}
