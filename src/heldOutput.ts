/** Output that waits for a decision: its first and its newest part, since headings stand at the start and the end goes on. */
export interface HeldOutput {
  push(text: string): void;
  peek(): string;
  /** Gives what is held, and holds nothing any more. */
  take(): string;
}

/** In UTF-16 code units. */
const longestStart = 200_000;
const longestEnd = 800_000;

export function heldOutput(): HeldOutput {
  let start = "";
  let end = "";
  return {
    push: (text) => {
      const room = longestStart - start.length;
      start += text.slice(0, Math.max(0, room));
      end += text.slice(Math.max(0, room));
      if (end.length <= 2 * longestEnd) return;
      // What is left out ends with a line.
      const from = end.indexOf("\n", end.length - longestEnd) + 1;
      end = `\n${end.slice(from)}`;
    },
    peek: () => start + end,
    take: () => {
      const all = start + end;
      start = "";
      end = "";
      return all;
    },
  };
}
