import type { Connection, Diagnostic } from "vscode-languageserver";
import type { ClientAbilities } from "./capabilities.ts";
import { diagnosticsOf, type PlacedVerdict } from "./diagnostics.ts";
import type { LintedProgram, OpenPrograms } from "./openPrograms.ts";
import { quietly } from "./quietly.ts";

/** Milliseconds that changes are gathered before a lint, so that a burst of keystrokes costs one. */
const pushDelay = 2;
/** Milliseconds between two requests to pull again: the client then asks for every open text. */
const refreshDelay = 50;

/** Brings findings to the client in the one way that it takes them: pushed, or pulled after a word from us. */
export interface Publisher {
  /** The findings of a program have changed or may have; `itself` when the client knows it and pulls on its own. */
  announce(uri: string, itself: boolean): void;
  announceAll(): void;
  /** A program was closed: its texts show nothing any more. */
  forget(uri: string): void;
  /** What one text shows now; empty for a text that is not open. */
  pull(uri: string): Promise<Diagnostic[]>;
}

export interface PublisherOptions {
  readonly connection: Connection;
  readonly client: ClientAbilities;
  readonly programs: OpenPrograms;
  readonly verdicts: () => readonly PlacedVerdict[];
  /** Resolves when a program's settings are known. */
  readonly ready: (uri: string) => Promise<unknown>;
}

export function createPublisher(options: PublisherOptions): Publisher {
  const { connection, client, programs, ready, verdicts: runVerdicts } = options;
  const due = new Map<string, NodeJS.Timeout>();
  /** Texts that show something pushed, by program. */
  const shown = new Map<string, ReadonlySet<string>>();
  let isRefreshDue = false;

  const lint = async (uri: string): Promise<LintedProgram | null> => {
    await ready(uri);
    return (await programs.get(uri)?.lint()) ?? null;
  };

  const send = (uri: string, diagnostics: Diagnostic[], version?: number) => {
    const params = { uri, diagnostics, ...(version === undefined ? {} : { version }) };
    quietly(() => connection.sendDiagnostics(params));
  };

  const push = async (uri: string) => {
    const linted = await lint(uri);
    const open = programs.get(uri);
    // A newer revision has been announced itself, and is on its way.
    if (!open || (linted && open.revision !== linted.revision)) return;
    const { program } = open;
    const findings = linted?.result.diagnostics ?? [];
    const texts = new Set(program.parts.map((part) => part.document.uri));
    for (const gone of shown.get(uri) ?? []) if (!texts.has(gone)) send(gone, []);
    shown.set(uri, texts);
    for (const { document } of program.parts) {
      send(document.uri, diagnosticsOf(program, document.uri, findings, runVerdicts()), document.version);
    }
  };

  const refresh = () => {
    if (!client.refreshesDiagnostics) return;
    if (isRefreshDue) return;
    isRefreshDue = true;
    setTimeout(() => {
      isRefreshDue = false;
      quietly(() => connection.languages.diagnostics.refresh());
    }, refreshDelay);
  };

  const announce = (uri: string, itself: boolean) => {
    if (client.pullsDiagnostics) {
      if (!itself) refresh();
    } else if (!due.has(uri)) {
      const run = () => {
        due.delete(uri);
        push(uri).catch((error: unknown) =>
          quietly(() => connection.console.error(`Cannot publish findings: ${error}`)),
        );
      };
      due.set(uri, setTimeout(run, pushDelay));
    }
  };

  return {
    announce,
    announceAll() {
      for (const { program } of programs.all()) announce(program.uri, false);
    },
    forget(uri) {
      clearTimeout(due.get(uri));
      due.delete(uri);
      for (const text of shown.get(uri) ?? []) send(text, []);
      shown.delete(uri);
    },
    async pull(uri) {
      const program = programs.ofText(uri)?.program;
      const linted = program ? await lint(program.uri) : null;
      return linted ? diagnosticsOf(linted.program, uri, linted.result.diagnostics, runVerdicts()) : [];
    },
  };
}
