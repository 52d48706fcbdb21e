/** Answers for dividing time among kernels that run at once, so that what all of them get adds up to time that passed. */

/** When something ran, in milliseconds. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/**
 * Gives each interval its share: every moment is divided equally among those that run in it. Moments in which nothing runs
 * are nobody's.
 */
export function shareTime(intervals: readonly Interval[]): number[] {
  const shares = new Array<number>(intervals.length).fill(0);
  // What ends comes before what starts at the same time; what ends where it starts gets nothing.
  const events = intervals
    .flatMap(({ start, end }, index) =>
      end > start
        ? [
            { at: start, index, isStart: true },
            { at: end, index, isStart: false },
          ]
        : [],
    )
    .sort((one, other) => one.at - other.at || Number(one.isStart) - Number(other.isStart));
  const running = new Set<number>();
  let last = 0;
  for (const { at, index, isStart } of events) {
    for (const one of running) shares[one]! += (at - last) / running.size;
    if (isStart) running.add(index);
    else running.delete(index);
    last = at;
  }
  return shares;
}
