/** Renders a comparison's tables as Markdown, CSV and LaTeX. */
import { forCsv, forLatex, forMarkdown } from '../../dsl/escape.ts';
import type { Costs } from './costs.ts';
import type { Measure } from './measures.ts';
import type { Table, TableCell, TableColumn } from './table.ts';
import type { Comparison } from './types.ts';

const arrows = { higher: '↑', lower: '↓' } as const;

/** Renders the name of a column with an arrow in the direction of better values. */
export function headingOf({ name, better }: TableColumn): string {
  return better ? `${name} ${arrows[better]}` : name;
}

/** Writes a table as Markdown. */
export function toMarkdown({ columns, rows, ceiling }: Table): string {
  const line = (texts: readonly string[]): string => `| ${texts.join(' | ')} |`;
  const shown = ({ text, spread, isBest }: TableCell): string => {
    const value = forMarkdown(spread === undefined ? text : `${text} ± ${spread}`);
    return isBest ? `**${value}**` : value;
  };
  return [
    line(columns.map((column) => forMarkdown(headingOf(column)))),
    line(columns.map(({ isText }) => (isText ? '---' : '---:'))),
    ...rows.map((row) => line(row.map(shown))),
    ...(ceiling ? [line(ceiling.map(shown))] : []),
  ].join('\n');
}

/** Writes a table as LaTeX, for the package booktabs. */
export function toLatex({ columns, rows, ceiling }: Table, caption: string): string {
  const line = (texts: readonly string[]): string => `    ${texts.join(' & ')} \\\\`;
  const shown = ({ text, spread, isBest }: TableCell): string => {
    const value = isBest ? `\\textbf{${forLatex(text)}}` : forLatex(text);
    return spread === undefined ? value : `${value} {\\small$\\pm$\\,${forLatex(spread)}}`;
  };
  const heading = ({ name, better }: TableColumn): string =>
    `${forLatex(name)}${better ? ` $\\${better === 'higher' ? 'uparrow' : 'downarrow'}$` : ''}`;
  return [
    '% Needs \\usepackage{booktabs}.',
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${forLatex(caption)}}`,
    `  \\begin{tabular}{${columns.map(({ isText }) => (isText ? 'l' : 'r')).join('')}}`,
    '    \\toprule',
    line(columns.map(heading)),
    '    \\midrule',
    ...rows.map((row) => line(row.map(shown))),
    ...(ceiling ? ['    \\midrule', line(ceiling.map(shown))] : []),
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}

/** Renders every number of a comparison in full precision, one row per cell and quantity (RFC 4180). */
export function toCsv(
  { axes, cells }: Comparison,
  measures: readonly Measure[],
  costs: readonly Costs[],
): string {
  const heading = [
    'cell',
    ...axes,
    'quantity',
    'better',
    'seeds',
    'mean',
    'deviation',
    'ceiling',
    'difference',
    'maps_low',
    'maps_high',
    'seeds_low',
    'seeds_high',
    'verdict',
  ];
  const rows = cells.flatMap(({ label, point, runs }, index) => {
    const start = [label, ...axes.map((axis) => point[axis] ?? '')];
    const quality = measures.flatMap(({ name, better, ceiling, cells: summaries, differences }) => {
      const summary = summaries[index];
      const difference = differences[index];
      if (!summary) return [];
      return [
        [
          ...start,
          name,
          better,
          summary.values.length,
          summary.mean,
          summary.deviation,
          ceiling,
          difference?.value,
          difference?.maps?.low,
          difference?.maps?.high,
          difference?.seeds?.low,
          difference?.seeds?.high,
          difference?.verdict,
        ],
      ];
    });
    const { parameters, allParameters, paintingFlops, stepFlops, secondsPerStep, residentBytes } =
      costs[index]!;
    const cost = Object.entries({
      generator_weights: parameters,
      all_weights: allParameters,
      painting_flops: paintingFlops,
      step_flops: stepFlops,
      seconds_per_step: secondsPerStep,
      resident_bytes: residentBytes,
    }).map(([name, value]) => [...start, name, 'lower', runs.length, value]);
    return [...quality, ...cost];
  });
  return [heading, ...rows]
    .map((row) => Array.from(heading, (_, column) => csvField(row[column])).join(','))
    .join('\r\n')
    .concat('\r\n');
}

/** Numbers are not escaped: a leading minus makes no formula. */
function csvField(value: string | number | undefined): string {
  return typeof value === 'number' ? String(value) : forCsv(value ?? '');
}
