/** Reading a workspace of 5,000 files for who imports whom, and the memory that it takes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createWorkspaceSources } from "../server/lint/workspaceSources.ts";
import { figure, median } from "./measure.ts";
import { trainingScript } from "./trainingScript.ts";

const files = 5000;
const folders = 100;
const folder = mkdtempSync(path.join(tmpdir(), "haywire-bench-workspace-"));
try {
  writeFileSync(path.join(folder, "pyproject.toml"), "");
  const script = trainingScript(200);
  let bytes = 0;
  for (let at = 0; at < files; at++) {
    const inside = path.join(folder, `package${at % folders}`);
    mkdirSync(inside, { recursive: true });
    const text = `from package${(at + 1) % folders}.module${at + 1} import train\nimport module${at}\n${script}`;
    writeFileSync(path.join(inside, `module${at}.py`), text);
    bytes += text.length;
  }
  const times: number[] = [];
  const before = process.memoryUsage().rss;
  for (let round = 0; round < 5; round++) {
    const workspace = createWorkspaceSources({ watchesDisk: true });
    const start = performance.now();
    await workspace.prepare(folder);
    times.push((performance.now() - start) / 1000);
  }
  const grown = (process.memoryUsage().rss - before) / 1024 / 1024;
  const detail = `${files} files, ${(bytes / 1024 / 1024).toFixed(0)} MiB`;
  figure("workspace read for its imports", median(times), 3, "s", detail);
  figure("memory grown by five such readings", grown, 300, "MiB", detail);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
