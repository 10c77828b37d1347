/** Takes shell-integration and other operating-system commands out of terminal output; pieces may end within one. */
export interface TerminalText {
  push(piece: string): string;
}

/** An escape that has not ended after this many characters is text. */
const longestEscape = 4096;

/** `ESC ] … BEL` or `ESC ] … ESC \`: VS Code's `633;…` marks, window titles, links. */
const command = /\x1b\](?:[^\x07\x1b]|\x1b(?!\\))*(?:\x07|\x1b\\)/g;

/** A command, or an escape of which only the first character is here, at the end of a piece. */
const unfinished = /\x1b(?:\][^\x07\x1b]*\x1b?)?$/;

/** Colours and cursor moves stay in: the text reader knows them. */
export function plainTerminalText(): TerminalText {
  let held = "";
  return {
    push(piece) {
      const text = (held + piece).replace(command, "");
      const open = unfinished.exec(text)?.index ?? -1;
      if (open < 0 || text.length - open > longestEscape) {
        held = "";
        return text;
      }
      held = text.slice(open);
      return text.slice(0, open);
    },
  };
}
