/**
 * Shows an ablation on the terminal: a table updated in place, or plain lines of changes if the output is not a
 * terminal.
 */
import pc from 'picocolors';
import type { RunEntry } from '../../runtime/run/ablation.ts';
import type { RunProgress } from '../../runtime/ablate/progress.ts';
import { formatSeconds } from '../../runtime/base/format.ts';
import { visible } from '../../dsl/escape.ts';
import { eraseLines, note, showsColor, write } from './terminal.ts';

export interface AblationTable {
  /** Shows the present state of runs. */
  show(runs: readonly RunEntry[]): void;
  /** Reports a change of one run. */
  changed(run: RunEntry): void;
  /** Writes a permanent line. */
  log(line: string): void;
  stop(): void;
}

const refreshMilliseconds = 1000;

/** Starts the table; `progressOf` reads the progress of a run. */
export function startAblationTable(progressOf: (name: string) => RunProgress | undefined): AblationTable {
  return process.stderr.isTTY ? liveTable(progressOf) : plainTable();
}

function plainTable(): AblationTable {
  return {
    show: () => undefined,
    changed: (run) => {
      note(`${run.name}: ${run.state}`);
      for (const line of run.lines ?? []) note(`  | ${line}`);
    },
    log: note,
    stop: () => undefined,
  };
}

function liveTable(progressOf: (name: string) => RunProgress | undefined): AblationTable {
  let runs: readonly RunEntry[] = [];
  let drawn = 0;
  const erase = (): void => {
    eraseLines(process.stderr, drawn);
    drawn = 0;
  };
  const draw = (): void => {
    const { rows = 24, columns = 80 } = process.stderr;
    erase();
    const lines = linesOf(runs, progressOf, rows - 2).map((line) => fitted(line, columns - 1));
    write(process.stderr, lines.map((line) => `${line}\n`).join(''));
    drawn = lines.length;
  };
  const timer = setInterval(draw, refreshMilliseconds);
  return {
    show(now) {
      runs = now;
      draw();
    },
    changed: () => undefined,
    log(line) {
      erase();
      note(line);
      draw();
    },
    stop() {
      clearInterval(timer);
      draw();
    },
  };
}

/** A line of the table, with its text and color separate. */
interface Line {
  readonly text: string;
  readonly color: (text: string) => string;
}

/** Cuts a line to the width of the terminal: a wrapped line takes two rows, of which only one would be erased. */
function fitted({ text, color }: Line, width: number): string {
  return color(visible(text).slice(0, width));
}

/** Renders the table in at most `most` lines: if there are more runs, waiting and finished ones are only counted. */
export function linesOf(
  runs: readonly RunEntry[],
  progressOf: (name: string) => RunProgress | undefined,
  most: number,
): Line[] {
  const colors = pc.createColors(showsColor(process.stderr));
  const width = Math.max(...runs.map(({ name }) => name.length));
  const shown =
    runs.length + 1 <= most ? runs : runs.filter(({ state }) => state !== 'waiting' && state !== 'done');
  const plain = (text: string): string => text;
  const paint = {
    waiting: colors.dim,
    training: plain,
    evaluating: plain,
    done: colors.green,
    failed: colors.red,
  };
  const lines = shown.slice(0, most - 1).map((run): Line => {
    const progress = run.state === 'training' ? progressOf(run.name) : undefined;
    return { text: `${run.name.padEnd(width)}  ${describe(run, progress)}`, color: paint[run.state] };
  });
  const count = (state: RunEntry['state']): number => runs.filter((run) => run.state === state).length;
  const states = ['done', 'training', 'evaluating', 'waiting', 'failed'] as const;
  const counts = states.flatMap((state) => (count(state) > 0 ? [`${count(state)} ${state}`] : []));
  return [...lines, { text: `${runs.length} runs: ${counts.join(', ')}`, color: colors.bold }];
}

function describe({ state, failures }: RunEntry, progress: RunProgress | undefined): string {
  const retried = failures > 0 && state !== 'failed' ? ', second try' : '';
  if (!progress) return `${state}${retried}`;
  const { step, planned, secondsPerStep } = progress;
  const left = formatSeconds((planned - step) * secondsPerStep);
  return `${state}${retried}  ${step}/${planned} steps  ${formatSeconds(secondsPerStep)} each, ${left} left`;
}
