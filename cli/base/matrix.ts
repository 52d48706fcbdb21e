/** Renders the matrix of an ablation as text: a line for each cell, with the cost of its runs. */
import type { Matrix, MatrixRow } from '../../compiler/explain/matrix.ts';
import { formatSeconds } from '../../runtime/base/format.ts';

/** The width of labels: longer ones are cut in the middle. The JSON has them in full. */
const labelWidth = 34;

/** Renders a matrix, without a line break at the end. */
export async function renderMatrix(matrix: Matrix): Promise<string> {
  const { align, formatBytes, formatCount } = await import('../../compiler/explain/render.ts');
  const { name, of, doc, axes, seeds, rows, runs, seconds } = matrix;
  const known = <T>(value: T | undefined, format: (value: T) => string): string =>
    value === undefined ? '' : format(value);
  const isTimed = rows.some((row) => row.seconds !== undefined);
  const cells = (row: MatrixRow): string[] => [
    ...axes.map((axis) => cut(row.point[axis.name] ?? '')),
    formatCount(row.parameters),
    known(row.flops, formatCount),
    known(row.memoryBytes, formatBytes),
    known(row.steps, String),
    ...(isTimed ? [known(row.seconds, formatSeconds)] : []),
  ];
  const head = [
    ...axes.map((axis) => cut(axis.name)),
    ...['parameters', 'FLOP/step', 'memory', 'steps'],
    ...(isTimed ? ['at least'] : []),
  ];
  const total = [...axes.map((_, index) => (index === 0 ? 'all' : '')), '', '', '', ''];
  const table = align(
    [head, ...rows.map(cells), isTimed ? [...total, known(seconds, formatSeconds)] : []],
    axes.length,
  );
  const count = `${runs} run${runs === 1 ? '' : 's'}`;
  const each = seeds.length === 1 ? `seed ${seeds[0]}` : `${rows.length} x seeds ${seeds.join(', ')}`;
  return [
    `ablation ${name} of ${of}   ${count} (${each})`,
    ...(doc === undefined ? [] : [doc]),
    // The last row is a total.
    ...(isTimed ? table : table.slice(0, -2)),
    'parameters of all networks; FLOP and memory of a training step',
    ...(rows.some((row) => row.steps === undefined)
      ? ['steps are not known where the training pictures of an epoch were not found (--data)']
      : []),
    ...(isTimed ? [`times are those of the operations alone, for one run and for all ${count} in turn`] : []),
  ].join('\n');
}

function cut(label: string): string {
  return label.length <= labelWidth ? label : `${label.slice(0, labelWidth - 1)}…`;
}
