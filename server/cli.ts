import packageJson from "../package.json" with { type: "json" };
import { changesCommand } from "./cli/changesCommand.ts";
import { checkCommand } from "./cli/checkCommand.ts";
import { diagnoseCommand } from "./cli/diagnoseCommand.ts";
import { type Command, type CommandIo, exitClean, exitFailure, say, UsageError } from "./cli/io.ts";
import { lspCommand } from "./cli/lspCommand.ts";
import { ruleCommand } from "./cli/ruleCommand.ts";
import { watchCommand } from "./cli/watchCommand.ts";

const commands: readonly Command[] = [
  checkCommand,
  diagnoseCommand,
  watchCommand,
  changesCommand,
  ruleCommand,
  lspCommand,
];

/**
 * Runs one command. Resolves to the exit status: 0 nothing at warning or above, 1 findings, 2 the job could not be done;
 * `watch -- CMD` gives the command's own status. Never rejects.
 */
export async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === "--version" || name === "-V") return answer(io, packageJson.version);
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const about = commands.find((command) => command.name === rest[0]);
    return answer(io, about?.usage ?? overview());
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) return fail(io, `There is no command "${name}".`, "haywire --help");
  if (asksForHelp(rest)) return answer(io, command.usage);
  try {
    return await command.run(rest, io);
  } catch (error) {
    if (error instanceof UsageError) return fail(io, error.message, `haywire ${name} --help`);
    say(
      io.stderr,
      `haywire: internal error in ${name}: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
    );
    return exitFailure;
  }
}

function asksForHelp(argv: readonly string[]): boolean {
  const own = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  return own.includes("--help") || own.includes("-h");
}

function overview(): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    "Haywire keeps training runs from going haywire: it lints training code, follows logs, and says what went wrong.",
    "",
    "Usage: haywire COMMAND [OPTIONS]",
    "",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    "`haywire COMMAND --help` tells more about one. Exit status: 0 nothing at warning or above, 1 findings, 2 failure.",
  ].join("\n");
}

function answer(io: CommandIo, text: string): number {
  say(io.stdout, text);
  return exitClean;
}

function fail(io: CommandIo, message: string, help: string): number {
  say(io.stderr, `haywire: ${message} See \`${help}\`.`);
  return exitFailure;
}
