/** Answers for what a benchmark's steps are fed with: label maps in order of their names, photographs or noise. */
import { readFileSync } from 'node:fs';
import { RandomStream } from '../compiler/random.ts';
import { must } from '../compiler/ir/types.ts';
import { decodeIds, decodePhoto, resizeNearest } from '../runtime/data/decode.ts';
import { DataError } from '../runtime/data/index.ts';
import { colorsInsteadOfIds, undecodable } from '../runtime/data/messages.ts';
import { listPairs, type Pair } from '../runtime/data/pairs.ts';
import { idAboveClasses } from './messages.ts';
import type { StepSettings } from './options.ts';

/** The feeds of one step. */
export interface StepBatch {
  /** Class ids, [B,H,W]. */
  readonly labels: Int32Array;
  /** Photographs or noise in [-1,1], [B,H,W,3]. */
  readonly real: Float32Array;
}

/** Label maps that were read, and the batches made of them. */
export interface Batches {
  readonly classes: number;
  /** How many different label maps there are. */
  readonly maps: number;
  /** Gives the batch of a step: the next maps, round and round. */
  ofStep(step: number): Promise<StepBatch>;
}

/**
 * Reads the label maps of a folder. All of them count for the number of classes; only those that the steps take are kept,
 * a byte or two a pixel. Throws a DataError with everything that cannot be used.
 */
export async function readBatches(settings: StepSettings): Promise<Batches> {
  const { size, batch, images, seed } = settings;
  const { pairs, problems } = await listPairs({ labels: settings.labels, images });
  if (problems.length > 0) throw new DataError(problems);
  const wanted = (settings.warmup + settings.steps) * batch;
  const kept: (Uint8Array | Uint16Array)[] = [];
  let highest = 0;
  for (const [index, { label }] of pairs.entries()) {
    const found = await readIds(label);
    const most = found.ids.reduce((one, other) => Math.max(one, other), 0);
    if (settings.classes !== undefined && most >= settings.classes)
      throw new DataError([idAboveClasses(label, most, settings.classes)]);
    highest = Math.max(highest, most);
    const scaled = index < wanted ? resizeNearest(found, size) : undefined;
    if (scaled) kept.push(most < 256 ? Uint8Array.from(scaled) : scaled);
  }
  const pixels = size.width * size.height;
  const random = new RandomStream(seed, 'noise in place of photographs');
  const noise = new Float32Array(batch * pixels * 3).map(() => 2 * random.uniform() - 1);
  return {
    classes: settings.classes ?? highest + 1,
    maps: kept.length,
    async ofStep(step) {
      const indices = Array.from({ length: batch }, (_, offset) => (step * batch + offset) % kept.length);
      const labels = new Int32Array(batch * pixels);
      indices.forEach((index, at) =>
        labels.set(must(kept[index], 'indices are below the number of maps'), at * pixels),
      );
      if (images === undefined) return { labels, real: noise };
      const real = new Float32Array(batch * pixels * 3);
      for (const [at, index] of indices.entries()) {
        const photograph = await readPhoto(must(pairs[index], 'every map is one of a pair'), settings);
        photograph.forEach((value, i) => (real[at * pixels * 3 + i] = value / 127.5 - 1));
      }
      return { labels, real };
    },
  };
}

async function readIds(file: string) {
  const found = await decodeIds(readFileSync(file)).catch((error: unknown) => {
    throw new DataError([undecodable(file, (error as Error).message)]);
  });
  if ('color' in found) throw new DataError([colorsInsteadOfIds(file, found.x, found.y, found.color)]);
  return found;
}

function readPhoto({ image }: Pair, { size }: StepSettings): Promise<Uint8Array> {
  const file = must(image, 'pairs were listed with photographs');
  return decodePhoto(readFileSync(file), size).catch((error: unknown) => {
    throw new DataError([undecodable(file, (error as Error).message)]);
  });
}
