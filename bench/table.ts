/** Renders a comparison: a table of its rounds, and the times before the first step. */
import { must } from '../dsl/errors.ts';
import { sharedArguments, type CompareSettings } from './options.ts';
import { medianOver, type Comparison, type Figures, type Round } from './rounds.ts';

interface Column {
  readonly head: string;
  readonly of: (round: Round) => number;
  readonly digits: number;
}

/** Gives the speedup: above 1, we are faster. */
export const ratio = ({ ours, theirs }: Round): number => theirs.ms / ours.ms;

/** Gives the speedup of synthesis with another vector z; the opponent computes it as slowly as the first time. */
export const restyleRatio = ({ ours, theirs }: Round): number =>
  theirs.ms / must(ours.restyle_ms, 'every case was measured');

/** Sums the times of all phases, in seconds. */
export function compileSeconds({ compile_ms }: Figures): number {
  return Object.values(compile_ms).reduce((sum, milliseconds) => sum + milliseconds, 0) / 1e3;
}

/** Describes a comparison as lines of text. */
export function describeComparison(comparison: Comparison, settings: CompareSettings): string[] {
  const { ours, theirs } = must(comparison.rounds[0], 'at least one round was run');
  return [
    `${ours.library} against ${theirs.library}: ${comparison.opponent}`,
    `${ours.machine}, threads: ${ours.threads}; ${sharedArguments(settings).join(' ')}`,
    `medians of ${settings.steps} steps; peak of the resident size`,
    '',
    ...roundsTable(comparison),
    '',
    `here:  ${describeStart(ours)}`,
    `there: ${describeStart(theirs)}`,
  ];
}

function describeStart(figures: Figures): string {
  const phases = Object.entries(figures.compile_ms).map(([phase, ms]) => `${phase} ${seconds(ms)}`);
  const { first_step_ms: first, estimated_rss_mb: estimated } = figures;
  const memory = estimated === undefined ? '' : `; the estimate of the peak is ${estimated.toFixed(0)} MB`;
  return `${phases.join(', ')}; the first step takes ${seconds(first)}${memory}`;
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1e3).toFixed(2)} s`;

function roundsTable(comparison: Comparison): string[] {
  const restyled = comparison.rounds.every(({ ours }) => ours.restyle_ms !== undefined);
  const columns: Column[] = [
    { head: 'ours (ms)', of: ({ ours }) => ours.ms, digits: 0 },
    { head: 'theirs (ms)', of: ({ theirs }) => theirs.ms, digits: 0 },
    { head: 'theirs / ours', of: ratio, digits: 2 },
    ...(restyled
      ? [
          {
            head: 'z only (ms)',
            of: ({ ours }: Round) => must(ours.restyle_ms, 'every case was measured'),
            digits: 0,
          },
          { head: 'theirs / z only', of: restyleRatio, digits: 2 },
        ]
      : []),
    { head: 'ours (MB)', of: ({ ours }) => ours.peak_rss_mb, digits: 0 },
    { head: 'theirs (MB)', of: ({ theirs }) => theirs.peak_rss_mb, digits: 0 },
  ];
  const rows = comparison.rounds.map((round, index) => [
    String(index + 1),
    ...columns.map(({ of, digits }) => of(round).toFixed(digits)),
  ]);
  const medians = columns.map(({ of, digits }) => medianOver(comparison, of).toFixed(digits));
  return markdownTable(['round', ...columns.map(({ head }) => head)], [...rows, ['median', ...medians]]);
}

/** Renders a Markdown table: the first column is left-aligned if `leftFirst`, all others right-aligned. */
export function markdownTable(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  { leftFirst = false } = {},
): string[] {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => must(row[column], 'a row has a cell for each column').length)),
  );
  const isLeft = (column: number): boolean => leftFirst && column === 0;
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) => {
      const width = must(widths[column], 'a row has a cell for each column');
      return isLeft(column) ? cell.padEnd(width) : cell.padStart(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rules = widths.map((width, column) =>
    isLeft(column) ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`,
  );
  return [line(heads), `|${rules.join('|')}|`, ...rows.map(line)];
}
