// `npm start`: opens VS Code on examples/ with Haywire loaded, while a recorded run is replayed as if it trained now.
// `npm start -- --cli`: the same in the terminal. Node built-ins only: nothing may be installed yet.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  freePort,
  installEmbeddedVSCode,
  installExtensions,
  quietSettings,
  startServer,
  stopGroup,
} from "./embeddedVSCode.mjs";
import { build, installDependencies, packExtension, packTour, requireNode, root } from "./prepare.mjs";
import { replayRun } from "./replayRun.mjs";

const help = `npm start -- [OPTIONS]

Opens VS Code on examples/ with Haywire loaded: the VS Code on this machine when \`code\` is on PATH, else one from npm,
in the browser. A recorded run that fails late is replayed into examples/runs/ meanwhile.

  --cli          show the same in the terminal: lint the example, watch its run
  --embedded     use the VS Code from npm even when \`code\` is on PATH
  --port N       the port of the VS Code from npm (8137, or any free one when it is taken)
  --no-open      do not open a browser
  --seconds N    how long the replay takes (90)
  --help         this text`;

const examples = path.join(root, "examples");
/** Left by the tour (scripts/tour) when VS Code has opened. */
const opened = path.join(root, ".vscode-e2e/start/opened");
const example = {
  script: path.join(examples, "transformer.py"),
  recorded: path.join(examples, "recorded/transformer.log"),
  log: path.join(examples, "runs/transformer/train.log"),
};

requireNode();
const options = readOptions();
const ending = new AbortController();
/** @type {(() => void | Promise<void>)[]} */
const cleanUps = [];
let exitCode = 0;
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => ending.abort());

installDependencies();
build();
try {
  if (options.cli) await inTerminal();
  else if (!options.embedded && desktopCode()) await inDesktop();
  else await inBrowser();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  exitCode = 2;
}
ending.abort();
for (const cleanUp of cleanUps.reverse()) await cleanUp();
process.exit(exitCode);

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        cli: { type: "boolean", default: false },
        embedded: { type: "boolean", default: false },
        port: { type: "string", default: "8137" },
        "no-open": { type: "boolean", default: false },
        seconds: { type: "string", default: "90" },
        help: { type: "boolean", default: false },
      },
    });
    const port = Number(values.port);
    const seconds = Number(values.seconds);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Error(`--port takes a port, not "${values.port}"`);
    if (!(seconds > 0)) throw new Error(`--seconds takes a number above 0, not "${values.seconds}"`);
    if (values.help) {
      console.log(help);
      process.exit(0);
    }
    return { ...values, port, seconds };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${help}`);
    process.exit(2);
  }
}

async function inTerminal() {
  clearRuns();
  const cli = path.join(root, "dist/cli.mjs");
  const relative = (/** @type {string} */ file) => path.relative(root, file);
  await runCli(cli, ["check", relative(examples)]);
  const replayed = replay();
  const watching = spawnCli(cli, ["watch", relative(example.log), "--code", relative(example.script)]);
  await Promise.race([replayed, watching.exited, aborted()]);
  // The last verdict may need the last record: a look at the file is at most half a second away.
  if (!ending.signal.aborted)
    await Promise.race([watching.exited, aborted(), new Promise((resolve) => setTimeout(resolve, 1500))]);
}

async function inDesktop() {
  clearRuns();
  console.log("Opening VS Code on examples/ with Haywire loaded");
  const extensions = [root, path.join(root, "scripts/tour")].map((folder) => `--extensionDevelopmentPath=${folder}`);
  const window = spawn("code", ["--new-window", "--wait", ...extensions, examples], {
    stdio: "inherit",
    shell: process.platform === "win32",
    env: { ...process.env, HAYWIRE_TOUR_OPENED: opened },
  });
  const closed = new Promise((resolve) => window.once("exit", resolve));
  cleanUps.push(() => void window.kill());
  console.log("Close its window or press Ctrl-C to end");
  void replayWhenOpened();
  await Promise.race([closed, aborted()]);
}

async function inBrowser() {
  clearRuns();
  const data = path.join(root, ".vscode-e2e/start");
  const embedded = await installEmbeddedVSCode("1.139", { say: console.log });
  await installExtensions(embedded, data, [packExtension(), packTour()]);
  const settings = path.join(data, "user/User/settings.json");
  if (!existsSync(settings)) {
    mkdirSync(path.dirname(settings), { recursive: true });
    writeFileSync(settings, JSON.stringify(quietSettings, null, 2));
  }
  const port = await freePort(options.port);
  const env = { HAYWIRE_TOUR_OPENED: opened };
  const server = await startServer(embedded, { data, port, logFile: path.join(data, "server.log"), env });
  cleanUps.push(server.stop);
  const url = `${server.url}/?folder=${encodeURIComponent(examples)}`;
  console.log(`VS Code is open at\n\n  ${url}\n`);
  if (!options["no-open"]) openBrowser(url);
  console.log("Ctrl-C ends it");
  void replayWhenOpened();
  await Promise.race([server.exited, aborted()]);
  if (!ending.signal.aborted)
    throw new Error(`VS Code's server has ended; its output is in ${path.join(data, "server.log")}`);
}

/** The run begins when somebody looks: the tour leaves a file when VS Code has opened. */
async function replayWhenOpened() {
  while (!existsSync(opened)) {
    if (ending.signal.aborted) return;
    await sleep(200);
  }
  await replay();
  if (!ending.signal.aborted) console.log("The replayed run has ended; VS Code stays open");
}

function replay() {
  console.log(
    `Replaying ${path.relative(root, example.recorded)} into ${path.relative(root, example.log)} over ${options.seconds} s`,
  );
  return replayRun(example.recorded, example.log, { seconds: options.seconds, signal: ending.signal });
}

/** The last start's replay goes, and an empty log stands ready to be watched. */
function clearRuns() {
  rmSync(opened, { force: true });
  mkdirSync(path.dirname(opened), { recursive: true });
  mkdirSync(path.dirname(example.log), { recursive: true });
  writeFileSync(example.log, "");
}

/** Runs a subcommand to its end; findings are no failure here. @param {string} cli @param {string[]} args */
async function runCli(cli, args) {
  const code = await spawnCli(cli, args).exited;
  if (code !== null && code > 1) throw new Error(`haywire ${args.join(" ")} ended with ${code}`);
}

/** @param {string} cli @param {string[]} args */
function spawnCli(cli, args) {
  console.log(`\n$ haywire ${args.join(" ")}`);
  // A group of its own: Ctrl-C reaches this script, which ends the child and what the child started.
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: root,
    stdio: "inherit",
    detached: process.platform !== "win32",
  });
  const exited = new Promise((/** @type {(code: number | null) => void} */ resolve) => child.once("exit", resolve));
  const pid = child.pid;
  cleanUps.push(async () => {
    if (pid !== undefined && child.exitCode === null) await stopGroup(pid, exited);
  });
  return { exited };
}

function aborted() {
  return new Promise((resolve) => {
    if (ending.signal.aborted) resolve(undefined);
    else ending.signal.addEventListener("abort", resolve, { once: true });
  });
}

function desktopCode() {
  return spawnSync("code", ["--version"], { shell: process.platform === "win32", stdio: "ignore" }).status === 0;
}

/** Where there is a screen and somebody at it. @param {string} url */
function openBrowser(url) {
  if (process.env.CI) return;
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return;
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  spawn(opener, [url], { stdio: "ignore", detached: true })
    .once("error", () => {})
    .unref();
}
