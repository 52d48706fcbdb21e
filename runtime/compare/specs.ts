/** Answers for what the specs of a comparison's cells differ in. */
import { diffSpecs, type Spec } from '../../compiler/index.ts';
import { runAxis, type Cell, type Comparison } from './types.ts';

/** What a cell's spec differs in from the baseline's, a line for each difference. */
export interface SpecDifference {
  readonly cell: Cell;
  readonly lines: readonly string[];
}

/** More lines than these say that a network is another one, which the first of them do as well. */
const shownLines = 12;

/** Lists the cells that are not the baseline with what their specs differ in. */
export function specDifferences({ axes, cells, baseline }: Comparison): SpecDifference[] {
  const before = withoutSeed(baseline.runs[0]!.spec);
  return cells
    .filter((cell) => cell !== baseline)
    .map((cell) => ({
      cell,
      lines: [
        ...differingAxes(axes, baseline, cell),
        ...differingLines(before, withoutSeed(cell.runs[0]!.spec), shownLines),
      ],
    }));
}

/** Says in an ablation's own words what was varied. */
function differingAxes(axes: Comparison['axes'], before: Cell, after: Cell): string[] {
  if (axes.includes(runAxis)) return [];
  return axes
    .filter((axis) => before.point[axis] !== after.point[axis])
    .map((axis) => `${axis}: ${before.point[axis]} → ${after.point[axis]}`);
}

/** Gives what the runs of one cell have in common. */
export function withoutSeed(spec: Spec): Spec {
  if (!spec.train) return spec;
  const { seed: _, ...train } = spec.train;
  return { ...spec, train };
}

/** Lists what two specs differ in, a line for each difference, up to a number of lines. */
export function differingLines(before: Spec, after: Spec, most: number): string[] {
  const lines = diffSpecs(before, after).sections.flatMap(({ title, differences }) =>
    differences.map(
      ({ what, before: one = 'none', after: other = 'none', isPath }) =>
        `${isPath ? what : `${title}, ${what}`}: ${one} → ${other}`,
    ),
  );
  const rest = lines.length - most;
  return rest > 0 ? [...lines.slice(0, most), `and ${rest} more`] : lines;
}
