/** Defines what the locality analysis knows of a value: which of its channels read which pixels. */
import { must } from '../../dsl/errors.ts';
import type { Shape } from '../ir/types.ts';
import type { Pixels } from './pixels.ts';

/** Neighboring channels with the same reads; `pixels` is undefined if they depend on more than maps and weights. */
export interface Segment {
  readonly channels: number;
  readonly pixels: Pixels | undefined;
}

/**
 * What is known of a result: it depends on weights alone, or its channels read pixels; undefined if nothing is known.
 */
export type Fact = 'weights' | readonly Segment[] | undefined;

/** Joins neighboring segments with the same reads; undefined if no channel is local. */
export function tidy(segments: readonly Segment[]): Fact {
  const joined: Segment[] = [];
  for (const segment of segments) {
    const last = joined.at(-1);
    if (last && last.pixels === segment.pixels)
      joined.splice(-1, 1, { ...last, channels: last.channels + segment.channels });
    else joined.push(segment);
  }
  return joined.some(({ pixels }) => pixels) ? joined : undefined;
}

/** Selects channels of segments, in the order of `indices`. */
export function pickChannels(segments: readonly Segment[], indices: readonly number[]): Fact {
  const each = segments.flatMap(({ channels, pixels }) =>
    new Array<Pixels | undefined>(channels).fill(pixels),
  );
  return tidy(indices.map((index) => ({ channels: 1, pixels: each[index] })));
}

/** Lists `size` indices from `begin` on. */
export const range = (begin: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => begin + i);

/** Tells whether a shape has pixels: [N,H,W] or [N,H,W,C]. */
export const isPicture = (shape: Shape): boolean => shape.length === 3 || shape.length === 4;

/** Lists the start of each segment, and the end of the last. */
export function boundaries(segments: readonly Segment[]): number[] {
  return segments.reduce((ends, { channels }) => [...ends, ends.at(-1)! + channels], [0]);
}

/** Finds the segment of a channel. */
export function segmentAt(segments: readonly Segment[], channel: number): Segment {
  const ends = boundaries(segments).slice(1);
  return must(segments[ends.findIndex((end) => channel < end)], 'a channel is below the number of channels');
}
