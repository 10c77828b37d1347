/** A command line for a terminal's shell, each argument quoted so that the shell takes it as it is. */

type Quoting = "posix" | "fish" | "powershell" | "cmd";

const quotings: ReadonlyMap<string, Quoting> = new Map([
  ["bash", "posix"],
  ["zsh", "posix"],
  ["sh", "posix"],
  ["ksh", "posix"],
  ["dash", "posix"],
  ["gitbash", "posix"],
  ["wsl", "posix"],
  ["fish", "fish"],
  ["pwsh", "powershell"],
  ["powershell", "powershell"],
  ["cmd", "cmd"],
]);

/**
 * @param shell the shell's name as `Terminal.state.shell` has it, or its path
 * @returns null when the shell is unknown or an argument cannot be quoted for it: then nothing may be sent to it
 */
export function commandLine(argv: readonly string[], shell: string): string | null {
  const name = (shell.split(/[\\/]/).pop() ?? "").toLowerCase().replace(/\.exe$/, "");
  const quoting = quotings.get(name);
  if (!quoting || argv.some((argument) => /[\0\r\n]/.test(argument))) return null;
  const quoted = argv.map((argument) => quote(argument, quoting));
  if (quoted.some((argument) => argument === null)) return null;
  // PowerShell takes a quoted first word for a string unless it is called.
  return `${quoting === "powershell" && quoted[0] !== argv[0] ? "& " : ""}${quoted.join(" ")}`;
}

function quote(argument: string, quoting: Quoting): string | null {
  if (/^[\w@%+=:,./-]+$/.test(argument) && !(quoting === "cmd" && /[%=,]/.test(argument))) return argument;
  switch (quoting) {
    case "posix":
      return `'${argument.replaceAll("'", "'\\''")}'`;
    case "fish":
      return `'${argument.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    case "powershell":
      return `'${argument.replaceAll("'", "''")}'`;
    case "cmd":
      // cmd expands %NAME% inside quotes and has no escape for it at a prompt.
      return /["%]/.test(argument) ? null : `"${argument}"`;
  }
}
