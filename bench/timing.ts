/** Measures the time and memory of repeated work in this process. */
import { readFileSync, writeFileSync } from 'node:fs';
import { must } from '../dsl/errors.ts';

/** Times in milliseconds and sizes in MB (10^6 bytes) of repeated work; `first` and `last` are of the timed steps. */
export interface Times {
  /** The median time of a step. */
  readonly ms: number;
  readonly min_ms: number;
  readonly max_ms: number;
  readonly all_ms: readonly number[];
  /** The median processor time of a step, over all threads: it is less sensitive to other work on the machine. */
  readonly cpu_ms: number;
  /** The first step, in which the engine prepares the graph. */
  readonly first_step_ms: number;
  /** The largest resident size during the timed steps, or since the start if the system reports only that. */
  readonly peak_rss_mb: number;
  readonly rss_first_mb: number;
  readonly rss_last_mb: number;
}

/** Runs steps and times all but the first `warmup`; `prepare` makes a step's input, outside of the timed part. */
export async function timeSteps<Given>(
  { warmup, steps }: { readonly warmup: number; readonly steps: number },
  prepare: (step: number) => Promise<Given>,
  run: (given: Given, step: number) => Promise<void>,
  done: (step: number, milliseconds: number, residentMegabytes: number) => void = () => undefined,
): Promise<Times> {
  const all: number[] = [];
  const busy: number[] = [];
  const sizes: number[] = [];
  for (let step = 0; step < warmup + steps; step++) {
    const given = await prepare(step);
    if (step === warmup) forgetPeak();
    const cpu = process.cpuUsage();
    const start = performance.now();
    await run(given, step);
    all.push(rounded(performance.now() - start));
    const { user, system } = process.cpuUsage(cpu);
    busy.push((user + system) / 1e3);
    sizes.push(rounded(process.memoryUsage.rss() / 1e6));
    done(step, all[step]!, sizes[step]!);
  }
  const timed = all.slice(warmup);
  const at = (values: readonly number[], index: number): number =>
    must(values.at(index), 'at least one step was timed');
  return {
    ms: medianOf(timed),
    min_ms: Math.min(...timed),
    max_ms: Math.max(...timed),
    all_ms: timed,
    cpu_ms: medianOf(busy.slice(warmup)),
    first_step_ms: at(all, 0),
    // Linux counts pages per thread, so its peak may be slightly below the measured sizes.
    peak_rss_mb: Math.max(peakResident(), ...sizes.slice(warmup)),
    rss_first_mb: at(sizes, warmup),
    rss_last_mb: at(sizes, -1),
  };
}

/** Gives the median; for an even count the mean of the middle two, as in Python's `statistics`. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return rounded(
    (must(low, 'the list of times is not empty') + must(high, 'the list of times is not empty')) / 2,
    3,
  );
}

/** Starts a stopwatch: each call gives the milliseconds since the last one. */
export function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const passed = rounded(now - last);
    last = now;
    return passed;
  };
}

/** Rounds to a number of digits after the point. */
export function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

/** Resets the system's peak of the resident size, if possible (Linux, proc(5), clear_refs). */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // The peak then includes the time before the timed steps.
  }
}

/** Reads the peak resident size in MB. */
function peakResident(): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (found) return rounded((Number(found[1]) * 1024) / 1e6);
  } catch {
    // Without /proc, Node gives the peak since the start.
  }
  return rounded((process.resourceUsage().maxRSS * 1024) / 1e6);
}
