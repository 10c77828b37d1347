// Finds an installed Chromium, Chrome or Edge. Node built-ins only.
import { accessSync, constants } from "node:fs";
import path from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome"];

const applications = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
];

const windowsPrograms = [
  "Google\\Chrome\\Application\\chrome.exe",
  "Microsoft\\Edge\\Application\\msedge.exe",
  "Chromium\\Application\\chrome.exe",
];

/** The path of a browser to drive; null when none is installed. @returns {string | null} */
export function findBrowser() {
  const { env } = process;
  const onPath = (env.PATH ?? "")
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)));
  const programFolders = [env.ProgramFiles, env["ProgramFiles(x86)"], env.LOCALAPPDATA];
  const programs = programFolders.flatMap((folder) =>
    folder ? windowsPrograms.map((program) => path.join(folder, program)) : [],
  );
  const candidates = { darwin: [...applications, ...onPath], win32: programs }[process.platform.toString()] ?? onPath;
  return candidates.find(isProgram) ?? null;
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
