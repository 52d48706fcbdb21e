/** Finds the known name closest to an unknown one, for "did you mean". */

/** Names longer than this get no suggestion, and at most this many candidates are compared. */
const longestName = 64;
const mostCandidates = 1000;

/**
 * Finds the candidate nearest to `name`; undefined if all are too far to be a typo. The first of equal candidates
 * wins.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  return nearest(name, candidates)?.name;
}

/** Finds the nearest candidate and its distance; the distance is 0 if only case, underscores or a plural differ. */
export function nearest(
  name: string,
  candidates: Iterable<string>,
): { readonly name: string; readonly distance: number } | undefined {
  if (name.length > longestName) return undefined;
  const wanted = stemOf(name);
  let best: { name: string; distance: number } | undefined;
  let compared = 0;
  for (const candidate of candidates) {
    if (best?.distance === 0 || compared === mostCandidates) break;
    compared += 1;
    if (candidate === name || candidate.length > longestName) continue;
    // A candidate that continues after `name_` is likely the full form of an incomplete name.
    const distance = candidate.startsWith(`${name}_`) ? 1 : distanceOf(wanted, stemOf(candidate));
    if (distance < (best?.distance ?? Infinity)) best = { name: candidate, distance };
  }
  return best;
}

/** Normalizes a name for comparison: case, underscores and a plural are ignored. */
function stemOf(name: string): string {
  const plain = name.toLowerCase().replaceAll('_', '');
  if (plain.length > 5 && plain.endsWith('sses')) return plain.slice(0, -2);
  return plain.length > 3 && /[^s]s$/.test(plain) ? plain.slice(0, -1) : plain;
}

/** Gives the distance of two stems; infinity if it is too large for a typo. */
function distanceOf(a: string, b: string): number {
  if (a === b) return 0;
  // Names that differ only in a number mean different things: conv_1 is no typo of conv_2.
  if (/\d/.test(a) && withoutDigits(a) === withoutDigits(b)) return Infinity;
  const distance = editDistance(a, b, slipsIn(Infinity) + 1);
  if (distance <= 2 && (isSwap(a, b) || isShortened(a, b) || isShortened(b, a))) return distance;
  return distance <= slipsIn(Math.min(a.length, b.length)) ? distance : Infinity;
}

const withoutDigits = (text: string): string => text.replaceAll(/\d/g, '');

/**
 * The largest edit distance that still counts as a typo in a word of this length. In words of three letters, one
 * letter makes another word: sin, min.
 */
function slipsIn(length: number): number {
  return length <= 3 ? 0 : length <= 5 ? 1 : length <= 8 ? 2 : 3;
}

/** Tells whether two words are permutations of the same letters. */
function isSwap(a: string, b: string): boolean {
  return a.length > 1 && [...a].toSorted().join('') === [...b].toSorted().join('');
}

/** Tells whether a word is another one without some of its vowels or its number: nrm for norm. */
function isShortened(short: string, long: string): boolean {
  if (short.length < 3 || short[0] !== long[0]) return false;
  let at = 0;
  for (const letter of long)
    if (letter === short[at]) at += 1;
    else if (!/[aeiou\d]/.test(letter)) return false;
  return at === short.length;
}

/**
 * Counts the insertions, deletions, replacements and swaps of neighbors that turn one word into another; gives
 * Infinity once the count is certain to reach `limit`.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return Infinity;
  // row[j] is the distance of the first i letters of a from the first j letters of b
  let [before, above]: number[][] = [[], Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const replaced = at(above, j - 1) + (isSame ? 0 : 1);
      const swapped = isSwap ? at(before, j - 2) + 1 : Infinity;
      const distance = Math.min(at(above, j) + 1, at(row, j - 1) + 1, replaced, swapped);
      row.push(distance);
      least = Math.min(least, distance);
    }
    // A swap can skip one row, so the minimum is over two rows.
    if (least > limit) return Infinity;
    before = above ?? [];
    above = row;
  }
  return at(above, b.length);
}

function at(row: readonly number[] | undefined, column: number): number {
  return row?.[column] ?? Infinity;
}
