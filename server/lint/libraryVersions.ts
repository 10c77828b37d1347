import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { parse as parseYaml } from "yaml";
import type { LibraryVersions } from "./linter.ts";

/** Packages whose defaults depend on their version. */
const packages = ["torch", "@tensorflow/tfjs", "@tensorflow/tfjs-node"];

/**
 * Versions that the nearest folder upward pins: `torch==2.6.0` → `"2.6.0"`; a lower bound counts as the version to reckon
 * with, an upper bound alone does not. Empty where nothing is pinned. A file that cannot be read pins nothing. `known` keeps
 * what each folder pins from one call to the next.
 */
export async function libraryVersionsFor(
  file: string,
  known: Map<string, Promise<LibraryVersions>> = new Map(),
): Promise<LibraryVersions> {
  let folder = path.dirname(path.resolve(file));
  for (;;) {
    const read = known.get(folder) ?? versionsIn(folder);
    known.set(folder, read);
    const versions = await read;
    const parent = path.dirname(folder);
    if (versions.size > 0 || parent === folder) return versions;
    folder = parent;
  }
}

async function versionsIn(folder: string): Promise<LibraryVersions> {
  const names = await readdir(folder).catch(() => []);
  const wanted = names.filter((name) => readerFor(name) !== null).sort();
  const versions = new Map<string, string>();
  for (const name of wanted) {
    const text = await readFile(path.join(folder, name), "utf8").catch(() => "");
    for (const [library, version] of readerFor(name)?.(text) ?? []) {
      if (!versions.has(library)) versions.set(library, version);
    }
  }
  return versions;
}

type Pins = readonly (readonly [library: string, version: string])[];

function readerFor(name: string): ((text: string) => Pins) | null {
  if (/^requirements.*\.txt$/.test(name)) return (text) => text.split("\n").flatMap(pythonPin);
  if (name === "pyproject.toml") return pyprojectPins;
  if (/^environment\.ya?ml$/.test(name)) return environmentPins;
  if (name === "package-lock.json") return lockPins;
  if (name === "package.json") return packagePins;
  return null;
}

/** `torch==2.6`, `torch>=2.6,<3`, `torch~=2.6`, conda's `pytorch=2.6`. */
function pythonPin(requirement: string): Pins {
  const match =
    /^\s*["']?(torch|pytorch|conda-forge::pytorch)(?:\[[^\]]*\])?\s*(?:={1,3}|>=|~=)\s*(\d+(?:\.\d+)*)/.exec(
      requirement,
    );
  return match?.[2] === undefined ? [] : [["torch", match[2]]];
}

function pyprojectPins(text: string): Pins {
  try {
    return stringsIn(parse(text)).flatMap(pythonPin);
  } catch {
    return [];
  }
}

function environmentPins(text: string): Pins {
  try {
    return stringsIn(parseYaml(text)).flatMap(pythonPin);
  } catch {
    return [];
  }
}

/** Every string of a table; poetry's `torch = "^2.6"` becomes `torch==2.6`. */
function stringsIn(value: unknown, key = ""): readonly string[] {
  if (typeof value === "string")
    return [value, ...(key === "torch" ? [`torch==${value.replace(/^[\^~>=]+\s*/, "")}`] : [])];
  if (Array.isArray(value)) return value.flatMap((each) => stringsIn(each));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => stringsIn(each, name));
}

/** The installed version; by its name the lock is read before package.json, and so wins. */
function lockPins(text: string): Pins {
  try {
    const installed = property(JSON.parse(text), "packages");
    return packages.flatMap((library) => {
      const version = property(property(installed, `node_modules/${library}`), "version");
      return typeof version === "string" ? [[library, version] as const] : [];
    });
  } catch {
    return [];
  }
}

function packagePins(text: string): Pins {
  try {
    const manifest: unknown = JSON.parse(text);
    return packages.flatMap((library) => {
      for (const table of ["dependencies", "devDependencies", "peerDependencies"]) {
        const wanted = property(property(manifest, table), library);
        const version = typeof wanted === "string" ? /^[\^~>=v\s]*(\d+(?:\.\d+)*)/.exec(wanted)?.[1] : undefined;
        if (version !== undefined) return [[library, version] as const];
      }
      return [];
    });
  } catch {
    return [];
  }
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
