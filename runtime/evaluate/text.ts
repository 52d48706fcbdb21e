/** Renders an evaluation as text: a table of metrics, and their protocol. */
import { threeDigits } from '../base/format.ts';
import type { EvalRecord, Metric } from './record.ts';

/** Renders an evaluation; ends with a line break. */
export function renderEvaluation({ step, protocol, protocolId, maps, metrics }: EvalRecord): string {
  const hasCeiling = metrics.some(({ ceiling }) => ceiling !== undefined);
  const rows = metrics.map((metric) => [
    metric.name,
    sayValue(metric),
    ...(hasCeiling ? [metric.ceiling === undefined ? '' : threeDigits(metric.ceiling)] : []),
    metric.better,
  ]);
  const head = ['metric', 'value', ...(hasCeiling ? ['ceiling'] : []), 'better'];
  const { width, height } = protocol.size;
  const count = maps.length === 1 ? 'one map' : `${maps.length} maps`;
  return [
    ...aligned([head, ...rows]),
    '',
    `step ${step}, ${count} of ${width}x${height}, protocol ${protocolId}`,
    ...(hasCeiling ? ['ceiling: what the photographs themselves reach'] : []),
    '',
  ].join('\n');
}

function sayValue({ value, deviation }: Metric): string {
  return `${threeDigits(value)}${deviation === undefined ? '' : ` ± ${threeDigits(deviation)}`}`;
}

/** Aligns the first and last column to the left and the numbers between them to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const last = (rows[0]?.length ?? 0) - 1;
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === last ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
