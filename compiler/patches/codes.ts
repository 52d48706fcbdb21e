/** Packs a label and its edge bit into one integer, 2 * label + edge, by which they are compared; OUTSIDE if there is none. */
import { OUTSIDE } from './plan.ts';

/** Packs the entries of a first level's table, [count, places], into codes. */
export function codesOf(labels: Int32Array, edges: Uint8Array | undefined): Int32Array<ArrayBuffer> {
  const codes = new Int32Array(labels.length);
  for (let i = 0; i < codes.length; i++) {
    codes[i] = labels[i] === OUTSIDE ? OUTSIDE : (labels[i]! << 1) | (edges?.[i] ?? 0);
  }
  return codes;
}

/** Gives the edge bits of codes, 0 outside. */
export function edgesOf(codes: Int32Array): Uint8Array<ArrayBuffer> {
  const edges = new Uint8Array(codes.length);
  for (let i = 0; i < codes.length; i++) edges[i] = codes[i] === OUTSIDE ? 0 : codes[i]! & 1;
  return edges;
}

/** Turns codes into their labels, in place. */
export function toLabels(codes: Int32Array): void {
  for (let i = 0; i < codes.length; i++) codes[i] = codes[i]! >> 1; // OUTSIDE is -1, and so is -1 >> 1
}
