#!/usr/bin/env node
// What npm installs as `haywire`: the bundle where it has been built, else the sources through tsx.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const bundle = new URL("../dist/cli.mjs", import.meta.url);
if (existsSync(bundle)) await import(bundle.href);
else {
  const sources = fileURLToPath(new URL("../server/cliMain.ts", import.meta.url));
  const node = ["--import", import.meta.resolve("tsx"), sources, ...process.argv.slice(2)];
  const { status, error } = spawnSync(process.execPath, node, { stdio: "inherit" });
  if (error) throw error;
  process.exitCode = status ?? 2;
}
