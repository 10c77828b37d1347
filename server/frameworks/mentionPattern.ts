/** One expression that finds any of many words: several times as fast over a file as looking for each. */
export function mentionPattern(words: readonly string[]): RegExp {
  return new RegExp(words.map((word) => word.replace(/[^\w ]/g, "\\$&")).join("|"));
}
