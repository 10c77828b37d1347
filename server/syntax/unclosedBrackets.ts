const closes: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/**
 * Offsets of brackets of a Python text that have no partner, in order: an opening one takes all that follows into its
 * expression, so an error seldom begins where its cause is. Brackets in strings and comments are passed over; a string that
 * is not closed ends with its line, or with the text when it has triple quotes.
 */
export function unclosedBrackets(text: string): readonly number[] {
  const open: number[] = [];
  const alone: number[] = [];
  const interesting = /["'#()[\]{}]/g;
  for (let found = interesting.exec(text); found; found = interesting.exec(text)) {
    const [mark] = found;
    if (mark === "#") interesting.lastIndex = endOfLine(text, found.index);
    else if (mark === '"' || mark === "'") interesting.lastIndex = endOfString(text, found.index, mark);
    else if (!Object.hasOwn(closes, mark)) open.push(found.index);
    else if (text[open.at(-1) ?? -1] === closes[mark]) open.pop();
    else alone.push(found.index);
  }
  return [...open, ...alone].sort((a, b) => a - b);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function endOfString(text: string, start: number, quote: string): number {
  const triple = quote.repeat(3);
  const isTriple = text.startsWith(triple, start);
  const closing = isTriple ? triple : quote;
  for (let at = start + closing.length; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "\n" && !isTriple) return at;
    else if (text.startsWith(closing, at)) return at + closing.length;
  }
  return text.length;
}
