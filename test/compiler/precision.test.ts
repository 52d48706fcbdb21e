/** Tests rounding to bfloat16: the arithmetic of `compiler/ops/primitive/precision.ts` against the bits of numbers. */
import { expect, it } from 'vitest';
import { roundToBfloat16 } from '../../compiler/ops/primitive/precision.ts';
import { RandomStream } from '../../compiler/ir/random.ts';

const bits = new Uint32Array(1);
const floats = new Float32Array(bits.buffer);

/** Rounds a float32 number by its bits: bfloat16 is its upper half, rounded half to even. */
function roundBits(x: number): number {
  floats[0] = x;
  const isOdd = (bits[0]! >>> 16) & 1;
  bits[0] = ((bits[0]! + 0x7fff + isOdd) & 0xffff0000) >>> 0;
  return floats[0];
}

/** The same splitting with every step rounded to float32, as engines compute it. */
function roundInFloat32(x: number): number {
  const c = Math.fround(x * 65537);
  return Math.fround(c - Math.fround(c - x));
}

it('agrees with the bits for numbers of all sizes', () => {
  const random = new RandomStream(1, 'numbers of all sizes');
  for (let i = 0; i < 20_000; i++) {
    const x = Math.fround((2 * random.uniform() - 1) * 2 ** (random.below(200) - 100));
    expect(roundToBfloat16(x), String(x)).toBe(roundBits(x));
    expect(roundInFloat32(x), String(x)).toBe(roundBits(x));
  }
});

it('goes to the even neighbor from the middle between two', () => {
  for (let digits = 257; digits < 512; digits += 2)
    for (const exponent of [-20, -9, 0, 15]) {
      const x = digits * 2 ** exponent;
      expect(roundToBfloat16(x), String(x)).toBe(roundBits(x));
      expect(roundInFloat32(x), String(x)).toBe(roundBits(x));
    }
});

it('leaves numbers of bfloat16 alone', () => {
  for (const x of [0, 1, -1, 3, 255, -0.0078125, 1.5 * 2 ** 60]) {
    expect(roundToBfloat16(x)).toBe(x);
    expect(roundInFloat32(x)).toBe(x);
  }
});
