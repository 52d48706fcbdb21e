/** Joins lists of names for sentences. */

/** Joins names with commas, and the last with `word`: `a, b and c`. */
export function inWords(names: readonly string[], word: 'and' | 'or' = 'and'): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`;
}
