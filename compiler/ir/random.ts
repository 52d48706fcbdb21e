/**
 * Draws random numbers with a counter-based generator: each number is a pure function of (key, counter), so no state is
 * carried or saved. Philox-4x32-10 after Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2,
 * 3", section 3.3; the same function as TensorFlow's stateless random ops, to the bit.
 */

/** Multiplies two unsigned 32-bit numbers; gives the high and low halves. */
function multiply(a: number, b: number): [number, number] {
  const low = Math.imul(a, b) >>> 0;
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const middle = ah * bl + ((al * bl) >>> 16);
  const other = al * bh + (middle & 0xffff);
  const high = ah * bh + Math.floor(middle / 65536) + Math.floor(other / 65536);
  return [high >>> 0, low];
}

/** Gives four random unsigned 32-bit numbers for a 64-bit key (low, high words) and a 128-bit counter (low word first). */
export function philox4x32(
  key: readonly [number, number],
  counter: readonly [number, number, number, number],
): [number, number, number, number] {
  let [k0, k1] = key;
  let [c0, c1, c2, c3] = counter;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiply(0xd2511f53, c0 >>> 0);
    const [high1, low1] = multiply(0xcd9e8d57, c2 >>> 0);
    [c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** Hashes a text to 32 bits (FNV-1a). */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash >>> 0;
}

/** A stream of random numbers, a pure function of (seed, name) and of how many were drawn before. */
export class RandomStream {
  private block = 0;
  private words: number[] = [];
  private spare: number | undefined;

  constructor(
    private readonly seed: number,
    private readonly name: string,
  ) {}

  /** Gives 32 random bits. */
  uint32(): number {
    if (this.words.length === 0) {
      const counter = [this.block % 2 ** 32, Math.floor(this.block / 2 ** 32), 0, 0] as const;
      this.words = philox4x32([this.seed >>> 0, hashText(this.name)], counter);
      this.block++;
    }
    return this.words.shift() as number;
  }

  /** Gives a number in [0, 1) with 32 random bits. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** Gives an integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.uniform() * limit);
  }

  /** Gives a standard normal number (Box-Muller). */
  normal(): number {
    if (this.spare !== undefined) {
      const value = this.spare;
      this.spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Gives 0 .. count-1 in random order (Fisher-Yates). */
  permutation(count: number): number[] {
    const order = Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [order[last], order[other]] = [order[other] as number, order[last] as number];
    }
    return order;
  }
}

/**
 * Gives the number that a standard normal one is below with the given probability, from 0 to 1 and neither: by halving an interval
 * around it, the distribution as the series 1/2 + density(x) (x + x^3/3 + x^5/(3 5) + ...).
 */
export function normalQuantile(probability: number): number {
  if (probability === 0.5) return 0;
  let [low, high] = [-8, 8];
  while (low < (low + high) / 2 && (low + high) / 2 < high) {
    const middle = (low + high) / 2;
    if (normalDistribution(middle) < probability) low = middle;
    else high = middle;
  }
  return high;
}

function normalDistribution(x: number): number {
  let [term, sum] = [x, 0];
  for (let odd = 1; sum + term !== sum; odd += 2) {
    sum += term;
    term *= (x * x) / (odd + 2);
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
