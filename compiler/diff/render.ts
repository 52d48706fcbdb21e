/** Renders the differences of two specs as text. */
import type { Difference, SpecDiff } from './differences.ts';

/** Longer values are cut; a terminal has 110 columns. */
const valueWidth = 40;

/** Renders differences by section, with both values; without a final line break. */
export function renderDiff({ before, after, sections }: SpecDiff): string {
  if (sections.length === 0) return `${before} and ${after} mean the same`;
  const rows = sections.flatMap(({ title, differences }) => [
    [title],
    ...differences.map((one) => [`  ${one.what}`, ...valuesOf(one)]),
  ]);
  const all = [['', before, after], ...rows];
  const widths = [0, 1].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Formats both values of a difference; values that a user wrote are shown in full. */
function valuesOf({ before, after, isPath }: Difference): string[] {
  return [before, after].map((value) => (isPath ? (value ?? '-') : cut(value)));
}

function cut(value: string | undefined): string {
  if (value === undefined) return '-';
  return value.length <= valueWidth ? value : `${value.slice(0, valueWidth - 1)}…`;
}
