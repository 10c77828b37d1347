/** The readers of other tools, in a Python of their own that is installed once. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const folder = path.resolve(import.meta.dirname, "..", ".haywire", "bench-python");
const requirements = path.resolve(import.meta.dirname, "requirements.txt");

/** The Python that has what `requirements.txt` names, null where it cannot be installed. */
export function peerPython(): string | null {
  const python = path.join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const whole = path.join(folder, "whole");
  if (existsSync(whole)) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true });
  const made = spawnSync("python3", ["-m", "venv", folder]).status === 0;
  const installed = made && spawnSync(python, ["-m", "pip", "install", "-q", "-r", requirements]).status === 0;
  if (installed) writeFileSync(whole, "");
  return installed ? python : null;
}

/** The last line that a program prints; throws with what it says when it fails. */
export function peerText(python: string, program: string, args: readonly string[] = []): string {
  const { stdout, stderr, status } = spawnSync(python, ["-c", program, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program}\n${stdout}${stderr}`);
  return stdout.trim().split("\n").at(-1) ?? "";
}

/** The number that a program prints in its last line. */
export function peerNumber(python: string, program: string, args: readonly string[] = []): number {
  return Number(peerText(python, program, args));
}
