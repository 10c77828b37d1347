import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { type NeighbouringSources, noNeighbours, type SourceIndex } from "../facts/scope.ts";
import { indexSource } from "../facts/sourceIndex.ts";
import type { LanguageParser } from "../syntax/syntaxDocument.ts";
import { decodeText } from "../text/decode.ts";
import { createImportingFiles } from "./importingFiles.ts";
import { createModuleFiles } from "./moduleFiles.ts";

/** The other files of the workspace that a file's names lead to, read and parsed when a fact is looked for in them. */
export interface WorkspaceSources {
  neighboursOf(file: string, parserOf: ParserOf): NeighbouringSources;
  /** The text that positions in another file refer to; null where it has not been read. */
  textOf(file: string): string | null;
  /** Grows with every change that a file's neighbours may have seen. */
  readonly revision: number;
  /** The text of a file that is open in an editor; null when it is closed, and the disk's holds again. Gives the file's dependents. */
  setText(file: string, text: string | null): ReadonlySet<string>;
  /** The content of a file has changed on the disk, or the file has appeared or gone. Gives the file's dependents. */
  changed(file: string, what: "content" | "existence"): ReadonlySet<string>;
  /** Files whose facts have come from this one, directly or through others. */
  dependents(file: string): ReadonlySet<string>;
  /** Reads in the background which files of a folder's project import which. */
  prepare(folder: string): Promise<void>;
}

/** A parser that is already loaded, null for files that are not read or whose parser is not. */
export type ParserOf = (file: string) => LanguageParser | null;

/** In characters. A larger file is data or generated, and not read for another one's sake. */
const longestNeighbour = 200_000;
/** Trees of this many characters are kept: about 60 bytes of memory each (see `largestSource`). */
const keptCharacters = 2_000_000;
/** Files that one file's names are looked for in: its facts come from few, and a package's contents are never read whole. */
const maximumNeighbours = 16;
/** Texts of this many characters are kept beside the trees, for looks that need no tree. */
const keptTexts = 4_000_000;
/** Files that use a function by name: with more of them its arguments vary, and the look would cost more than it tells. */
const maximumUsers = 8;
/** In characters, all of them together; parsing this many takes 50 ms. */
const longestUsers = 150_000;

interface Kept {
  readonly stamp: string;
  readonly index: SourceIndex;
}

export interface WorkspaceOptions {
  /** False where files do not change while it is in use: each is then looked at once. */
  readonly watchesDisk: boolean;
}

export function createWorkspaceSources({ watchesDisk }: WorkspaceOptions): WorkspaceSources {
  const moduleFiles = createModuleFiles();
  const importingFiles = createImportingFiles();
  const open = new Map<string, { readonly text: string; readonly stamp: string }>();
  const kept = new Map<string, Kept | null>();
  /** By file: the files that its facts were looked for in. */
  const consulted = new Map<string, Set<string>>();
  const texts = new Map<string, { readonly stamp: string; readonly text: string | null }>();
  let keptLength = 0;
  let textLength = 0;
  let revision = 0;

  function stampOf(file: string): string | null {
    const edited = open.get(file);
    if (edited !== undefined) return edited.stamp;
    try {
      const { mtimeMs, size } = statSync(file);
      return size > longestNeighbour * 4 ? null : `${mtimeMs} ${size}`;
    } catch {
      return null;
    }
  }

  function forgetText(file: string): void {
    textLength -= texts.get(file)?.text?.length ?? 0;
    texts.delete(file);
  }

  /** The text of a file as it is now; null when there is none that can be read as source. */
  function textOf(file: string): string | null {
    const known = texts.get(file);
    if (known !== undefined && !watchesDisk) return known.text;
    const stamp = stampOf(file);
    if (known !== undefined && known.stamp === stamp) return known.text;
    forgetText(file);
    const text = stamp === null ? null : textOnDisk(file);
    for (const oldest of texts.keys()) {
      if (textLength + (text?.length ?? 0) <= keptTexts) break;
      forgetText(oldest);
    }
    texts.set(file, { stamp: stamp ?? "", text });
    textLength += text?.length ?? 0;
    return text;
  }

  function forgetFile(file: string): void {
    forgetText(file);
    const known = kept.get(file);
    if (known !== undefined && known !== null) keptLength -= known.index.text.length;
    kept.delete(file);
  }

  /** A file remembers what it has found in others. */
  function forgetReaders(file: string): ReadonlySet<string> {
    const readers = dependents(file);
    for (const each of [file, ...readers]) forgetFile(each);
    return readers;
  }

  function sourceOf(file: string, asking: string, parserOf: ParserOf): SourceIndex | null {
    const asked = consulted.get(asking) ?? new Set();
    consulted.set(asking, asked.add(file));
    const known = kept.get(file);
    if (known !== undefined && !watchesDisk) return known?.index ?? null;
    const stamp = stampOf(file);
    if (known !== undefined && known?.stamp === (stamp ?? undefined)) return known?.index ?? null;
    forgetFile(file);
    const parser = parserOf(file);
    // It is read when the parser has been loaded.
    if (parser === null) return null;
    const index = stamp === null ? null : read(file, parser, parserOf);
    // Trees that were asked for last are kept.
    for (const oldest of kept.keys()) {
      if (index === null || keptLength + index.text.length <= keptCharacters) break;
      forgetFile(oldest);
    }
    kept.set(file, index === null || stamp === null ? null : { stamp, index });
    keptLength += index?.text.length ?? 0;
    return index;
  }

  function read(file: string, parser: LanguageParser, parserOf: ParserOf): SourceIndex | null {
    const text = textOf(file);
    if (text === null || text.length > longestNeighbour) return null;
    const document = parser.open(text);
    try {
      return indexSource(file, text, document.module, neighboursOf(file, parserOf));
    } finally {
      document.dispose();
    }
  }

  function textOnDisk(file: string): string | null {
    const edited = open.get(file);
    if (edited !== undefined) return edited.text;
    try {
      const { value } = decodeText(file, readFileSync(file));
      return value.binary ? null : value.text;
    } catch {
      return null;
    }
  }

  function usersOf(file: string, name: string, parserOf: ParserOf): readonly SourceIndex[] {
    const stem = path.basename(file).replace(/\.\w+$/, "");
    const module = stem === "__init__" ? path.basename(path.dirname(file)) : stem;
    const root = moduleFiles.root(path.dirname(file));
    const users: string[] = [];
    let length = 0;
    const isUsed = new RegExp(`\\b${name}\\s*\\(`);
    for (const each of importingFiles.naming(root, [module, name])) {
      if (each === file || !isUsed.test(textOf(each) ?? "")) continue;
      users.push(each);
      length += textOf(each)?.length ?? 0;
      if (users.length > maximumUsers || length > longestUsers) return [];
    }
    return users.flatMap((each) => sourceOf(each, file, parserOf) ?? []);
  }

  /** Whether a text names something, or may bring it by a star import. */
  function speaksOf(file: string, name: string): boolean {
    const text = textOf(file) ?? "";
    return new RegExp(`\\b${name}\\b|import \\*`).test(text);
  }

  function neighboursOf(file: string, parserOf: ParserOf): NeighbouringSources {
    if (!path.isAbsolute(file)) return noNeighbours;
    /** By the module and the name that is looked for in it, and by the file. */
    const answers = new Map<string, SourceIndex | null>();
    const modules = new Map<string, SourceIndex | null>();
    const users = new Map<string, readonly SourceIndex[]>();
    return {
      module: (name, lookedFor) =>
        remembered(answers, `${name}\0${lookedFor ?? ""}`, () => {
          const found = moduleFiles.module(file, name);
          if (found === null || (lookedFor !== undefined && !speaksOf(found, lookedFor))) return null;
          return remembered(modules, found, () =>
            modules.size < maximumNeighbours ? sourceOf(found, file, parserOf) : null,
          );
        }),
      configuration(name) {
        const found = moduleFiles.configuration(file, name);
        return found === null ? null : sourceOf(found, file, parserOf);
      },
      users: (name) => remembered(users, name, () => usersOf(file, name, parserOf)),
    };
  }

  function dependents(file: string): ReadonlySet<string> {
    const found = new Set<string>();
    const queue = [file];
    for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
      for (const [asking, asked] of consulted) {
        if (!asked.has(each) || found.has(asking) || asking === file) continue;
        found.add(asking);
        queue.push(asking);
      }
    }
    return found;
  }

  return {
    neighboursOf,
    dependents,
    textOf: (file) => kept.get(file)?.index.text ?? null,
    get revision() {
      return revision;
    },
    setText(file, text) {
      revision += 1;
      if (text === null) open.delete(file);
      else open.set(file, { text, stamp: `open ${revision}` });
      return forgetReaders(file);
    },
    changed(file, what) {
      revision += 1;
      if (what === "existence") moduleFiles.forget();
      importingFiles.changed(file);
      return forgetReaders(file);
    },
    prepare: (folder) => importingFiles.prepare(moduleFiles.root(folder)),
  };
}

function remembered<T>(known: Map<string, T>, key: string, find: () => T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  const fresh = find();
  known.set(key, fresh);
  return fresh;
}
