/** Tests damaged pictures: each is read, or refused with a message. The long form is `npm run fuzz`. */
import { describe, expect, it } from 'vitest';
import { fuzzedImage, readFuzzed } from './images.ts';

const [seed, count] = [1, 100];

describe('damaged pictures', () => {
  it('are the same for the same seed', async () => {
    for (const index of [0, 7, 30])
      expect((await fuzzedImage(seed, index)).bytes.equals((await fuzzedImage(seed, index)).bytes)).toBe(
        true,
      );
    expect((await fuzzedImage(2, 7)).bytes.equals((await fuzzedImage(seed, 7)).bytes)).toBe(false);
  });

  it('are read or refused in words of one line and a hint', async () => {
    const kinds = { picture: 0, refused: 0 };
    for (let index = 0; index < count; index++) {
      const { kind, said } = await readFuzzed(await fuzzedImage(seed, index));
      kinds[kind]++;
      for (const text of said) expect(text.split('\n').length, text).toBeLessThan(3);
    }
    // The generator makes both outcomes.
    expect(Math.min(kinds.picture, kinds.refused)).toBeGreaterThan(count / 10);
  });
});
