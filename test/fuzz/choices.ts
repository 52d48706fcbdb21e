/** Makes the random choices of a fuzzer's case: a pure function of the seed and the number. */
import { RandomStream } from '../../compiler/ir/random.ts';

export class Choices {
  private readonly stream: RandomStream;

  /** `what` names the fuzzer, so that fuzzers draw different numbers. */
  constructor(what: string, seed: number, index: number) {
    this.stream = new RandomStream(seed, `${what} ${index}`);
  }

  /** An integer from 0 up to, but not including, `end`. */
  below(end: number): number {
    return this.stream.below(end);
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A number of parts; small numbers are more frequent. */
  few(most: number): number {
    return 1 + this.below(1 + this.below(most));
  }
}
