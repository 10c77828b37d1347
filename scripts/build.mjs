// Bundles the extension host, the server, the command line and the panel into dist/. `--watch` rebuilds as files change.
import { cp, mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import * as esbuild from "esbuild";

const root = path.resolve(import.meta.dirname, "..");
const dist = path.join(root, "dist");
const require = createRequire(import.meta.url);

const nodeBundle = {
  bundle: true,
  platform: /** @type {const} */ ("node"),
  target: "node20",
  sourcemap: true,
  minify: true,
  absWorkingDir: root,
  // A UMD main hides what it requires from the bundler.
  mainFields: ["module", "main"],
  logLevel: /** @type {const} */ ("warning"),
};

/** @type {esbuild.BuildOptions[]} */
const builds = [
  // The host loads CommonJS and provides `vscode`.
  {
    ...nodeBundle,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.cjs",
    format: "cjs",
    external: ["vscode"],
  },
  // Split, so that the TypeScript compiler is loaded when the first TypeScript file is linted and not before.
  {
    ...nodeBundle,
    entryPoints: { lsp: "server/lspMain.ts", cli: "server/cliMain.ts", lintWorker: "server/lintWorker.ts" },
    outdir: "dist",
    format: "esm",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    outExtension: { ".js": ".mjs" },
    banner: {
      // What CommonJS libraries expect to be there.
      js: [
        'import { createRequire as haywireRequire } from "node:module";',
        'import { fileURLToPath as haywirePath } from "node:url";',
        "const require = haywireRequire(import.meta.url);",
        "const __filename = haywirePath(import.meta.url);",
        'const __dirname = haywirePath(new URL(".", import.meta.url));',
      ].join(" "),
    },
  },
  {
    bundle: true,
    platform: "browser",
    target: "es2022",
    sourcemap: true,
    minify: true,
    absWorkingDir: root,
    logLevel: "warning",
    entryPoints: ["media/panel.ts", "media/panel.css"],
    outdir: "dist/media",
  },
];

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const wasm = [
  require.resolve("web-tree-sitter/web-tree-sitter.wasm"),
  path.join(path.dirname(require.resolve("tree-sitter-python/package.json")), "tree-sitter-python.wasm"),
];
for (const file of wasm) await cp(file, path.join(dist, path.basename(file)));
await cp(path.join(root, "server/rules"), path.join(dist, "rules"), {
  recursive: true,
  filter: (source) => !path.extname(source) || source.endsWith(".md"),
});

if (process.argv.includes("--watch")) {
  for (const options of builds) await (await esbuild.context({ ...options, logLevel: "info" })).watch();
} else {
  await Promise.all(builds.map((options) => esbuild.build(options)));
}
