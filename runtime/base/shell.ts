/** Answers for words as a shell reads them. */

/** Quotes a word for a shell where it holds anything but plain characters. */
export function quoted(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
