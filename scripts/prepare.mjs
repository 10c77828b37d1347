// Steps that `npm start` and `npm test` share: dependencies installed, sources built, extension packed; each only when needed.
// Node built-ins only: nothing may be installed yet.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "..");

/** What the bundles are made of. */
const sourceFolders = ["server", "src", "media"];

/** Ends the process with a clear message on a Node that is too old. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Haywire needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(2);
}

/** Runs `npm ci` when a package of the lockfile is not installed in its version. Times tell nothing: npm writes both files. */
export function installDependencies() {
  const wanted = lockedPackages("package-lock.json");
  const installed = new Map(
    lockedPackages("node_modules/.package-lock.json").map(({ name, version }) => [name, version]),
  );
  if (wanted.every(({ name, version, optional }) => optional || installed.get(name) === version)) return;
  console.log("Installing dependencies (npm ci), about a quarter of a minute");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
}

/** @param {string} file @returns {{ name: string, version: string, optional: boolean }[]} empty for a missing file */
function lockedPackages(file) {
  const lock = path.join(root, file);
  if (!existsSync(lock)) return [];
  const { packages } = JSON.parse(readFileSync(lock, "utf8"));
  const names = Object.keys(packages).filter((name) => name !== "");
  return names.map((name) => ({
    name,
    version: packages[name].version,
    optional: Boolean(packages[name].optional || packages[name].devOptional || packages[name].peer),
  }));
}

/** Bundles into dist/ when a source is newer than the bundle. */
export function build() {
  // A bundle that failed is missing, whatever the others say.
  const bundles = ["dist/extension.cjs", "dist/lsp.mjs", "dist/cli.mjs", "dist/media/panel.js"];
  const built = Math.min(...bundles.map((bundle) => modifiedAt(path.join(root, bundle))));
  const inputs = [...sourceFolders, "package.json", "package-lock.json", "scripts/build.mjs"];
  if (built > 0 && built >= newest(inputs)) return;
  console.log("Building");
  run(process.execPath, [path.join(root, "scripts/build.mjs")]);
}

/**
 * Packs the extension as it would be published, when something in it is newer than the pack.
 * @returns {string} the .vsix
 */
export function packExtension() {
  return pack(".", "out/haywire.vsix", ["dist", "package.json", "README.md", "media/walkthrough", ".vscodeignore"]);
}

/**
 * Packs the small extension that shows the example when `npm start` has opened VS Code.
 * @returns {string} the .vsix
 */
export function packTour() {
  return pack("scripts/tour", "out/tour.vsix", ["scripts/tour"]);
}

/**
 * Packs the notebook kernel of the end-to-end tests.
 * @returns {string} the .vsix
 */
export function packKernel() {
  return pack("test/e2e/kernel", "out/kernel.vsix", ["test/e2e/kernel"]);
}

/** @param {string} folder @param {string} target @param {string[]} contents @returns {string} */
function pack(folder, target, contents) {
  const vsix = path.join(root, target);
  if (modifiedAt(vsix) >= newest(contents)) return vsix;
  console.log(`Packing ${path.basename(target)}`);
  mkdirSync(path.dirname(vsix), { recursive: true });
  const vsce = path.join(root, "node_modules/@vscode/vsce/vsce");
  const flags = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--no-rewrite-relative-links"];
  run(process.execPath, [vsce, "package", ...flags, "--out", vsix], { quiet: true, cwd: path.join(root, folder) });
  return vsix;
}

/**
 * Runs a command in the root; ends the process with the command's output when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {{ quiet?: boolean, cwd?: string }} [options] `quiet` shows the output only when the command fails
 */
export function run(command, args, options = {}) {
  const shell = process.platform === "win32" && command === "npm";
  const stdio = options.quiet ? "pipe" : "inherit";
  const result = spawnSync(command, args, { cwd: options.cwd ?? root, stdio, shell, encoding: "utf8" });
  if (result.status === 0) return;
  if (options.quiet) console.error(`${result.stdout ?? ""}${result.stderr ?? ""}`);
  console.error(`${command} ${args[0] ?? ""} failed${result.error ? `: ${result.error.message}` : ""}`);
  process.exit(result.status ?? 2);
}

/**
 * All files under a folder of the root that `wanted` takes, sorted.
 * @param {string} folder
 * @param {(file: string) => boolean} wanted
 * @returns {string[]}
 */
export function filesUnder(folder, wanted) {
  const absolute = path.join(root, folder);
  if (!existsSync(absolute)) return [];
  const entries = readdirSync(absolute, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return files.filter(wanted).sort();
}

/** The newest change in files and folders of the root, in ms since 1970. @param {string[]} places */
function newest(places) {
  return Math.max(
    ...places.flatMap((place) => {
      const absolute = path.join(root, place);
      if (!existsSync(absolute)) return [0];
      if (!statSync(absolute).isDirectory()) return [modifiedAt(absolute)];
      return [0, ...filesUnder(place, () => true).map(modifiedAt)];
    }),
  );
}

/** @param {string} file @returns {number} ms since 1970, 0 for a missing file */
function modifiedAt(file) {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}
