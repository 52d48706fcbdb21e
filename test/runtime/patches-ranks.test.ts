/** Tests the numbering of tuples: it is exact even if hashes collide, and in order of first occurrence. */
import { describe, expect, it } from 'vitest';
import { TupleRanks } from '../../compiler/patches/ranks.ts';

describe('TupleRanks', () => {
  it('numbers tuples in order of first appearance, at any place and step', () => {
    const ranks = new TupleRanks(2);
    const values = Int32Array.of(5, 6, 5, 6, -1, 6);
    expect([0, 1, 2, 3, 4].map((at) => ranks.rank(values, at, 1))).toEqual([0, 1, 0, 2, 3]);
    expect([0, 1, 2].map((at) => ranks.rank(values, at, 2))).toEqual([4, 5, 6]);
    expect(ranks.count).toBe(7);
    expect([...ranks.keys.subarray(0, 14)]).toEqual([5, 6, 6, 5, 6, -1, -1, 6, 5, 5, 6, 6, 5, -1]);
    ranks.clear();
    expect([4, 0].map((at) => ranks.rank(values, at, 1))).toEqual([0, 1]);
  });

  it('is exact where hashes of 32 bits collide', () => {
    // 400,000 hashes of 32 bits have about 18 equal pairs: without comparison some tuples would be confused.
    const count = 400_000;
    const values = new Int32Array(2 * count);
    for (let i = 0; i < count; i++) {
      values[2 * i] = Math.imul(i, 0x5bd1e995); // an odd factor: different for every i
      values[2 * i + 1] = i ^ (i << 11);
    }
    const ranks = new TupleRanks(2);
    let wrong = 0;
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < count; i++) if (ranks.rank(values, 2 * i, 1) !== i) wrong++;
    }
    expect(wrong).toBe(0);
    expect(ranks.count).toBe(count);
  });
});
