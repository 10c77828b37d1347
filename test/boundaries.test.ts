import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const root = path.resolve(import.meta.dirname, "..");

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
  /** Imports of types alone, which leave no trace at run time. */
  readonly typeImports: readonly string[];
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/g;

function sourceFilesIn(folder: string): SourceFile[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => {
      const relative = path.posix.join(folder, name.split(path.sep).join("/"));
      const text = readFileSync(path.join(root, relative), "utf8");
      const found = [...text.matchAll(importPattern)];
      const resolve = (specifier: string) =>
        specifier.startsWith(".") ? path.posix.join(path.posix.dirname(relative), specifier) : specifier;
      const of = (isType: boolean) =>
        found.filter((match) => Boolean(match[1]) === isType).map((match) => resolve(match[2] ?? match[3] ?? ""));
      return { path: relative, text, imports: of(false), typeImports: of(true) };
    });
}

const server = sourceFilesIn("server");
const host = sourceFilesIn("src");
const panel = sourceFilesIn("media");
const everything = [
  ...server,
  ...host,
  ...panel,
  ...sourceFilesIn("test"),
  ...sourceFilesIn("bench"),
  ...sourceFilesIn("scripts"),
];

const roomOf = (file: string) =>
  file.startsWith("server/") ? (file.split("/").length > 2 ? file.split("/")[1] : "shell") : "";

test("only src/ and tests inside the editor import vscode", () => {
  const wrong = everything.filter(
    (file) =>
      [...file.imports, ...file.typeImports].includes("vscode") &&
      !file.path.startsWith("src/") &&
      !file.path.startsWith("test/e2e/"),
  );
  assert.deepEqual(
    wrong.map((file) => file.path),
    [],
  );
});

test("only the edges import the language-server packages", () => {
  const allowed = /^(server\/lsp(Main)?\.ts|server\/lsp\/|src\/client\.ts)/;
  const wrong = [...server, ...host, ...panel].filter(
    (file) =>
      [...file.imports, ...file.typeImports].some((name) => /^vscode-(language|jsonrpc)/.test(name)) &&
      !allowed.test(file.path),
  );
  assert.deepEqual(
    wrong.map((file) => file.path),
    [],
  );
});

test("the panel imports only its own files, its plotting library and the protocol's types", () => {
  const wrong = panel.flatMap((file) => [
    ...file.imports.filter((name) => !name.startsWith("media/") && name !== "uplot" && !name.startsWith("uplot/")),
    ...file.typeImports.filter(
      (name) => !name.startsWith("media/") && name !== "uplot" && name !== "server/protocol.ts",
    ),
  ]);
  assert.deepEqual(wrong, []);
});

test("the pure rooms touch no disk, clock, process or environment", () => {
  const pure = ["text", "syntax", "facts", "frameworks", "rules", "refactorings", "detectors", "diagnosis", "report"];
  const impure = /^(node:)?(fs|path|os|process|child_process|net|http|https|worker_threads)(\/|$)|^chokidar$/;
  const globals = /\b(process\.|Date\.now|new Date\(\)|performance\.now|setTimeout|setInterval)/;
  const wrong = server
    .filter((file) => pure.includes(roomOf(file.path) ?? ""))
    .filter((file) => file.imports.some((name) => impure.test(name)) || globals.test(withoutComments(file.text)))
    .map((file) => file.path);
  assert.deepEqual(wrong, []);
});

/** What each room may import, types included: the rooms below it. */
const below: Readonly<Record<string, readonly string[]>> = {
  text: [],
  syntax: ["text"],
  facts: ["text", "syntax"],
  frameworks: ["text", "syntax", "facts"],
  rules: ["text", "syntax", "facts", "frameworks"],
  refactorings: ["text", "facts", "frameworks", "rules"],
  lint: ["text", "syntax", "facts", "frameworks", "rules", "config"],
  config: ["text", "rules"],
  logs: ["text"],
  runs: ["text", "logs"],
  detectors: ["text", "logs", "runs"],
  diagnosis: ["text", "facts", "logs", "runs", "detectors"],
  monitor: ["text", "facts", "logs", "runs", "detectors", "diagnosis"],
  snapshots: ["text", "facts", "rules", "lint", "logs", "report"],
  report: ["text", "facts", "rules", "lint", "config", "runs", "detectors", "diagnosis", "monitor"],
};

test("imports go one way between the rooms", () => {
  const wrong: string[] = [];
  for (const file of server) {
    const room = roomOf(file.path);
    const allowed = room ? below[room] : undefined;
    if (!room || !allowed) continue;
    for (const name of [...file.imports, ...file.typeImports]) {
      const target = roomOf(name);
      if (
        target === "shell" &&
        name === "server/protocol.ts" &&
        ["monitor", "runs", "diagnosis", "report"].includes(room)
      )
        continue;
      if (target && target !== room && !allowed.includes(target)) wrong.push(`${file.path} imports ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("no file imports itself through others", () => {
  const graph = new Map([...server, ...host, ...panel].map((file) => [file.path, file.imports]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]) => {
    if (trail.includes(file)) {
      cycles.push([...trail.slice(trail.indexOf(file)), file].join(" → "));
      return;
    }
    if (finished.has(file)) return;
    for (const next of graph.get(file) ?? []) if (graph.has(next)) visit(next, [...trail, file]);
    finished.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  assert.deepEqual(cycles, []);
});

test("there are no default exports, and barrels only where one line a member is the point", () => {
  const allowedBarrels = ["rules", "logs", "frameworks", "detectors"].map((room) => `server/${room}/index.ts`);
  const ownText = [...server, ...host, ...panel];
  assert.deepEqual(
    ownText.filter((file) => /^export default\b/m.test(file.text)).map((file) => file.path),
    [],
  );
  assert.deepEqual(
    ownText
      .filter((file) => path.basename(file.path) === "index.ts" || /^export (\*|\{[^}]*\}) from/m.test(file.text))
      .map((file) => file.path)
      .filter((name) => !allowedBarrels.includes(name)),
    [],
  );
});

test("files stay small: none above 450 lines, the median at most 100", () => {
  const lines = [...server, ...host, ...panel].map((file) => ({
    path: file.path,
    lines: file.text.split("\n").length - 1,
  }));
  assert.deepEqual(
    lines.filter((file) => file.lines > 450),
    [],
  );
  const sorted = lines.map((file) => file.lines).sort((a, b) => a - b);
  assert.ok(
    (sorted[Math.floor(sorted.length / 2)] ?? 0) <= 100,
    `the median file has ${sorted[Math.floor(sorted.length / 2)]} lines`,
  );
});

test("no file's name says that it has no subject", () => {
  const vague = /(^|\/)(utils?|helpers?|common|misc|shared|types)(\.|\/)/i;
  assert.deepEqual(
    everything.map((file) => file.path).filter((name) => vague.test(name)),
    [],
  );
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
}
