/** Builds the tables of a comparison, independent of their output format. */
import { formatBytes, formatCount } from '../../compiler/explain/render.ts';
import { formatSeconds, fourDigits, signed, threeDigits } from '../base/format.ts';
import type { Costs } from './costs.ts';
import type { Difference, Measure } from './measures.ts';
import type { Interval } from './statistics.ts';
import type { Comparison } from './types.ts';

export interface Table {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly TableCell[])[];
  /** The values of the real photographs, for the columns that have them. */
  readonly ceiling: readonly TableCell[] | undefined;
}

export interface TableColumn {
  readonly name: string;
  readonly better?: 'higher' | 'lower' | undefined;
  readonly isText?: boolean;
}

export interface TableCell {
  readonly text: string;
  /** Standard deviation over seeds. */
  readonly spread?: string | undefined;
  readonly isBest?: boolean;
}

const none: TableCell = { text: '' };

/** Builds the table of quality and costs, one row per cell. */
export function mainTable(
  { axes, cells }: Comparison,
  measures: readonly Measure[],
  costs: readonly Costs[],
): Table {
  const rows = cells.map((cell, index) => {
    const cost = costs[index]!;
    return [
      ...axes.map((axis) => ({ text: cell.point[axis] ?? '' })),
      { text: String(cell.runs.length) },
      ...measures.map((measure) => valueCell(measure, index)),
      { text: optional(cost.parameters, formatCount) },
      { text: optional(cost.paintingFlops, formatCount) },
      { text: optional(cost.stepFlops, formatCount) },
      { text: formatSeconds(cost.secondsPerStep) },
      { text: optional(cost.residentBytes, formatBytes) },
    ];
  });
  const columns: TableColumn[] = [
    ...axes.map((name) => ({ name, isText: true })),
    { name: 'seeds' },
    ...measures.map(({ name, better }) => ({ name, better })),
    { name: 'generator weights' },
    { name: 'FLOPs to paint' },
    { name: 'FLOPs of a step' },
    { name: 'time of a step' },
    { name: 'memory' },
  ];
  return { columns, rows, ceiling: ceilingRow(axes.length, measures, columns.length) };
}

function valueCell({ cells, better }: Measure, index: number): TableCell {
  const summary = cells[index];
  if (!summary) return { text: '–' };
  const { mean, deviation, isBest } = summary;
  // With a single cell, no value is marked as the best.
  const compared = cells.filter((other) => other).length > 1 && better !== undefined;
  return {
    text: fourDigits(mean),
    spread: deviation === undefined ? undefined : threeDigits(deviation),
    isBest: isBest && compared,
  };
}

function ceilingRow(axes: number, measures: readonly Measure[], width: number): TableCell[] | undefined {
  if (measures.every(({ ceiling }) => ceiling === undefined)) return undefined;
  const row = [
    { text: 'real photographs' },
    ...Array.from({ length: axes }, () => none),
    ...measures.map(({ ceiling }) => ({ text: optional(ceiling, fourDigits) })),
  ];
  return [...row, ...Array.from({ length: width - row.length }, () => none)];
}

/** Builds the table of differences to the baseline. */
export function differenceTable({ cells }: Comparison, measures: readonly Measure[]): Table {
  const rows = measures.flatMap(({ name, differences }) =>
    differences.flatMap((difference, index) =>
      difference
        ? [
            [
              { text: name },
              { text: cells[index]!.label },
              { text: signed(difference.value) },
              {
                text: difference.maps
                  ? `${difference.maps.isStandIn ? 'mean of maps ' : ''}${interval(difference.maps)}`
                  : '–',
              },
              { text: difference.seeds ? interval(difference.seeds) : '–' },
              { text: words(difference) },
            ],
          ]
        : [],
    ),
  );
  return {
    columns: [
      { name: 'metric', isText: true },
      { name: 'cell', isText: true },
      { name: 'difference' },
      { name: '95 % interval over maps' },
      { name: '95 % interval over seeds' },
      { name: 'in words', isText: true },
    ],
    rows,
    ceiling: undefined,
  };
}

function interval({ low, high }: Interval): string {
  return `${signed(low)} to ${signed(high)}`;
}

/** Renders the verdict on a difference. */
export function words({ verdict, maps, seeds }: Difference): string {
  if (verdict === 'unclear') return 'no clear difference';
  if (verdict === 'unknown') return 'not known: one seed, no values of single maps';
  return `${verdict}${seeds ? '' : maps ? ' on these maps; one seed each' : ''}`;
}

function optional(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? '–' : format(value);
}
