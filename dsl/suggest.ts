/** Answers for "did you mean": the known name that is closest to an unknown one. */

/** Longer names are no slips of the pen, and more candidates than these are not compared. */
const longestName = 64;
const mostCandidates = 1000;

/** Finds the candidate nearest to `name`, or none if all are too far to be a slip of the pen. Of equals the first is taken. */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  return nearest(name, candidates)?.name;
}

/** Finds the candidate nearest to `name`, with how far it is: 0 where case, underscores or a plural alone differ. */
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
    // A name that goes on after a `_` is one that was not written to its end.
    const distance = candidate.startsWith(`${name}_`) ? 1 : distanceOf(wanted, stemOf(candidate));
    if (distance < (best?.distance ?? Infinity)) best = { name: candidate, distance };
  }
  return best;
}

/** What of a name counts: neither case nor underscores, nor whether there are several. */
function stemOf(name: string): string {
  const plain = name.toLowerCase().replaceAll('_', '');
  if (plain.length > 5 && plain.endsWith('sses')) return plain.slice(0, -2);
  return plain.length > 3 && /[^s]s$/.test(plain) ? plain.slice(0, -1) : plain;
}

/** Gives the distance of two stems, or infinity where it is more than a slip. */
function distanceOf(a: string, b: string): number {
  if (a === b) return 0;
  // Another number is another thing: of conv_1 and conv_2 neither is a slip for the other.
  if (/\d/.test(a) && withoutDigits(a) === withoutDigits(b)) return Infinity;
  const distance = editDistance(a, b, slipsIn(Infinity) + 1);
  if (distance <= 2 && (isSwap(a, b) || isShortened(a, b) || isShortened(b, a))) return distance;
  return distance <= slipsIn(Math.min(a.length, b.length)) ? distance : Infinity;
}

const withoutDigits = (text: string): string => text.replaceAll(/\d/g, '');

/** How many letters of a word of a length are still a slip. In words of three one letter makes another word: sin, min. */
function slipsIn(length: number): number {
  return length <= 3 ? 0 : length <= 5 ? 1 : length <= 8 ? 2 : 3;
}

/** Tells whether the letters of two words are the same, in another order. */
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
 * Counts the insertions, deletions, replacements and swaps of neighbors that turn one word into another; Infinity as soon as
 * they are sure to be `limit` or more.
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
    // A swap may still reach past one row.
    if (least > limit) return Infinity;
    before = above ?? [];
    above = row;
  }
  return at(above, b.length);
}

function at(row: readonly number[] | undefined, column: number): number {
  return row?.[column] ?? Infinity;
}
