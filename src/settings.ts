/** The `haywire.*` settings that the extension host itself reads; the server asks for the rest. */
import * as vscode from "vscode";

export interface Settings {
  /** A Python to run scripts with; empty to ask the Python extension, then PATH. */
  readonly pythonPath: string;
  /** Whether training that was started by hand is offered to be followed. */
  readonly offerToFollow: boolean;
  readonly notifications: "all" | "errors" | "off";
  /** Weight of the running average, 0…0.999. */
  readonly smoothing: number;
}

export function readSettings(scope?: vscode.Uri): Settings {
  const section = vscode.workspace.getConfiguration("haywire", scope);
  const notifications = section.get<string>("notifications", "all");
  return {
    pythonPath: section.get<string>("pythonPath", "").trim(),
    offerToFollow: section.get<boolean>("offerToFollow", true),
    notifications: notifications === "off" || notifications === "errors" ? notifications : "all",
    smoothing: Math.min(0.999, Math.max(0, section.get<number>("panel.smoothing", 0.6))),
  };
}
