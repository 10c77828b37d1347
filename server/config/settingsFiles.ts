import { access, readFile } from "node:fs/promises";
import path from "node:path";
import { parse, TomlError } from "smol-toml";
import type { Outcome, Problem } from "../text/problem.ts";
import { baselineFileName } from "./settings.ts";
import type { SettingsLayer } from "./settingsLayer.ts";

/**
 * The layers of the settings files that hold for a folder, the outermost first: in each folder from the root down
 * a file of accepted findings, and `[tool.haywire]` of pyproject.toml, else haywire.toml. `stopAt` is the last folder looked at on the way up;
 * `known` keeps what each folder holds from one call to the next.
 */
export async function settingsLayersFor(
  folder: string,
  stopAt?: string,
  known: Map<string, Promise<Outcome<readonly SettingsLayer[]>>> = new Map(),
): Promise<Outcome<readonly SettingsLayer[]>> {
  const layers: SettingsLayer[] = [];
  const problems: Problem[] = [];
  for (const each of foldersUp(path.resolve(folder), stopAt)) {
    const read = known.get(each) ?? layersIn(each);
    known.set(each, read);
    const { value, problems: wrong } = await read;
    problems.push(...wrong);
    layers.unshift(...value);
  }
  return { value: layers, problems };
}

async function layersIn(folder: string): Promise<Outcome<readonly SettingsLayer[]>> {
  const accepted = path.join(folder, baselineFileName);
  const isThere = await access(accepted).then(
    () => true,
    () => false,
  );
  const baseline: SettingsLayer = {
    origin: accepted,
    values: { baseline: baselineFileName },
    base: folder,
    file: null,
  };
  const { value, problems } = await fileLayerIn(folder);
  return { value: [...(isThere ? [baseline] : []), ...(value === null ? [] : [value])], problems };
}

async function fileLayerIn(folder: string): Promise<Outcome<SettingsLayer | null>> {
  const problems: Problem[] = [];
  for (const name of ["pyproject.toml", "haywire.toml"]) {
    const file = path.join(folder, name);
    const text = await readIfPresent(file);
    if (text === null) continue;
    const { value, problems: wrong } = settingsLayer(file, text);
    problems.push(...wrong);
    if (value !== null) return { value, problems };
  }
  return { value: null, problems };
}

/** A problem of a settings file as one line: its file, its line where that is known, and the message. */
export async function settingsProblemText({ path: file, offset, message }: Problem, shownPath = file): Promise<string> {
  const text = offset === undefined ? null : await readIfPresent(file);
  const line = text === null ? "" : `:${text.slice(0, offset).split("\n").length}`;
  return `${shownPath}${line}: ${message}`;
}

/** The layer of the file that `--config` names: a pyproject.toml, or any TOML file with the settings at its top. */
export async function settingsLayerOfFile(file: string): Promise<Outcome<SettingsLayer | null>> {
  try {
    return settingsLayer(file, await readFile(file, "utf8"));
  } catch (error) {
    return { value: null, problems: [{ path: file, message: `Cannot read the settings: ${reason(error)}` }] };
  }
}

function settingsLayer(file: string, text: string): Outcome<SettingsLayer | null> {
  const isProject = path.basename(file) === "pyproject.toml";
  const table = isProject ? "tool.haywire" : "";
  // Another tool's mistake in pyproject.toml is not ours to tell.
  if (isProject && !text.includes("haywire")) return { value: null, problems: [] };
  try {
    const root = parse(text.replace(/^\uFEFF/, ""));
    const values = isProject ? child(child(root, "tool"), "haywire") : root;
    if (values === undefined) return { value: null, problems: [] };
    return {
      value: { origin: file, values, base: path.dirname(path.resolve(file)), file: { text, table } },
      problems: [],
    };
  } catch (error) {
    const offset = error instanceof TomlError ? { offset: offsetOf(text, error.line, error.column) } : {};
    return { value: null, problems: [{ path: file, message: `This is not valid TOML: ${reason(error)}`, ...offset }] };
  }
}

function child(table: unknown, key: string): unknown {
  return typeof table === "object" && table !== null ? (table as Record<string, unknown>)[key] : undefined;
}

function offsetOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1);
  return Math.min(text.length, before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1);
}

function foldersUp(folder: string, stopAt: string | undefined): readonly string[] {
  const parent = path.dirname(folder);
  return folder === stopAt || parent === folder ? [folder] : [folder, ...foldersUp(parent, stopAt)];
}

async function readIfPresent(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch {
    return null;
  }
}

/** The first line of an error's message. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split("\n")[0] ?? text).replace(/^Invalid TOML document: /, "");
}
