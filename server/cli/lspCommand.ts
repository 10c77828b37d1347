import { type Command, UsageError } from "./io.ts";
import { readOptions } from "./options.ts";

export const lspCommand: Command = {
  name: "lsp",
  summary: "The language server, for any editor.",
  usage: `Usage: haywire lsp --stdio

Speaks the Language Server Protocol 3.17 on standard input and output.`,
  async run(argv) {
    const { values } = readOptions(argv, { options: { stdio: { type: "boolean" } } });
    if (!values.stdio)
      throw new UsageError("The language server speaks on standard streams: use `haywire lsp --stdio`.");
    const { startProcessLanguageServer } = await import("../lsp/process.ts");
    startProcessLanguageServer();
    // The language-server package ends the process when its client says so or goes away.
    return new Promise<never>(() => undefined);
  },
};
