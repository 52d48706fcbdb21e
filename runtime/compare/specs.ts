/** Lists the differences between the specs of a comparison's cells. */
import { diffSpecs, type Spec } from '../../compiler/index.ts';
import { runAxis, type Cell, type Comparison } from './types.ts';

/** The differences of a cell's spec to the baseline's, one line each. */
export interface SpecDifference {
  readonly cell: Cell;
  readonly lines: readonly string[];
}

/** The most lines shown: if there are more, it is another network. */
const shownLines = 12;

/** Lists the differences of each cell except the baseline. */
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

/** Lists the varied axes, as the ablation names them. */
function differingAxes(axes: Comparison['axes'], before: Cell, after: Cell): string[] {
  if (axes.includes(runAxis)) return [];
  return axes
    .filter((axis) => before.point[axis] !== after.point[axis])
    .map((axis) => `${axis}: ${before.point[axis]} → ${after.point[axis]}`);
}

/** Gives the spec of a cell without the seed of a run. */
export function withoutSeed(spec: Spec): Spec {
  if (!spec.train) return spec;
  const { seed: _, ...train } = spec.train;
  return { ...spec, train };
}

/** Lists the differences between two specs, one line each, up to a number of lines. */
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
