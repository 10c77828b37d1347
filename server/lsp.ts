import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import {
  type Connection,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  FileChangeType,
} from "vscode-languageserver";
import packageJson from "../package.json" with { type: "json" };
import { compiledPatterns } from "./config/logPatterns.ts";
import { createLinter, type Linter } from "./lint/linter.ts";
import { createParsers } from "./lint/loadParsers.ts";
import { createWorkspaceSources } from "./lint/workspaceSources.ts";
import { loadBaseline, loadBasis } from "./lsp/basis.ts";
import { abilitiesOf, type ClientAbilities, serverCapabilities } from "./lsp/capabilities.ts";
import { rulesNamedBy, sameFile } from "./lsp/diagnostics.ts";
import { editorSettings } from "./lsp/editorSettings.ts";
import { createOpenPrograms, type OpenPrograms } from "./lsp/openPrograms.ts";
import { type Program, pathOf } from "./lsp/programs.ts";
import { createPublisher } from "./lsp/publisher.ts";
import { quietly } from "./lsp/quietly.ts";
import { answerRequests } from "./lsp/requests.ts";
import { serveRuns } from "./lsp/runs.ts";
import { listenToTexts } from "./lsp/sync.ts";
import { recordSnapshot } from "./snapshots/recordSnapshot.ts";

/** Files that hold settings, accept findings or pin library versions: when one changes, everything open is linted again. */
const basisFiles =
  "**/{pyproject.toml,haywire.toml,*baseline*.json,requirements*.txt,environment.yml,environment.yaml,package.json,package-lock.json}";

const basisFile =
  /(pyproject\.toml|haywire\.toml|baseline[^/]*\.json|requirements[^/]*\.txt|environment\.ya?ml|package(-lock)?\.json)$/;

/** Files that scripts read values and functions from: when one changes, what reads it is linted again. */
const sourceFiles = "**/*.{py,yaml,yml}";

function isConfiguration(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path);
}

/** Serves a client over any connection until it closes: linting of open texts, and runs that are watched. */
export function startLanguageServer(connection: Connection): void {
  connection.onInitialize(({ capabilities, initializationOptions }) => {
    const client = abilitiesOf(capabilities, initializationOptions);
    serve(connection, client);
    return {
      capabilities: serverCapabilities(client),
      serverInfo: { name: packageJson.displayName, version: packageJson.version },
    };
  });
  connection.listen();
}

function serve(connection: Connection, client: ClientAbilities): void {
  const parsers = createParsers();
  const workspace = createWorkspaceSources({ watchesDisk: true });
  const linter = createLinter(parsers, workspace);
  const logError = (message: string) => quietly(() => connection.console.error(message));
  const programs = createOpenPrograms(linter, logError);
  const ready = new Map<string, Promise<unknown>>();

  const runs = serveRuns(connection, {
    factsOf: (path) => factsOf(linter, programs, path),
    patternsFor: async (path) => {
      const { settings } = await editorSettings(connection, pathToFileURL(path).href, client.configuration);
      return compiledPatterns(settings.logPatterns);
    },
    onStarted: (script, command) => {
      if (client.trusted) logged(keepRun(script, command));
    },
    onPlacesChanged: () => {
      for (const { program } of programs.all()) suspect(program);
      publisher.announceAll();
    },
    onStateChanged: () => {
      if (client.refreshesCodeLenses) quietly(() => connection.sendRequest("workspace/codeLens/refresh"));
    },
  });
  const publisher = createPublisher({
    connection,
    client,
    programs,
    verdicts: runs.placedVerdicts,
    ready: (uri) => ready.get(uri) ?? Promise.resolve(),
  });
  /** Rules that wait for a verdict speak in the program that it leads to. */
  const suspect = (program: Program) => {
    const verdicts = runs.placedVerdicts().filter(({ place }) => sameFile(place.uri, program.uri));
    const suspected = rulesNamedBy(verdicts);
    const before = programs.get(program.uri)?.basis.suspected;
    if (before !== undefined && !sameNames(before, suspected)) programs.setBasis(program.uri, { suspected });
  };
  const readBasis = async (program: Program) => {
    programs.setBasis(program.uri, await loadBasis(connection, program, client.configuration));
  };
  const readBaseline = async (program: Program) => {
    if (!client.trusted) return;
    await ready.get(program.uri);
    const versions = programs.get(program.uri)?.basis.libraryVersions ?? new Map();
    const baseline = await loadBaseline(linter, program, versions);
    if (!baseline && !programs.get(program.uri)?.basis.baseline) return;
    programs.setBasis(program.uri, { baseline });
    publisher.announce(program.uri, false);
  };
  const keepRun = async (script: string, command: readonly string[]) => {
    await recordSnapshot(linter, { script, command, startedAt: new Date() });
    const open = programs.ofPath(script);
    if (open) await readBaseline(open.program);
  };
  const logged = (work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => logError(error instanceof Error ? error.message : String(error)));
  const readAllAgain = () => {
    for (const { program } of programs.all()) {
      // One after the other, so that the newest settings are the last to be set.
      const before = ready.get(program.uri) ?? Promise.resolve();
      ready.set(
        program.uri,
        before.then(() => logged(readBasis(program))),
      );
    }
    publisher.announceAll();
  };

  /** Open programs whose values come from a file that has changed are linted again. */
  const refreshReaders = (path: string, readers: ReadonlySet<string>) => {
    for (const { program } of programs.all()) {
      if (program.path === path || !readers.has(program.path)) continue;
      programs.touch(program.uri);
      publisher.announce(program.uri, false);
    }
  };
  const takeText = (path: string, text: string | null) => {
    if (!path.endsWith(".py") && !isConfiguration(path)) return;
    refreshReaders(path, workspace.setText(path, text));
  };

  /** What is asked of other files later is read beforehand, while nothing waits for it. */
  const prepareFolders = async () => {
    await Promise.all(["first.py", "first.yaml", "first.json"].map(parsers.forPath));
    for (const { uri } of (await connection.workspace.getWorkspaceFolders()) ?? [])
      await workspace.prepare(pathOf(uri));
  };

  listenToTexts(connection, {
    onText(program, edits) {
      const isNew = programs.get(program.uri) === null;
      programs.set(program, edits);
      takeText(program.path, program.text);
      if (isNew) {
        ready.set(program.uri, logged(readBasis(program)));
        logged(readBaseline(program));
        suspect(program);
      }
      // A client pulls the text that changed; the other cells of a notebook it does not.
      publisher.announce(program.uri, program.parts.length === 1);
    },
    onSave(uri) {
      const program = programs.get(uri)?.program;
      if (program) logged(readBaseline(program));
    },
    onClose(uri) {
      const closed = programs.get(uri)?.program;
      programs.close(uri);
      if (closed) takeText(closed.path, null);
      ready.delete(uri);
      publisher.forget(uri);
    },
  });
  answerRequests(connection, client, programs, publisher, runs, workspace.textOf);

  connection.onInitialized(() => {
    if (client.registersConfiguration) {
      logged(connection.client.register(DidChangeConfigurationNotification.type, { section: "haywire" }));
    }
    if (client.registersWatchedFiles) {
      const watchers = [{ globPattern: basisFiles }, { globPattern: sourceFiles }];
      logged(connection.client.register(DidChangeWatchedFilesNotification.type, { watchers }));
    }
    if (client.workspaceFolders) {
      connection.workspace.onDidChangeWorkspaceFolders(readAllAgain);
      logged(prepareFolders());
    }
  });
  connection.onDidChangeConfiguration(readAllAgain);
  connection.onDidChangeWatchedFiles(({ changes }) => {
    for (const { uri, type } of changes) {
      const path = pathOf(uri);
      const isThere = type === FileChangeType.Changed;
      const readers = workspace.changed(path, isThere ? "content" : "existence");
      // Any import may lead to a file that has appeared.
      refreshReaders(path, isThere ? readers : new Set(programs.all().map(({ program }) => program.path)));
    }
    if (changes.some(({ uri }) => basisFile.test(uri))) readAllAgain();
  });
  connection.onShutdown(() => runs.close());
}

function sameNames(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((name) => other.has(name));
}

/** What the script behind a run says: as the editor has it, else as the disk has it; null when it cannot be read. */
async function factsOf(linter: Linter, programs: OpenPrograms, path: string) {
  // A line of a notebook is one of a cell, which a place in a file cannot say.
  if (path.endsWith(".ipynb")) return null;
  const linted = await programs.ofPath(path)?.lint();
  if (linted) return { text: linted.program.text, facts: linted.result.facts };
  const text = await readFile(path, "utf8").catch(() => null);
  return text === null ? null : { text, facts: (await linter.lintText({ path, text })).facts };
}
