/** Computes smooth noise for natural textures: a pure function of place and seed. */

/** Gives a number from 0 to 1 for a lattice point. */
function atLattice(x: number, y: number, seed: number): number {
  let hash = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

const ease = (t: number): number => t * t * (3 - 2 * t);

/** Gives smooth noise from 0 to 1; its hills have a width of about 1. */
export function noise(x: number, y: number, seed: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [across, down] = [ease(x - left), ease(y - top)];
  const above = atLattice(left, top, seed) * (1 - across) + atLattice(left + 1, top, seed) * across;
  const below = atLattice(left, top + 1, seed) * (1 - across) + atLattice(left + 1, top + 1, seed) * across;
  return above * (1 - down) + below * down;
}

/** Gives fractal noise: each of `octaves` has half the width and half the height of the previous one. */
export function layeredNoise(x: number, y: number, seed: number, octaves = 4): number {
  let [sum, height, total] = [0, 1, 0];
  for (let octave = 0; octave < octaves; octave++) {
    sum += height * noise(x * 2 ** octave, y * 2 ** octave, seed + octave);
    total += height;
    height /= 2;
  }
  return sum / total;
}
