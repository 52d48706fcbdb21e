/**
 * Computes a segmenter's scores on resampled maps (bootstrap): the counts of the drawn maps are summed and scored like
 * those of all maps.
 */
import type { ShortCounts } from '../../compiler/metrics/class-counts.ts';
import { evaluated } from '../../compiler/metrics/index.ts';
import { drawsOf, resamples } from './statistics.ts';

/** The score of each resample, by its name in records; NaN if nothing can be scored. */
export type ResampledScores = ReadonlyMap<string, Float64Array>;

const known = new WeakMap<readonly ShortCounts[], ResampledScores>();

/**
 * Scores all resamples of a run's maps. All runs over equally many maps use the same resamples, so their scores are
 * paired.
 */
export function resampledScores(maps: readonly ShortCounts[]): ResampledScores {
  const before = known.get(maps);
  if (before) return before;
  const scored = evaluated('class counts').map(({ recordedAs, score }) => ({
    recordedAs,
    score,
    values: new Float64Array(resamples),
  }));
  const { starts, places, values, width } = inOneRow(maps);
  const drawn = drawsOf(maps.length);
  const sum = new Float64Array(width);
  for (let resample = 0, next = 0; resample < resamples; resample++) {
    sum.fill(0);
    for (const end = next + maps.length; next < end; next++) {
      const map = drawn[next]!;
      for (let at = starts[map]!; at < starts[map + 1]!; at++) sum[places[at]!]! += values[at]!;
    }
    for (const { score, values } of scored) values[resample] = score(sum) ?? NaN;
  }
  const scores = new Map(scored.map(({ recordedAs, values }) => [recordedAs, values]));
  known.set(maps, scores);
  return scores;
}

/** The counts of all maps, concatenated. */
interface CountsInOneRow {
  /** The start of each map, and the end of the last. */
  readonly starts: Uint32Array;
  /** The position of each number in `ClassCounts`, which have `width` positions. */
  readonly places: Uint32Array;
  readonly values: Float64Array;
  readonly width: number;
}

function inOneRow(maps: readonly ShortCounts[]): CountsInOneRow {
  const entries = maps.map((rows) =>
    rows.flatMap(([id, ...numbers]) =>
      numbers.map((value, kind) => ({ place: numbers.length * id + kind, value })),
    ),
  );
  const starts = new Uint32Array(maps.length + 1);
  entries.forEach((ofMap, map) => (starts[map + 1] = starts[map]! + ofMap.length));
  const places = Uint32Array.from(entries.flatMap((ofMap) => ofMap.map(({ place }) => place)));
  const values = Float64Array.from(entries.flatMap((ofMap) => ofMap.map(({ value }) => value)));
  return { starts, places, values, width: places.reduce((most, place) => Math.max(most, place + 1), 0) };
}
