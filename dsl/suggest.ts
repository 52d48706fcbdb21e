/** Answers for "did you mean": the known name that is closest to an unknown one. */

/** Longer names are no slips of the pen, and more candidates than these are not compared. */
const longestName = 64;
const mostCandidates = 1000;

/** Finds the candidate nearest to `name` by edit distance, or none if all are too far to be a slip of the pen. */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > longestName) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  // A third of the letters may be wrong; a one-letter name has no slips.
  let bestDistance = Math.floor((name.length + 1) / 3) + 1;
  let compared = 0;
  for (const candidate of candidates) {
    if (bestDistance === 0 || compared === mostCandidates) break;
    compared += 1;
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance =
      candidate === name ? Infinity : editDistance(wanted, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Counts the insertions, deletions, replacements and swaps of neighbors that turn one word into another; Infinity as soon as
 * they are sure to be `limit` or more.
 */
function editDistance(a: string, b: string, limit: number): number {
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
