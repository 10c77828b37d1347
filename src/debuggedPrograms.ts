/** Training under a debugger whose output goes to the debug console. In a terminal it is seen as any other program there. */
import path from "node:path";
import * as vscode from "vscode";
import type { FollowOffers } from "./followOffers.ts";
import type { OutputSink } from "./pipedTerminal.ts";
import { scriptLanguage } from "./scriptCommand.ts";

/** What a debug adapter says, as far as it concerns output (Debug Adapter Protocol, `output` and `exited` events). */
interface AdapterEvent {
  readonly type?: string;
  readonly event?: string;
  readonly body?: { readonly category?: string; readonly output?: string; readonly exitCode?: number };
}

export function watchDebuggers(offers: FollowOffers): vscode.Disposable {
  return vscode.debug.registerDebugAdapterTrackerFactory("*", {
    createDebugAdapterTracker: (session) => {
      const { program, cwd, args } = session.configuration;
      if (typeof program !== "string" || !scriptLanguage(program)) return undefined;
      let sink: OutputSink | null = null;
      let exitCode: number | null = null;
      const end = () => {
        sink?.ended(exitCode);
        sink = null;
      };
      return {
        onDidSendMessage: ({ type, event, body }: AdapterEvent) => {
          if (type !== "event") return;
          if (event === "exited") exitCode = body?.exitCode ?? null;
          const isOutput = event === "output" && (body?.category === "stdout" || body?.category === "stderr");
          if (!isOutput || body?.output === undefined) return;
          sink ??= offers.begin({
            runId: `debug:${session.id}`,
            name: path.basename(program),
            codePath: path.isAbsolute(program) ? program : null,
            workingFolder: typeof cwd === "string" ? cwd : path.dirname(program),
            command: [program, ...(Array.isArray(args) ? args.map(String) : [])],
            outputFile: null,
          });
          sink.text(body.output);
        },
        onWillStopSession: end,
        onExit: end,
      };
    },
  });
}
