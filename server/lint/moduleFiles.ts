import { readdirSync } from "node:fs";
import path from "node:path";

/** Finds the files that imports name, remembering what folders hold. */
export interface ModuleFiles {
  /** The file of a module as a file's import names it, null where the workspace has none. */
  module(from: string, name: string): string | null;
  /** The file that a path of the code names, from the folder of the file upward. */
  configuration(from: string, name: string): string | null;
  /** The folder that a file's project begins in. */
  root(folder: string): string;
  /** What folders hold has changed. */
  forget(): void;
}

/** Packages that are installed, never files of the project; looking for them would cost a look at every folder upward. */
const installed = new Set(
  "torch torchvision torchaudio numpy np tensorflow keras jax flax optax transformers datasets accelerate lightning pytorch_lightning os sys re math json time random argparse logging typing pathlib collections functools itertools dataclasses abc copy pickle glob shutil warnings datetime scipy sklearn pandas matplotlib PIL cv2 tqdm yaml wandb tensorboardX einops timm deepspeed apex gym gymnasium".split(
    " ",
  ),
);

/** Folders looked into upward, and files that a project's first folder has. */
const maximumClimb = 8;
const rootMarkers = /^(\.git|\.hg|pyproject\.toml|setup\.py|setup\.cfg)$/;
/** Where nothing upward has one of those, the project begins in the nearest folder that explains itself. */
const explained = /^(readme|requirements|licen[sc]e)/i;

const scriptEndings = ["", ".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", "/index.ts", "/index.js"];

export function createModuleFiles(): ModuleFiles {
  const folders = new Map<string, ReadonlyMap<string, boolean>>();
  const roots = new Map<string, string>();
  const found = new Map<string, string | null>();

  /** Names in a folder, and whether each is a folder itself; empty where it cannot be read. */
  function entries(folder: string): ReadonlyMap<string, boolean> {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const names = new Map<string, boolean>();
    try {
      for (const each of readdirSync(folder, { withFileTypes: true })) names.set(each.name, each.isDirectory());
    } catch {
      // A folder that is not there has no names.
    }
    folders.set(folder, names);
    return names;
  }

  function isFile(file: string): boolean {
    return entries(path.dirname(file)).get(path.basename(file)) === false;
  }

  function root(folder: string): string {
    const known = roots.get(folder);
    if (known !== undefined) return known;
    let nearest: string | null = null;
    let marked: string | null = null;
    for (let current = folder, climbed = 0; climbed < maximumClimb && marked === null; climbed += 1) {
      const names = [...entries(current).keys()];
      if (names.some((name) => rootMarkers.test(name))) marked = current;
      if (names.some((name) => explained.test(name))) nearest ??= current;
      const parent = path.dirname(current);
      if (parent === current) break;
      current = parent;
    }
    const highest = marked ?? nearest ?? folder;
    roots.set(folder, highest);
    return highest;
  }

  /** The folders from one up to the project's first. */
  function upward(folder: string): readonly string[] {
    const last = root(folder);
    const all = [folder];
    for (let current = folder; current !== last && all.length <= maximumClimb; ) {
      current = path.dirname(current);
      all.push(current);
    }
    return all;
  }

  function pythonFile(folder: string, parts: readonly string[]): string | null {
    if (parts.length === 0) return isFile(path.join(folder, "__init__.py")) ? path.join(folder, "__init__.py") : null;
    const base = path.join(folder, ...parts);
    if (isFile(`${base}.py`)) return `${base}.py`;
    return isFile(path.join(base, "__init__.py")) ? path.join(base, "__init__.py") : null;
  }

  function pythonModule(from: string, name: string): string | null {
    const folder = path.dirname(from);
    const dots = /^\.*/.exec(name)?.[0].length ?? 0;
    const parts = name.slice(dots).split(".").filter(Boolean);
    if (dots > 0) return pythonFile(path.join(folder, ...Array.from({ length: dots - 1 }, () => "..")), parts);
    const [first] = parts;
    if (first === undefined || installed.has(first)) return null;
    for (const each of upward(folder)) {
      for (const start of [each, path.join(each, "src")]) {
        const names = entries(start);
        if (!names.has(first) && !names.has(`${first}.py`)) continue;
        const file = pythonFile(start, parts);
        if (file !== null && file !== from) return file;
      }
    }
    return null;
  }

  function scriptModule(from: string, name: string): string | null {
    if (!/^\.{1,2}\//.test(name)) return null;
    const base = path.join(path.dirname(from), name);
    // A TypeScript file imports its neighbour by the name that it will have as JavaScript.
    const written = [base, base.replace(/\.([mc]?)js$/, ".$1ts")];
    for (const each of written) {
      const ending = scriptEndings.find((end) => isFile(each + end));
      if (ending !== undefined) return path.normalize(each + ending);
    }
    return null;
  }

  return {
    root,
    module(from, name) {
      const key = `${path.dirname(from)}\0${name}`;
      const known = found.get(key);
      if (known !== undefined) return known === from ? null : known;
      const file = /\.(py|pyi|ipynb)$/i.test(from) ? pythonModule(from, name) : scriptModule(from, name);
      found.set(key, file);
      return file;
    },
    configuration(from, name) {
      if (path.isAbsolute(name)) return isFile(name) ? name : null;
      for (const folder of upward(path.dirname(from))) {
        const file = path.join(folder, name);
        if (isFile(file)) return file;
      }
      return null;
    },
    forget() {
      folders.clear();
      roots.clear();
      found.clear();
    },
  };
}
