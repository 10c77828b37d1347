const prose = /^[ \t]*#[^\n]*|("""|''')[\s\S]*?\1/gm;
const tripleQuote = /"""|'''/g;

/**
 * Python without the lines that are comments and the strings in triple quotes: what a word in them says is an example or an
 * explanation. Found by its signs alone, in a hundredth of the time of parsing; the text as it is where those do not pair up.
 */
export function withoutProse(text: string): string {
  const code = text.replace(prose, "");
  return code.search(tripleQuote) < 0 ? code : text;
}
