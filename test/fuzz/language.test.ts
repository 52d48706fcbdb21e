/** Tests odd texts and specs: each is read, or refused with places. The long form is `npm run fuzz`. */
import { describe, expect, it } from 'vitest';
import { checkFuzzedSource, fuzzedSource } from './sources.ts';
import { checkFuzzedSpec, fuzzedSpec } from './specs.ts';

const seed = 1;

describe.each([
  ['texts', (index: number) => fuzzedSource(seed, index), checkFuzzedSource],
  ['specs', (index: number) => fuzzedSpec(seed, index), checkFuzzedSpec],
] as const)('odd %s', (_name, make, read) => {
  it('are the same for the same seed', () => {
    for (const index of [0, 7, 30]) expect(make(index)).toEqual(make(index));
  });

  it('have an answer each', () => {
    const kinds = { fine: 0, refused: 0 };
    for (let index = 0; index < 150; index++) kinds[read(make(index)).kind]++;
    expect(Math.min(kinds.fine, kinds.refused), 'both ends are reached').toBeGreaterThan(0);
  });
});
