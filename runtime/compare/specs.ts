/** Answers for what the specs of a comparison's cells differ in. */
import type { Cell, Comparison } from './types.ts';

/** What a cell's spec differs in from the baseline's, a line for each difference. */
export interface SpecDifference {
  readonly cell: Cell;
  readonly lines: readonly string[];
}

/** Lists the cells that are not the baseline with what their specs differ in. */
export function specDifferences({ axes, cells, baseline }: Comparison): SpecDifference[] {
  return cells
    .filter((cell) => cell !== baseline)
    .map((cell) => ({ cell, lines: differingLines(axes, baseline, cell) }));
}

function differingLines(axes: readonly string[], baseline: Cell, cell: Cell): string[] {
  return axes
    .filter((axis) => cell.point[axis] !== baseline.point[axis])
    .map((axis) => `${axis}: ${baseline.point[axis]} → ${cell.point[axis]}`);
}
