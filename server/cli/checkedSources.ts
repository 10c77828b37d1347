import { readFileSync } from "node:fs";
import path from "node:path";
import { findSources } from "../lint/findSources.ts";
import type { SettingsReader } from "./commandSettings.ts";
import { type CommandIo, UsageError } from "./io.ts";
import { unreadable } from "./sourceFile.ts";

export interface NamedSource {
  /** As it is shown: relative to the current folder where the user named it so. */
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  readonly bytes: Buffer;
}

/** The files to check, or standard input for `-`. One that cannot be read is only complained about. */
export async function* sourcesOf(
  paths: readonly string[],
  stdinName: string | undefined,
  settingsOf: SettingsReader,
  io: CommandIo,
  complain: (name: string, problem: string) => void,
  forceExclude = false,
): AsyncGenerator<NamedSource> {
  if (paths.includes("-")) {
    if (paths.length > 1) throw new UsageError("- stands alone: standard input is one file.");
    if (stdinName === undefined) {
      throw new UsageError("Reading standard input needs --stdin-filename, which tells the language.");
    }
    const chunks: Buffer[] = [];
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
    yield { name: stdinName, file: path.resolve(io.cwd, stdinName), bytes: Buffer.concat(chunks) };
    return;
  }
  const { exclude } = (await settingsOf(io.cwd)).lint;
  const { value: files, problems } = await findSources(
    paths.map((each) => path.resolve(io.cwd, each)),
    exclude,
    forceExclude,
  );
  const nameOf = (file: string) => {
    const relative = path.relative(io.cwd, file);
    return relative.startsWith("..") ? file : relative;
  };
  for (const problem of problems) complain(nameOf(problem.path), problem.message);
  for (const file of files) {
    const name = nameOf(file);
    try {
      // Many small files are read several times as fast so as through the thread pool.
      yield { name, file, bytes: readFileSync(file) };
    } catch (error) {
      complain(name, unreadable(error));
    }
  }
}
