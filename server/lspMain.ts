import { startProcessLanguageServer } from "./lsp/process.ts";

startProcessLanguageServer();
