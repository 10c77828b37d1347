import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "smol-toml";
import { parse as parseYaml } from "yaml";
import type { LibraryVersions } from "./linter.ts";

/** JavaScript packages whose defaults depend on their version. */
const packages = ["@tensorflow/tfjs", "@tensorflow/tfjs-node"];
/** Python distributions whose defaults depend on their version, with the other names that they are published under. */
const distributions: Readonly<Record<string, string>> = {
  torch: "torch",
  pytorch: "torch",
  keras: "keras",
  tensorflow: "tensorflow",
  "tensorflow-gpu": "tensorflow",
  "tensorflow-cpu": "tensorflow",
  jax: "jax",
  optax: "optax",
  flax: "flax",
  lightning: "lightning",
  "pytorch-lightning": "lightning",
  transformers: "transformers",
  accelerate: "accelerate",
  deepspeed: "deepspeed",
  timm: "timm",
};

/**
 * Versions that a file's folder and those above it pin, the nearest first: `torch==2.6.0` → `"2.6.0"`; a lower bound counts as the
 * version to reckon with, an upper bound alone does not. Empty where nothing is pinned. A file that cannot be read pins nothing.
 * `known` keeps what each folder pins from one call to the next.
 */
export async function libraryVersionsFor(
  file: string,
  known: Map<string, Promise<LibraryVersions>> = new Map(),
): Promise<LibraryVersions> {
  return versionsFrom(path.dirname(path.resolve(file)), known);
}

function versionsFrom(folder: string, known: Map<string, Promise<LibraryVersions>>): Promise<LibraryVersions> {
  const before = known.get(folder);
  if (before !== undefined) return before;
  const parent = path.dirname(folder);
  const above = parent === folder ? Promise.resolve<LibraryVersions>(new Map()) : versionsFrom(parent, known);
  const read = Promise.all([above, versionsIn(folder)]).then(([outer, own]) => new Map([...outer, ...own]));
  known.set(folder, read);
  return read;
}

async function versionsIn(folder: string): Promise<LibraryVersions> {
  const names: readonly string[] = await readdir(folder).catch(() => []);
  const inRequirements = names.includes("requirements")
    ? (await readdir(path.join(folder, "requirements")).catch((): string[] => [])).filter((name) =>
        /\.(txt|in)$/.test(name),
      )
    : [];
  const wanted = [
    ...names.map((name) => ({ name, read: readerFor(name) })),
    ...inRequirements.map((name) => ({ name: path.join("requirements", name), read: requirementPins })),
  ].toSorted((a, b) => precedence(a.name) - precedence(b.name) || (a.name < b.name ? -1 : 1));
  const versions = new Map<string, string>();
  for (const { name, read } of wanted) {
    if (read === null) continue;
    const text = await readFile(path.join(folder, name), "utf8").catch(() => "");
    for (const [library, version] of read(text)) if (!versions.has(library)) versions.set(library, version);
  }
  return versions;
}

/** A lock says what is installed, before any file that says what would do. */
function precedence(name: string): number {
  return /\block\b|-lock\.json$/.test(name) ? 0 : 1;
}

type Pins = readonly (readonly [library: string, version: string])[];

function readerFor(name: string): ((text: string) => Pins) | null {
  if (/^requirements.*\.(txt|in)$/.test(name)) return requirementPins;
  if (name === "pyproject.toml" || name === "Pipfile") return pyprojectPins;
  if (/^(environment|conda).*\.ya?ml$/.test(name)) return environmentPins;
  if (name === "setup.cfg") return requirementPins;
  if (name === "setup.py") return quotedPins;
  if (/^(poetry|uv|pdm)\.lock$/.test(name)) return tomlLockPins;
  if (name === "Pipfile.lock") return pipfileLockPins;
  if (name === "yarn.lock" || name === "pnpm-lock.yaml") return textLockPins;
  if (name === "package-lock.json") return lockPins;
  if (name === "package.json") return packagePins;
  return null;
}

const requirementPins = (text: string): Pins => text.split("\n").flatMap(pythonPin);

/** `torch==2.6`, `torch>=2.6,<3`, `torch~=2.6`, conda's `pytorch=2.6`. */
function pythonPin(requirement: string): Pins {
  const match = /^\s*["']?(?:[\w-]+::)?([\w.-]+?)(?:\[[^\]]*\])?\s*(?:={1,3}|>=|~=)\s*["']?(\d+(?:\.\d+)*)/.exec(
    requirement,
  );
  return match?.[1] === undefined || match[2] === undefined ? [] : pinOf(match[1], match[2]);
}

function pinOf(distribution: string, version: string): Pins {
  const name = distribution.toLowerCase().replaceAll("_", "-");
  const library = Object.hasOwn(distributions, name) ? distributions[name] : undefined;
  return library === undefined ? [] : [[library, version]];
}

/** `install_requires=["torch>=2.0"]`: the strings of a program that is not run. */
function quotedPins(text: string): Pins {
  return [...text.matchAll(/["']([^"'\n]+)["']/g)].flatMap(([, written]) => pythonPin(written ?? ""));
}

/** `[[package]]` with its name and version on the next line. */
function tomlLockPins(text: string): Pins {
  return [...text.matchAll(/^name = "([\w.-]+)"\r?\nversion = "(\d[\d.]*)/gm)].flatMap(([, name, version]) =>
    pinOf(name ?? "", version ?? ""),
  );
}

function pipfileLockPins(text: string): Pins {
  return [...text.matchAll(/"([\w.-]+)":\s*\{[^{}]*?"version":\s*"==(\d[\d.]*)/g)].flatMap(([, name, version]) =>
    pinOf(name ?? "", version ?? ""),
  );
}

/** yarn's `"@tensorflow/tfjs@^4.0.0":` with the version on the next line, pnpm's `'@tensorflow/tfjs@4.22.0':`. */
function textLockPins(text: string): Pins {
  return packages.flatMap((library) => {
    const start = new RegExp(`^\\s*["']?/?${library}@`, "m").exec(text)?.index;
    if (start === undefined) return [];
    const entry = text.slice(start, start + 400);
    const version =
      /^[^\n]*\n\s+version:?\s+"?(\d[\d.]*)/.exec(entry)?.[1] ?? /@(\d+\.\d+\.\d+)/.exec(entry.slice(2))?.[1];
    return version === undefined ? [] : [[library, version] as const];
  });
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

const date = /^\d{4}-\d{2}-\d{2}/;

/** Every string of a table; poetry's `torch = "^2.6"` becomes `torch==2.6`, uv's `exclude-newer-package` with its dates nothing. */
function stringsIn(value: unknown, key = ""): readonly string[] {
  if (typeof value === "string") {
    const isPin = Object.hasOwn(distributions, key) && !date.test(value);
    return [value, ...(isPin ? [`${key}==${value.replace(/^[\^~>=]+\s*/, "")}`] : [])];
  }
  if (Array.isArray(value)) return value.flatMap((each) => stringsIn(each));
  if (typeof value !== "object" || value === null) return [];
  // `torch = {version = "^2.6", source = "…"}`
  return Object.entries(value).flatMap(([name, each]) =>
    name === "version" ? stringsIn(each, key) : stringsIn(each, name.toLowerCase()),
  );
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
