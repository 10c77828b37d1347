// The libraries that tests of fixes run training scripts with: pinned, for the CPU, in a folder of the user's cache that all
// checkouts share. Node built-ins only.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const lists = path.resolve(import.meta.dirname, "../test/fixes/libraries");
const files = ["requirements.txt", "package.json", "package-lock.json"];
/** Where the CPU builds of torch are published; the default one for Linux brings several GB for CUDA. */
const torchBuilds = "https://download.pytorch.org/whl/cpu";

/**
 * Installs them when they are not there yet, which takes some minutes and about half a gigabyte of downloads.
 * @param {(text: string) => void} say
 * @returns {{ python: string, node: string }} the interpreter that has the Python ones, and the package.json beside the others
 * @throws where Python, pip or npm cannot install them
 */
export function installTrainingLibraries(say) {
  const hash = createHash("sha256");
  const system = findPython();
  hash.update(`${system.version} ${process.platform} ${process.arch}`);
  for (const file of files) hash.update(readFileSync(path.join(lists, file)));
  const cache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache");
  const folder = path.join(cache, "haywire", `training-libraries-${hash.digest("hex").slice(0, 12)}`);
  if (!existsSync(folder)) {
    say("Installing PyTorch, TensorFlow, JAX and their like for the tests of fixes, some minutes");
    const unfinished = `${folder}.${process.pid}`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    try {
      installPython(system.command, path.join(unfinished, "venv"));
      installNode(unfinished);
      if (!existsSync(folder)) renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  return { python: pythonIn(path.join(folder, "venv")), node: path.join(folder, "package.json") };
}

/** @returns {{ command: string, version: string }} */
function findPython() {
  for (const command of ["python3", "python"]) {
    const { stdout, status } = spawnSync(command, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
      encoding: "utf8",
    });
    const version = status === 0 ? stdout.trim() : "";
    const [major = 0, minor = 0] = version.split(".").map(Number);
    if (major === 3 && minor >= 11) return { command, version };
  }
  throw new Error("The tests of fixes need Python 3.11 or newer");
}

/** @param {string} venv @returns {string} */
function pythonIn(venv) {
  return process.platform === "win32" ? path.join(venv, "Scripts", "python.exe") : path.join(venv, "bin", "python");
}

/** @param {string} command @param {string} venv */
function installPython(command, venv) {
  const requirements = path.join(lists, "requirements.txt");
  run(command, ["-m", "venv", venv]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
  const torch = /^torch==(\S+)$/m.exec(readFileSync(requirements, "utf8"))?.[0] ?? "torch";
  const chosen = run(pythonIn(venv), [...pip, "--dry-run", "--no-deps", "--report", "-", torch]);
  const isForCuda = process.platform === "linux" && !/"version": "[^"]*\+cpu"/.test(chosen);
  run(pythonIn(venv), [...pip, ...(isForCuda ? ["--extra-index-url", torchBuilds] : []), "-r", requirements]);
}

/** @param {string} folder */
function installNode(folder) {
  for (const file of files.slice(1)) copyFileSync(path.join(lists, file), path.join(folder, file));
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder);
}

/** @param {string} command @param {string[]} args @param {string} [cwd] @returns {string} what it printed */
function run(command, args, cwd) {
  const shell = process.platform === "win32" && command === "npm";
  const result = spawnSync(command, args, { cwd, encoding: "utf8", shell, maxBuffer: 2 ** 28 });
  if (result.status === 0) return result.stdout;
  throw new Error(`${command} ${args.slice(0, 3).join(" ")} failed:\n${result.error ?? result.stderr.slice(-3000)}`);
}
