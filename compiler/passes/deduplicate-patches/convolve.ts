/**
 * Computes convolutions of labels and of rows as rows of a level, one for each distinct patch, and lets pixels read them.
 *
 *     of labels:  row p = sum over places t of f[t, label of p at t]                      patch_sum(blocks of f, parts)
 *     of rows:    row p = sum over places t of (rows f[t])[row below of p at t]           patch_sum(matmul(rows, blocks of f), parts)
 *     pixels:     y[n,i,j] = rows[pixels[n,i,j]]                                          expand_rows(rows, pixels)
 */
import { type NodeOf, is } from '../../ir/op.ts';
import { type Precision, precisionOf } from '../../ops/primitive/precision.ts';
import { conv2d } from '../../ops/primitive/convolution/conv2d.ts';
import { along, extentOf, type Geometry } from '../../ops/primitive/convolution/geometry.ts';
import { type Builder, shapeOf, type Node } from '../../ir/node.ts';
import { i32 } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import type { PatchWindow, WindowAxis } from '../../patches/plan.ts';
import { hasMargin, noMargin, type Margin, type Piece, type Pieces, type Rows } from './forms.ts';
import { patchInput, patchType } from './inputs.ts';
import type { Tables } from './tables.ts';

/** Gives the rows that a convolution `node` makes of labels or of rows; undefined where a table was not chosen. */
export function convolve(
  tables: Tables,
  form: Pieces | Rows,
  node: NodeOf<typeof conv2d>,
  filter: Node,
): Rows | undefined {
  const [kernelHeight, kernelWidth] = shapeOf(filter) as [number, number];
  const { stride, padding, dilation = 1 } = node.attrs;
  const axis = { stride, padding, dilation };
  const isRows = form.kind === 'rows';
  const [seenRows, seenColumns] = isRows
    ? [form.height, form.width]
    : [form.grid.rows.length, form.grid.columns.length];
  const window: PatchWindow = {
    rows: windowAlong(seenRows, kernelHeight, axis, form.margin.rows),
    columns: windowAlong(seenColumns, kernelWidth, axis, form.margin.columns),
  };
  const level = tables.levels.level(isRows ? { level: form.level } : { grid: form.grid }, window);
  if (level === undefined) return undefined;
  const rows = isRows
    ? rowsOfRows(tables, form, filter, level, precisionOf(node.attrs))
    : rowsOfLabels(tables, form, filter, level);
  const [, height, width] = shapeOf(node) as [number, number, number];
  return { kind: 'rows', level, height, width, times: form.times, rows, margin: noMargin };
}

/**
 * Gives what a convolution becomes that reads labels in some of its channels only: those are done in rows, the others as
 * before. Undefined where a table was not chosen.
 */
export function convolveApart(tables: Tables, form: Pieces, node: Node): Node | undefined {
  // A transposed convolution is partly local as well, but its filter has the channels elsewhere.
  if (!is(conv2d, node)) return undefined;
  const { b } = tables;
  const filter = tables.asPixels(node.operands[1]);
  const filters = filtersOf(b, filter, form.pieces);
  const side = (isLabel: boolean): { readonly pieces: readonly Piece[]; readonly filter: Node } => {
    const kept = form.pieces.flatMap((piece, index) =>
      (piece.holds !== 'other') === isLabel
        ? [{ piece, filter: must(filters[index], 'there is a filter for each piece') }]
        : [],
    );
    const parts = kept.map((one) => one.filter);
    return { pieces: kept.map(({ piece }) => piece), filter: joined(b, parts, 2) };
  };
  const [labels, others] = [side(true), side(false)];
  const rows = convolve(tables, { ...form, pieces: labels.pieces }, node, labels.filter);
  if (!rows) return undefined;
  const pictures = others.pieces.flatMap((piece) =>
    piece.holds === 'other' ? [tables.asPixels(piece.node)] : [],
  );
  const picture = padded(b, joined(b, pictures, 3), form.margin);
  return b.add(b.conv2d(picture, others.filter, node.attrs), expand(tables, rows));
}

/** Gives every pixel the row of its patch. */
export function expand({ b, levels }: Tables, { level, rows, height, width, times }: Rows): Node {
  levels.wantPixels(level);
  const pixels = b.input({ name: patchInput(level, 'pixels'), ...i32(levels.maps.pictures, height, width) });
  const all = joined(b, new Array<Node>(times).fill(pixels), 0);
  return b.expandRows(rows, all);
}

/**
 * A product with the filter for each row that patches are made of, then sums by what each patch holds: there are fewer rows
 * than patches of rows, so the product comes first.
 */
function rowsOfRows({ b }: Tables, form: Rows, filter: Node, level: number, precision: Precision): Node {
  const product = b.matmul(form.rows, blocksOf(b, filter), {
    transpose_a: false,
    transpose_b: false,
    ...precision,
  });
  return b.patchSum(product, partsOf(b, level, 'parts', filter));
}

function rowsOfLabels({ b, levels }: Tables, { pieces }: Pieces, filter: Node, level: number): Node {
  const sums = filtersOf(b, filter, pieces).map((part, index) => {
    const isEdge = pieces[index]?.holds === 'edge';
    if (isEdge) levels.wantEdges();
    return b.patchSum(blocksOf(b, part), partsOf(b, level, isEdge ? 'edges' : 'parts', filter));
  });
  return sums.reduce((sum, next) => b.add(sum, next));
}

/** Lays a filter [h,w,C,O] out as [C,h w O]: a block of columns for each place. */
function blocksOf(b: Builder, filter: Node): Node {
  const [height, width, channels, out] = shapeOf(filter) as [number, number, number, number];
  const turned = b.transpose(filter, { permutation: [2, 0, 1, 3] });
  return b.reshape(turned, { shape: [channels, height * width * out] });
}

function partsOf(b: Builder, level: number, part: 'parts' | 'edges', filter: Node): Node {
  const [height, width] = shapeOf(filter) as [number, number];
  return b.input({ name: patchInput(level, part), ...patchType(level, height * width) });
}

/** Cuts a filter's input channels into those of each piece. */
function filtersOf(b: Builder, filter: Node, pieces: readonly Piece[]): readonly Node[] {
  if (pieces.length === 1) return [filter];
  return b.items(b.split(filter, { axis: 2, sizes: pieces.map(({ channels }) => channels) }));
}

function joined(b: Builder, parts: readonly Node[], axis: number): Node {
  return parts.length === 1 ? must(parts[0], 'there is one part') : b.concat(parts, { axis });
}

function padded(b: Builder, x: Node, { rows, columns }: Margin): Node {
  if (!hasMargin({ rows, columns })) return x;
  return b.pad(x, { amounts: [0, 0, ...rows, ...columns, 0, 0], value: 0 });
}

/** The window of a convolution along an axis of `size` pixels with a margin of zeros. */
function windowAlong(
  size: number,
  kernel: number,
  { dilation = 1, ...geometry }: Geometry,
  [before, after]: readonly [number, number],
): WindowAxis {
  const { stride } = geometry;
  const extent = extentOf(kernel, dilation);
  const inside = along(before + size + after, extent, geometry);
  const first = before + inside.before;
  const reached = (inside.out - 1) * stride + extent;
  return { kernel, stride, dilation, before: first, after: Math.max(0, reached - first - size) };
}
