/**
 * Output of programs that the user started: kept while it is not known whether it is training, offered to be followed when it
 * is, followed when the offer is taken. Nothing is followed by itself.
 */
import * as vscode from "vscode";
import { type Client, notify, request } from "./client.ts";
import { heldOutput } from "./heldOutput.ts";
import type { Panel } from "./panel.ts";
import type { OutputSink } from "./pipedTerminal.ts";
import { readSettings } from "./settings.ts";
import type { TrackedRuns } from "./trackedRuns.ts";
import { watchScriptLogs } from "./watchScriptLogs.ts";

export interface StartedProgram {
  readonly runId: string;
  readonly name: string;
  /** Absolute; null where none is known. */
  readonly codePath: string | null;
  /** Where relative paths begin, null where that is not known. */
  readonly workingFolder: string | null;
  readonly command: readonly string[];
  /** A file that its output goes to, absolute; null when it is told to us. */
  readonly outputFile: string | null;
}

export interface FollowOffers {
  /** Takes the output of a program from its start on. */
  begin(program: StartedProgram): OutputSink;
}

/** Milliseconds between two looks at output whose script says nothing. */
const lookInterval = 2000;
/** Looks at the output of one program: one that has not told a loss by then is not asked about any more. */
const mostLooks = 150;

export function createFollowOffers(client: Client, runs: TrackedRuns, panel: Panel): FollowOffers {
  const declined = new Set<string>();

  return {
    begin: (program) => {
      const held = heldOutput();
      const startedAt = Date.now();
      let decision: "open" | "asking" | "followed" | "left" = wantsOffers() ? "open" : "left";
      let end: { readonly exitCode: number | null } | null = null;
      let looks = 0;
      let lookedAt = 0;
      const key = program.codePath ?? program.name;
      if (declined.has(key)) decision = "left";

      const send = (
        text: string,
        more: { exitCode?: number | null; ended?: boolean; command?: readonly string[] } = {},
      ) => {
        const { runId, name, codePath } = program;
        void notify(client, "haywire/terminalOutput", { runId, name, codePath, text, ...more });
      };
      const ask = async () => {
        decision = "asking";
        const follow = "Follow";
        const never = "Never Offer";
        const message = `${program.name} is training. Haywire can follow it: plot its numbers and tell when it goes wrong.`;
        const choice = await vscode.window.showInformationMessage(message, follow, never);
        if (choice === never) {
          const settings = vscode.workspace.getConfiguration("haywire");
          await settings.update("offerToFollow", false, vscode.ConfigurationTarget.Global);
        }
        if (choice !== follow) {
          declined.add(key);
          decision = "left";
          held.take();
          return;
        }
        decision = "followed";
        await begin();
      };
      const begin = async () => {
        if (program.outputFile === null) {
          send(held.take(), { command: program.command });
          if (end !== null) send("", { exitCode: end.exitCode, ended: true });
        }
        await watchScriptLogs(client, runs, program, startedAt);
        panel.open(program.outputFile ?? program.runId);
      };
      const look = async () => {
        const output = held.peek();
        if (decision !== "open" || looks >= mostLooks || output === "") return;
        looks++;
        lookedAt = Date.now();
        if ((await request(client, "haywire/readsAsTraining", { output })) && decision === "open") await ask();
      };
      const quietly = (work: Promise<unknown>) => void work.catch(() => undefined);

      if (decision === "open" && program.codePath !== null) {
        const { codePath, command } = program;
        const params = { path: codePath, workingFolder: program.workingFolder ?? "", command };
        quietly(
          request(client, "haywire/scriptLogs", params).then(({ trains }) =>
            trains && decision === "open" ? ask() : null,
          ),
        );
      }
      const timer = setInterval(() => quietly(look()), lookInterval);
      return {
        text: (text) => {
          if (decision === "followed" && program.outputFile === null) return send(text);
          if (decision === "open" || decision === "asking") held.push(text);
          if (Date.now() - lookedAt >= lookInterval) quietly(look());
        },
        ended: (exitCode) => {
          clearInterval(timer);
          end = { exitCode };
          if (decision === "followed" && program.outputFile === null) send("", { exitCode, ended: true });
          else quietly(look());
        },
      };
    },
  };
}

/** In Restricted Mode nothing is followed, so nothing is offered. */
function wantsOffers(): boolean {
  return vscode.workspace.isTrusted && readSettings().offerToFollow;
}
