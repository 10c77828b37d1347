import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** Which files of a project import what: by the words of their import statements. */
export interface ImportingFiles {
  /** Files whose imports name one of the words. The project is read through when it is first asked about. */
  naming(root: string, words: readonly string[]): readonly string[];
  /** Reads a project through without holding up anything else. */
  prepare(root: string): Promise<void>;
  /** A file has appeared, changed or gone. */
  changed(file: string): void;
}

/**
 * A project with more files is a library or several projects: callers of a function are then found in its own file alone, unless
 * there was time to read it beforehand. 1,500 files take 0.3 s.
 */
const maximumFiles = 1500;
/** Files that are read beforehand, while nothing waits. */
const maximumPrepared = 20_000;
/** In bytes; larger files are generated. */
const largestFile = 1024 * 1024;
const skipped =
  /^(\..*|node_modules|site-packages|__pycache__|build|dist|venv|env|wandb|runs|checkpoints|outputs|data)$/;

type Imports = Map<string, ReadonlySet<string>>;

export function createImportingFiles(): ImportingFiles {
  const projects = new Map<string, Imports>();

  function scan(root: string): Imports {
    const files: string[] = [];
    const folders = [root];
    for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
      const found = sorted(folder, listed(folder));
      folders.push(...found.folders);
      files.push(...found.files);
      if (files.length > maximumFiles) return new Map();
    }
    return new Map(files.map((file) => [file, importWordsOfFile(file)]));
  }

  async function prepare(root: string): Promise<void> {
    if (projects.has(root)) return;
    const imports: Imports = new Map();
    const folders = [root];
    for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
      const found = sorted(folder, await readdir(folder, { withFileTypes: true }).catch(() => []));
      folders.push(...found.folders);
      for (const file of found.files) {
        if (imports.size >= maximumPrepared) break;
        const text = await readFile(file, "latin1").catch(() => "");
        imports.set(file, text.length > largestFile ? new Set() : importWords(text));
      }
    }
    projects.set(root, imports);
  }

  return {
    prepare,
    naming(root, words) {
      const imports = projects.get(root) ?? scan(root);
      projects.set(root, imports);
      const files: string[] = [];
      for (const [file, imported] of imports) if (words.some((word) => imported.has(word))) files.push(file);
      return files;
    },
    changed(file) {
      if (!isRead(path.basename(file))) return;
      for (const [root, imports] of projects) {
        if (!file.startsWith(root + path.sep)) continue;
        const words = importWordsOfFile(file);
        if (words.size === 0) imports.delete(file);
        else imports.set(file, words);
      }
    },
  };
}

/** The folders to go on to and the files to read among a folder's entries; none of a virtual environment. */
function sorted(folder: string, entries: readonly Dirent[]) {
  const folders: string[] = [];
  const files: string[] = [];
  if (entries.some(({ name }) => name === "pyvenv.cfg")) return { folders, files };
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && !skipped.test(entry.name)) folders.push(file);
    else if (entry.isFile() && isRead(entry.name)) files.push(file);
  }
  return { folders, files };
}

/** A test's calls say nothing about how a function is trained with. */
function isRead(name: string): boolean {
  return /\.py$/.test(name) && !/^(test_.*|.*_test|conftest|setup)\.py$/.test(name);
}

function listed(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function importWordsOfFile(file: string): ReadonlySet<string> {
  try {
    return statSync(file).size > largestFile ? new Set() : importWords(readFileSync(file, "latin1"));
  } catch {
    return new Set();
  }
}

const importStatement = /^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))/gm;

/** The words of a text's import statements: parts of modules and the names that are taken from them. */
export function importWords(text: string): ReadonlySet<string> {
  const words = new Set<string>();
  for (const [, module = "", names = "", modules = ""] of text.matchAll(importStatement)) {
    for (const word of `${module} ${names} ${modules}`.match(/\w+/g) ?? []) words.add(word);
  }
  return words;
}
