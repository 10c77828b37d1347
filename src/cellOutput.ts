/** What a notebook cell has printed since it was last looked at, as the text of a terminal would be. */

/** One item of a cell's outputs. */
export interface OutputItem {
  readonly mime: string;
  readonly data: Uint8Array;
}

export interface CellOutput {
  /** The new text, given all items as they are now. Progress bars and tables are written over: what has changed comes again. */
  next(items: readonly OutputItem[]): string;
}

const decoder = new TextDecoder();

export function cellOutput(): CellOutput {
  let before = "";
  return {
    next: (items) => {
      const now = items.map(textOf).join("");
      if (now.startsWith(before)) {
        const added = now.slice(before.length);
        before = now;
        return added;
      }
      let at = 0;
      while (at < before.length && before[at] === now[at]) at++;
      const line = Math.max(now.lastIndexOf("\n", at - 1), now.lastIndexOf("\r", at - 1)) + 1;
      // A line that was begun is written over.
      const isOpen = before.length > 0 && !/[\r\n]$/.test(before);
      before = now;
      return `${isOpen ? "\r" : ""}${now.slice(line)}`;
    },
  };
}

function textOf({ mime, data }: OutputItem): string {
  if (/^(application\/vnd\.code\.notebook\.(stdout|stderr)|application\/x\.notebook\.(stdout|stderr))$/.test(mime)) {
    return decoder.decode(data);
  }
  return mime === "text/html" ? tableLines(decoder.decode(data)) : "";
}

/** The rows of tables such as the Trainer's and fastai's, a line each: `Step: 10 | Training Loss: 0.52`. */
export function tableLines(html: string): string {
  const lines: string[] = [];
  for (const [, table] of html.matchAll(/<table[^>]*>([\s\S]*?)<\/table>/gi)) {
    let names: readonly string[] = [];
    for (const [, row] of (table ?? "").matchAll(/<tr[^>]*>([\s\S]*?)(?=<\/tr>|<tr[\s>]|$)/gi)) {
      const cells = [...(row ?? "").matchAll(/<(t[hd])[^>]*>([\s\S]*?)(?=<\/t[hd]>|<t[hd][\s>]|$)/gi)];
      const texts = cells.map(([, , text]) => (text ?? "").replace(/<[^>]*>/g, "").trim());
      if (cells.length > 0 && cells.every(([, kind]) => kind?.toLowerCase() === "th")) names = texts;
      else if (names.length === texts.length) {
        const filled = texts.flatMap((text, index) =>
          /^[-+\d.naif]+(e[-+]?\d+)?$/i.test(text) ? [`${names[index]}: ${text}`] : [],
        );
        if (filled.length > 1) lines.push(filled.join(" | "));
      }
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}
