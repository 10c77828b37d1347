import * as vscode from "vscode";
import { findOnPath } from "./scriptCommand.ts";
import { readSettings } from "./settings.ts";

/** The part of the Python extension's interface that is asked for the chosen interpreter. */
interface PythonExtensionApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(environment: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
  };
}

/** `haywire.pythonPath`, else what the Python extension has chosen, else `python3` or `python` on PATH. */
export async function pythonInterpreter(script: vscode.Uri): Promise<string> {
  const { pythonPath } = readSettings(script);
  if (pythonPath) return pythonPath;
  const chosen = await chosenInPythonExtension(script);
  if (chosen) return chosen;
  const windows = process.platform === "win32";
  // On Windows `python3` is often the store's placeholder.
  const names = windows ? ["python", "py"] : ["python3", "python"];
  return (await findOnPath(names, process.env.PATH ?? "", windows ? [".exe"] : [""])) ?? "python3";
}

async function chosenInPythonExtension(script: vscode.Uri): Promise<string | null> {
  const extension = vscode.extensions.getExtension<PythonExtensionApi>("ms-python.python");
  if (!extension) return null;
  try {
    const { environments } = await extension.activate();
    if (!environments) return null;
    const resolved = await environments.resolveEnvironment(environments.getActiveEnvironmentPath(script));
    return resolved?.executable.uri?.fsPath ?? null;
  } catch {
    return null;
  }
}
