import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { loadPythonParser } from "../syntax/python.ts";
import type { LanguageParser } from "../syntax/syntaxDocument.ts";

export interface Parsers {
  /**
   * The parser for a file by its extension, or null when Haywire does not read such files. Notebooks get the Python parser: it
   * takes their joined text. Rejects when the parsers' own files are missing from the installation.
   */
  forPath(path: string): Promise<LanguageParser | null>;
  /** The same where that parser has been loaded, else null. */
  readonly loaded: (path: string) => LanguageParser | null;
}

const python = new Set([".py", ".pyi", ".ipynb"]);
const typescript = new Set([".ts", ".mts", ".cts"]);
const yaml = new Set([".yaml", ".yml"]);
const typescriptWithJsx = new Set([".tsx", ".js", ".jsx", ".mjs", ".cjs"]);

type Loader = readonly [name: string, load: () => Promise<LanguageParser>];

function loaderFor(file: string): Loader | null {
  const extension = path.extname(file).toLowerCase();
  if (python.has(extension)) return ["python", loadPython];
  if (typescript.has(extension)) return ["typescript", () => loadTypeScript(false)];
  if (typescriptWithJsx.has(extension)) return ["typescript with jsx", () => loadTypeScript(true)];
  if (extension === ".json") return ["json", () => loadConfiguration("json")];
  if (yaml.has(extension)) return ["yaml", () => loadConfiguration("yaml")];
  return null;
}

/** Parsers that are loaded when the first file needs them, once for as long as the value is kept. */
export function createParsers(): Parsers {
  const loading = new Map<string, Promise<LanguageParser>>();
  const loaded = new Map<string, LanguageParser>();
  return {
    async forPath(file) {
      const loader = loaderFor(file);
      if (loader === null) return null;
      const [name, load] = loader;
      const parser = loading.get(name) ?? load();
      loading.set(name, parser);
      loaded.set(name, await parser);
      return parser;
    },
    loaded(file) {
      const loader = loaderFor(file);
      return loader === null ? null : (loaded.get(loader[0]) ?? null);
    },
  };
}

async function loadPython(): Promise<LanguageParser> {
  const [runtime, grammar] = await Promise.all([
    readPackaged("web-tree-sitter", "web-tree-sitter.wasm"),
    readPackaged("tree-sitter-python", "tree-sitter-python.wasm"),
  ]);
  return loadPythonParser({ runtime, grammar });
}

async function loadTypeScript(jsx: boolean): Promise<LanguageParser> {
  // The TypeScript compiler takes a third of a second to load, which a Python project should not pay for.
  const { createTypeScriptParser } = await import("../syntax/typescript.ts");
  return createTypeScriptParser({ jsx });
}

async function loadConfiguration(format: "json" | "yaml"): Promise<LanguageParser> {
  const { createConfigurationParser } = await import("../syntax/configuration.ts");
  return createConfigurationParser(format);
}

/** Bundled, the file lies in dist/ beside the entry or above the chunk; from source, in its package. */
async function readPackaged(packageName: string, fileName: string): Promise<Uint8Array> {
  const here = path.dirname(fileURLToPath(import.meta.url));
  for (const folder of [here, path.dirname(here)]) {
    const bytes = await readFile(path.join(folder, fileName)).catch(() => null);
    if (bytes) return bytes;
  }
  const require = createRequire(import.meta.url);
  return readFile(require.resolve(`${packageName}/${fileName}`));
}
