/** Answers for the random choices of one case of a fuzzer: the same for the same seed and number. */
import { RandomStream } from '../../compiler/ir/random.ts';

export class Choices {
  private readonly stream: RandomStream;

  /** `what` names the fuzzer, so that no two draw alike. */
  constructor(what: string, seed: number, index: number) {
    this.stream = new RandomStream(seed, `${what} ${index}`);
  }

  /** An integer from 0 on, below `end`. */
  below(end: number): number {
    return this.stream.below(end);
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** A number of parts, few of them mostly. */
  few(most: number): number {
    return 1 + this.below(1 + this.below(most));
  }
}
