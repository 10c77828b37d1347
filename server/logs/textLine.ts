/** Colours, cursor moves and other escapes of a terminal. */
const escapes = /\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;

/** What a terminal would show of a line: escapes left out, backspaces carried out. */
export function shownText(raw: string): string {
  const text = raw.includes("\x1b") ? raw.replace(escapes, "") : raw;
  if (!text.includes("\b")) {
    return text;
  }
  const shown: string[] = [];
  let at = 0;
  for (const character of text) {
    if (character === "\b") {
      at = Math.max(0, at - 1);
    } else {
      shown[at] = character;
      at++;
    }
  }
  return shown.join("");
}

const clock = "\\d{1,2}:\\d{2}:\\d{2}(?:[.,]\\d+)?";
const month = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*";

/** What loggers put before a message; each is taken off once, in any order. */
const prefixes: readonly RegExp[] = [
  /^\(\w+ pid=\d+[^)]*\)\s*/,
  /^\[[\w.-]+\] (?=\d{4}-\d{2}-\d{2} )/,
  new RegExp(`^\\[?\\d{4}[-/]\\d{2}[-/]\\d{2}[T ]${clock}(?:Z|[+-]\\d{2}:?\\d{2})?\\]?[\\s:|-]*`),
  new RegExp(`^\\[?\\d{1,2}[-/]\\d{1,2}(?:[-/]\\d{2,4})?[ T]${clock}\\]?[\\s:|-]*`),
  new RegExp(`^\\[?(?:[A-Z][a-z]{2} )?${month} \\d{1,2},? (?:\\d{4},? )?${clock}(?: \\d{4})?\\]?[\\s:|-]*`),
  new RegExp(`^\\[?${clock}\\]?[\\s:|-]*`),
  /^[IWEF]\d{4} \d{2}:\d{2}:\d{2}\.\d+\s+\d+ [\w.]+:\d+\]\s*/,
  /^[A-Za-z_][\w.]* - (?=(?:INFO|DEBUG|WARNING|ERROR)\b)/,
  /^\[?(?:INFO|DEBUG|WARNING|ERROR|CRITICAL|NOTICE)\]?(?:[\s:|-]+|$)/,
  /^(?:absl|tensorflow|root|__main__|DLL)[:\s]\s*/,
  /^\[[A-Za-z_][\w.<>-]*\](?=\[)/,
  /^\[?[\w./<>-]+\.(?:py|cpp|cc):\s?\d+(?::[\w<>.]+)?[\]:]*\s*/,
  /^[A-Za-z_][\w.<>]*:[\w.<>]+:\d+ - /,
  /^\(\w+:\d+\)\s*/,
  /^\[\s*rank:?\s*\d+(?:\s*\/\s*\d+)?\s*\]:?\s*/i,
  /^(?:-|\||>)\s+/,
];

/** Where the message begins behind the prefixes of its logger, and whether one of them was a date or a clock time. */
export function messageStart(line: string): { readonly start: number; readonly dated: boolean } {
  let rest = line.trimStart();
  let dated = false;
  for (let round = 0; round < 6; round++) {
    const found = prefixes.map((prefix) => prefix.exec(rest)?.[0] ?? "").find((text) => text.length > 0);
    if (found === undefined) {
      break;
    }
    dated = dated || /\d:\d{2}/.test(found);
    rest = rest.slice(found.length).trimStart();
  }
  return { start: line.length - rest.length, dated };
}
