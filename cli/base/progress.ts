/** Shows the progress of long work: one line updated in place on a terminal, a few plain lines elsewhere. */
import { SingleBar } from 'cli-progress';
import { formatSeconds, threeDigits } from '../../runtime/base/format.ts';
import { visible } from '../../dsl/escape.ts';
import { eraseLine, note } from './terminal.ts';

/** Shows progress from `start` to its end. */
export interface Progress {
  /** Updates the amount done, with a few words on the state. */
  update(done: number, remark: string): void;
  /** Writes a permanent line. */
  log(line: string): void;
  stop(): void;
}

/**
 * Plain output gets a line after this share of the work, but not within `plainPause` seconds, and at the latest after
 * `plainSeconds`.
 */
const plainShare = 1 / 20;
const plainPause = 1;
const plainSeconds = 30;

/**
 * Starts showing the progress of `total` units of work, of which `done` were done before; `unit` names them (`steps`).
 */
export function startProgress(total: number, done: number, unit: string): Progress {
  const start = { done, time: performance.now() };
  const describe = (now: number, remark: string): string => {
    const perSecond = (1000 * (now - start.done)) / (performance.now() - start.time);
    const left = perSecond > 0 ? `, ${formatSeconds((total - now) / perSecond)} left` : '';
    return `${threeDigits(perSecond)} ${unit}/s${now < total ? left : ''}${remark && `  ${remark}`}`;
  };
  return process.stderr.isTTY ? bar(total, done, describe) : plainLines(total, done, unit, describe);
}

type Describe = (done: number, remark: string) => string;

function bar(total: number, done: number, describe: Describe): Progress {
  const shown = new SingleBar({
    format: '{bar} {value}/{total}  {state}',
    barsize: 20,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: false,
    linewrap: false,
    fps: 5,
    stream: process.stderr,
    gracefulExit: false,
  });
  shown.start(total, done, { state: '' });
  return {
    update: (now, remark) => shown.update(now, { state: visible(describe(now, remark)) }),
    log(line) {
      eraseLine(process.stderr);
      note(line);
      shown.render();
    },
    stop: () => shown.stop(),
  };
}

function plainLines(total: number, done: number, unit: string, describe: Describe): Progress {
  let said = { done, time: performance.now() };
  return {
    update(now, remark) {
      const seconds = (performance.now() - said.time) / 1000;
      const isMuch = now - said.done >= total * plainShare && seconds >= plainPause;
      const isDue = isMuch || seconds >= plainSeconds;
      if (!isDue && now !== total) return;
      said = { done: now, time: performance.now() };
      note(`${now}/${total} ${unit}  ${describe(now, remark)}`);
    },
    log: note,
    stop: () => undefined,
  };
}
