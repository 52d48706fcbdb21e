/** Quotes words for a shell. */

/** Quotes a word for a shell, if it has special characters. */
export function quoted(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
