/** Divides time among concurrent intervals, so that their shares sum to the wall time. */

/** The time at which something ran, in milliseconds. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/**
 * Gives each interval its share: every moment is divided equally among the intervals that contain it. Moments outside
 * of all intervals are not counted.
 */
export function shareTime(intervals: readonly Interval[]): number[] {
  const shares = new Array<number>(intervals.length).fill(0);
  // Ends sort before starts at the same time; an empty interval gets nothing.
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
