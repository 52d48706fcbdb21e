/** Shows a training, new or resumed, on the terminal: progress, Ctrl-C, and the result. */
import { exitCodes } from '../../dsl/errors.ts';
import { quoted } from '../../runtime/base/shell.ts';
import { visible } from '../../dsl/escape.ts';
import type { RunObserver, RunResult } from '../../runtime/train/run.ts';
import type { MetricRecord } from '../../runtime/run/records.ts';
import { formatSeconds, threeDigits } from '../../runtime/base/format.ts';
import { onInterrupt } from './interrupts.ts';
import { startProgress, type Progress } from './progress.ts';
import { note, print } from './terminal.ts';

/** What a training gets in order to be shown. */
export interface Followed {
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
}

/**
 * Runs a training and shows its progress; at the end, prints the path of the page. A stopped training exits with 130.
 */
export async function followRun(
  quiet: boolean,
  work: (followed: Followed) => Promise<RunResult>,
): Promise<void> {
  const stop = new AbortController();
  let progress: Progress | undefined;
  const say = (line: string): void => (progress ? progress.log(line) : note(line));
  const interrupt = (): void => {
    // The second Ctrl-C does not wait for the step; the last checkpoint is complete anyway.
    if (stop.signal.aborted) {
      progress?.stop(); // gives the terminal its cursor back
      process.exit(exitCodes.interrupted);
    }
    stop.abort();
    say('Finishing the step, then saving (Ctrl-C again to end at once) ...');
  };
  const release = onInterrupt(interrupt);
  const observer: RunObserver = quiet
    ? {}
    : {
        log: say,
        started({ folder, first, steps, engine }) {
          note(
            `${first === 0 ? 'Training' : `Going on after step ${first}`} on ${engine}; the run is in ${visible(folder)}`,
          );
          progress = startProgress(steps, first, 'steps');
        },
        stepped: (record) => progress?.update(record.step, describeLosses(record)),
      };
  try {
    const result = await work({ observer, signal: stop.signal });
    progress?.stop();
    progress = undefined;
    if (!quiet) summarize(result);
    print(result.page);
    if (result.status === 'stopped') process.exitCode = exitCodes.interrupted;
  } finally {
    progress?.stop();
    release();
  }
}

function describeLosses({ losses }: MetricRecord): string {
  const totals = Object.entries(losses).map(([network, terms]) => {
    const total = Object.values(terms).reduce<number>((sum, term) => sum + (term ?? NaN), 0);
    return `${network} ${threeDigits(total)}`;
  });
  return `loss ${totals.join(', ')}`;
}

function summarize({
  status,
  steps,
  stepsPlanned,
  stepsNow,
  secondsPerStep,
  memory,
  folder,
}: RunResult): void {
  if (stepsNow === 0 && status === 'finished') return;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  note(
    status === 'finished'
      ? `Finished ${steps} steps, ${formatSeconds(secondsPerStep)} each.`
      : `Stopped after step ${steps} of ${stepsPlanned}; everything is saved. To go on: spadework resume ${visible(quoted(folder))}`,
  );
  if (!memory) return;
  const { early, end } = memory;
  note(
    `Memory: ${megabytes(early.residentBytes)} and ${early.tensors} tensors after step ${early.step}, ` +
      `${megabytes(end.residentBytes)} and ${end.tensors} tensors after step ${end.step}.`,
  );
}
