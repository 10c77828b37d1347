// `npm test`: installs what the tests need, checks types and style, builds, then runs every test in test/.
// `--unit` runs only what needs no VS Code, `--e2e` only what does. Node built-ins only at the top: nothing may be installed yet.
import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { installEmbeddedVSCode, releases } from "./embeddedVSCode.mjs";
import { findBrowser } from "./findBrowser.mjs";
import { build, filesUnder, installDependencies, packExtension, requireNode, root, run } from "./prepare.mjs";
import { installTrainingLibraries } from "./trainingLibraries.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { unit: { type: "boolean", default: false }, e2e: { type: "boolean", default: false } },
});
const wantsUnit = options.unit || !options.e2e;
const wantsEndToEnd = options.e2e || !options.unit;

/** @typedef {{ passed: number, failed: number, names: string[] }} Counts `names` of the tests that failed */
/** @type {Counts} */
const total = { passed: 0, failed: 0, names: [] };
/** @type {string[]} */
const flaky = [];

requireNode();
installDependencies();
if (wantsEndToEnd) installMachinePackages();
if (wantsUnit) {
  step("Types");
  run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."]);
  step("Style");
  run(process.execPath, ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"]);
}
build();
if (wantsUnit) {
  try {
    installTrainingLibraries(console.log);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
  step("Unit, language server and command line tests");
  add(
    await runTests(
      testFiles((file) => !isEndToEnd(file)),
      {},
    ),
  );
}
if (wantsEndToEnd) await runEndToEnd();

console.log();
for (const name of total.names) console.log(`failed: ${name}`);
for (const name of flaky) console.log(`flaky: ${name} (failed once, passed when tried again)`);
if (total.passed + total.failed === 0) console.log("No test was found.");
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

async function runEndToEnd() {
  for (const release of releases.keys()) {
    try {
      await installEmbeddedVSCode(release, { say: console.log });
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exit(2);
    }
  }
  packExtension();
  for (const release of releases.keys()) {
    for (const file of testFiles(isEndToEnd)) {
      step(`VS Code ${release}: ${path.basename(file)}`);
      const first = await runTests([file], { HAYWIRE_VSCODE: release });
      if (first.failed === 0) {
        add(first);
        continue;
      }
      const where = (/** @type {string} */ name) => (name.includes("VS Code") ? name : `${name} (VS Code ${release})`);
      step(`VS Code ${release}: ${path.basename(file)} again, since it failed`);
      const second = await runTests([file], { HAYWIRE_VSCODE: release });
      add({ ...second, names: second.names.map(where) });
      flaky.push(...first.names.filter((name) => !second.names.includes(name)).map(where));
    }
  }
}

/** @param {Counts} counts */
function add(counts) {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.names.push(...counts.names);
}

/** @param {(file: string) => boolean} wanted */
function testFiles(wanted) {
  const named = (/** @type {string} */ file) =>
    positionals.length === 0 || positionals.some((part) => file.includes(part));
  return filesUnder("test", (file) => file.endsWith(".test.ts") && wanted(file) && named(file));
}

/** @param {string} file */
function isEndToEnd(file) {
  return path.relative(path.join(root, "test"), file).startsWith(`e2e${path.sep}`);
}

/**
 * One run of Node's test runner; its output is shown as it comes and its closing totals are read.
 * @param {string[]} files
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Counts>}
 */
function runTests(files, env) {
  if (files.length === 0) return Promise.resolve({ passed: 0, failed: 0, names: [] });
  const args = ["--import", "tsx", "--test", "--test-reporter=spec", ...files.map((file) => path.relative(root, file))];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    process.stdout.write(text);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(countsOf(output, code, files)));
  });
}

/** @param {string} output @param {number | null} code @param {string[]} files @returns {Counts} */
function countsOf(output, code, files) {
  const closing = (/** @type {string} */ word) => {
    const lines = [...output.matchAll(new RegExp(`^ℹ ${word} (\\d+)$`, "gm"))];
    return Number(lines.at(-1)?.[1] ?? 0);
  };
  const failed = closing("fail") + closing("cancelled");
  const [list = "", ...rest] = output.split("✖ failing tests:").reverse();
  const names = rest.length > 0 ? [...list.matchAll(/^ *✖ (.+?) \([\d.]+ms\)$/gm)].map((match) => match[1] ?? "") : [];
  if (failed === 0 && code !== 0) {
    return {
      passed: closing("pass"),
      failed: 1,
      names: [`${files.map((file) => path.relative(root, file)).join(", ")} ended with ${code}`],
    };
  }
  return { passed: closing("pass"), failed, names };
}

/** The browser that end-to-end tests drive and the ripgrep that the older VS Code needs: from Debian when root. */
function installMachinePackages() {
  const missing = [];
  if (!findBrowser()) missing.push("chromium");
  if (spawnSync("rg", ["--version"]).error) missing.push("ripgrep");
  if (missing.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && spawnSync("apt-get", ["--version"]).status === 0) {
    console.log(`Installing ${missing.join(" and ")} (apt-get), about a minute`);
    run("apt-get", ["update"], { quiet: true });
    run("apt-get", ["install", "-y", "--no-install-recommends", ...missing], { quiet: true });
    return;
  }
  const wanted = missing.map((name) => (name === "chromium" ? "Chromium, Chrome or Edge" : "ripgrep (rg)"));
  console.error(
    `The end-to-end tests need ${wanted.join(" and ")}, which cannot be found. Install it, then run again.`,
  );
  process.exit(2);
}

/** @param {string} title */
function step(title) {
  console.log(`\n── ${title}`);
}
