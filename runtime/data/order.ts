/** Computes the samples of each step, and which of them are mirrored: pure functions of the seed and the step. */
import { RandomStream, hashText, philox4x32 } from '../../compiler/ir/random.ts';

/** One sample in the stream of a run: its index in the data set and the pass over the data it belongs to, from 0. */
export interface Place {
  readonly index: number;
  readonly epoch: number;
}

/** Chooses `count` of `total` indices, evenly spread; some repeat if `count` is larger. */
export function evenly(total: number, count: number): number[] {
  return Array.from({ length: count }, (_, place) => Math.floor((place * total) / count));
}

/**
 * The endless stream of samples of a run: one permutation of the data set after another, each a pure function of the seed
 * and the epoch. Steps take consecutive samples; a batch that an epoch cannot fill goes on with the next epoch's first
 * samples, so that every sample is seen once an epoch and every batch is full.
 */
export class SampleOrder {
  private readonly epochs = new Map<number, readonly number[]>();

  constructor(
    private readonly count: number,
    private readonly seed: number,
  ) {}

  /** Gives the samples of a step, counted from 0. */
  ofStep(step: number, batch: number): Place[] {
    return Array.from({ length: batch }, (_, offset) => {
      const position = step * batch + offset;
      const epoch = Math.floor(position / this.count);
      return { index: this.permutation(epoch)[position % this.count] as number, epoch };
    });
  }

  private permutation(epoch: number): readonly number[] {
    let order = this.epochs.get(epoch);
    if (order === undefined) {
      order = new RandomStream(this.seed, `order of samples in epoch ${epoch}`).permutation(this.count);
      this.epochs.clear(); // epochs are used in order, so old ones are rarely needed again
      this.epochs.set(epoch, order);
    }
    return order;
  }
}

/** Gives the samples of one step over `count` samples, without a cache. */
export function samplesOfStep(step: number, batch: number, count: number, seed: number): Place[] {
  return new SampleOrder(count, seed).ofStep(step, batch);
}

const FLIPS = hashText('flips of samples');

/** Tells whether a sample is mirrored left to right in an epoch: a fair coin of (seed, epoch, index). */
export function isFlipped(seed: number, { index, epoch }: Place): boolean {
  return (philox4x32([seed >>> 0, FLIPS], [index, epoch, 0, 0])[0] & 1) === 1;
}
