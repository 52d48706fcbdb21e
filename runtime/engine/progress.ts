/** Shows how far a download is: one updating line on a terminal, a plain line now and then elsewhere. */
import cliProgress from 'cli-progress';
import { formatBytes } from './messages.ts';

/** Follows one download. */
export interface Progress {
  /** Tells how many bytes have arrived so far. */
  update(bytes: number): void;
  stop(): void;
}

/** Says nothing. */
export const silentProgress: Progress = { update: () => undefined, stop: () => undefined };

/** Shows a download of `total` bytes on `stream`. */
export function showProgress(total: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  const bar = new cliProgress.SingleBar({
    format: stream.isTTY
      ? '{bar} {percentage}% {done} of {size}, {rate}/s'
      : '{percentage}% {done} of {size}, {rate}/s',
    stream,
    barsize: 30,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 10_000,
    clearOnComplete: false,
  });
  const start = performance.now();
  const describe = (bytes: number) => ({
    done: formatBytes(bytes),
    size: formatBytes(total),
    rate: formatBytes((bytes / Math.max(performance.now() - start, 1)) * 1000),
  });
  bar.start(total, 0, describe(0));
  return {
    update: (bytes) => bar.update(Math.min(bytes, total), describe(Math.min(bytes, total))),
    stop: () => bar.stop(),
  };
}
