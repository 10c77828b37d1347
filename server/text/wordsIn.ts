/** Tells which of the words stand anywhere in a text, given as its bytes. */
export type WordSearch = (bytes: Uint8Array) => ReadonlySet<string>;

/**
 * A search for many ASCII words at once, several times as fast as a regular expression of them: it looks at pairs of bytes and
 * jumps as far as the pair's distance from the end of every word allows (Wu and Manber, "A fast algorithm for multi-pattern
 * searching", University of Arizona TR-94-17, 1994). Throws where a word has fewer than three characters.
 */
export function searchForWords(words: readonly string[]): WordSearch {
  const sought = [...new Set(words)].map((word) => ({ word, bytes: new TextEncoder().encode(word) }));
  const window = Math.min(...sought.map(({ bytes }) => bytes.length));
  if (window < 3) throw new RangeError("A word of fewer than three characters is in almost every text");
  /** By the pair that the window ends in: how far it may move on; zero where some word's first characters end in that pair. */
  const jumps = new Uint8Array(1 << 16).fill(window - 1);
  const candidates: (typeof sought)[] = Array.from({ length: 1 << 16 }, () => []);
  for (const each of sought) {
    for (let at = 1; at < window; at += 1) {
      const pair = pairAt(each.bytes, at);
      jumps[pair] = Math.min(jumps[pair] ?? 0, window - 1 - at);
      if (at === window - 1) candidates[pair]?.push(each);
    }
  }
  return (bytes) => {
    const found = new Set<string>();
    for (let at = window - 1; at < bytes.length; ) {
      const pair = pairAt(bytes, at);
      const jump = jumps[pair] ?? 0;
      if (jump > 0) {
        at += jump;
        continue;
      }
      for (const { word, bytes: sign } of candidates[pair] ?? []) {
        if (standsAt(bytes, at - window + 1, sign)) found.add(word);
      }
      at += 1;
    }
    return found;
  };
}

/** The byte at an offset and the one before it. */
function pairAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at - 1] ?? 0) << 8) | (bytes[at] ?? 0);
}

function standsAt(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let index = 0; index < word.length; index += 1) if (bytes[start + index] !== word[index]) return false;
  return true;
}
