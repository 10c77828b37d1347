import { chmod, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { type DecodedText, decodeText, encodeText } from "../text/decode.ts";
import type { Outcome } from "../text/problem.ts";

/** A source file as text; `binary` and empty where it cannot be read, which a problem then says. `name` is for messages. */
export async function readSource(file: string, name: string): Promise<Outcome<DecodedText>> {
  try {
    return decodeText(name, await readFile(file));
  } catch (error) {
    return {
      value: { text: "", encoding: "utf-8", bom: false, binary: true },
      problems: [{ path: name, message: unreadable(error) }],
    };
  }
}

/** What is said of a file that cannot be read. */
export function unreadable(error: unknown): string {
  return `The file cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

/** Replaces a file whole or not at all, through a new one beside it; encoding and mode are kept, a link stays a link. */
export async function writeSource(file: string, text: string, as: DecodedText): Promise<void> {
  const target = await realpath(file);
  const { mode } = await stat(target);
  const temporary = path.join(path.dirname(target), `.${path.basename(target)}.haywire-${process.pid}`);
  await writeFile(temporary, encodeText({ text, encoding: as.encoding, bom: as.bom }), { flag: "wx" });
  try {
    await chmod(temporary, mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
