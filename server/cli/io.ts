import type { Readable, Writable } from "node:stream";

/** What a command sees of the world: the streams, environment and folder of the process, or a test's own. */
export interface CommandIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Standard output is a terminal: colours and live lines make sense. */
  readonly isTTY: boolean;
  /** Ends a command that would go on for ever, such as `watch LOG`. */
  readonly stop?: AbortSignal;
}

/** One command of `haywire`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The text of `--help`. */
  readonly usage: string;
  /** Gives the exit status; throws `UsageError` for what the user has to put right. */
  run(argv: readonly string[], io: CommandIo): Promise<number>;
}

/** Nothing at warning or above. */
export const exitClean = 0;
/** Findings at warning or above. */
export const exitFindings = 1;
/** The job could not be done: a bad option, an unreadable path, an internal error. */
export const exitFailure = 2;

/** `watch --stop-on` ended what it watched. */
export const exitStopped = 3;

/** The user has to change the command line or a file: its message is shown alone, the exit status is 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export function say(stream: Writable, text: string): void {
  stream.write(`${text}\n`);
}

/** Whether to colour: on a terminal, unless `NO_COLOR` (https://no-color.org) is set to anything but nothing. */
export function wantsColor(io: CommandIo): boolean {
  return io.isTTY && !io.env.NO_COLOR && io.env.TERM !== "dumb";
}
