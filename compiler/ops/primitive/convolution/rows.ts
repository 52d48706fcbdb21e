/**
 * Computes convolutions of labels and of rows as rows of a level, one for each distinct patch.
 *
 *     of labels:  row p = sum over places t of f[t, label of p at t]                      patch_sum(blocks of f, parts)
 *     of rows:    row p = sum over places t of (rows f[t])[row below of p at t]           patch_sum(matmul(rows, blocks of f), parts)
 */
import { must } from '../../../../dsl/errors.ts';
import { shapeOf, type Builder, type Node } from '../../../ir/node.ts';
import type { PatchWindow, WindowAxis } from '../../../patches/plan.ts';
import {
  hasMargin,
  isAllLabels,
  noMargin,
  type Form,
  type Margin,
  type Piece,
  type Pieces,
  type Pixels,
  type Rows,
} from '../../../rows/forms.ts';
import type { Tables } from '../../../rows/rule.ts';
import { precisionOf, type Precision } from '../precision.ts';
import { along, extentOf, type Geometry } from './geometry.ts';
import type { FilteredNode } from './locality.ts';

/** How a convolution acts on labels and on rows, alone or beside other channels. */
export function convolutionOnRows(node: FilteredNode, tables: Tables): Form | Pixels | undefined {
  const [x, filter] = node.operands;
  const form = tables.formOf(x);
  if (!form || form.kind === 'ids') return undefined;
  if (form.kind === 'rows' || isAllLabels(form)) return convolve(tables, form, node, tables.asPixels(filter));
  return tables.isPartlyLocal(node) ? convolveApart(tables, form, node) : undefined;
}

/** Gives the rows that a convolution `node` makes of labels or of rows; undefined where a table was not chosen. */
function convolve(tables: Tables, form: Pieces | Rows, node: FilteredNode, filter: Node): Rows | undefined {
  const level = tables.levelOf(form, windowOf(form, filter, node.attrs));
  if (level === undefined) return undefined;
  const rows =
    form.kind === 'rows'
      ? rowsOfRows(tables, form, filter, level, precisionOf(node.attrs))
      : rowsOfLabels(tables, form, filter, level);
  const [, height, width] = shapeOf(node) as [number, number, number];
  return { kind: 'rows', level, height, width, times: form.times, rows, margin: noMargin };
}

/**
 * Gives what a convolution becomes that reads labels in some of its channels only: those are done in rows, the others as
 * before. Undefined where a table was not chosen.
 */
function convolveApart(tables: Tables, form: Pieces, node: FilteredNode): Pixels | undefined {
  const { b } = tables;
  const filters = filtersOf(b, tables.asPixels(node.operands[1]), form.pieces);
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
  const geometry: Geometry = node.attrs;
  const pixels = b.add(b.conv2d(picture, others.filter, geometry), tables.expand(rows));
  return { kind: 'pixels', pixels };
}

/**
 * A product with the filter for each row that patches are made of, then sums by what each patch holds: there are fewer rows
 * than patches of rows, so the product comes first.
 */
function rowsOfRows(tables: Tables, form: Rows, filter: Node, level: number, precision: Precision): Node {
  const { b } = tables;
  const product = b.matmul(form.rows, blocksOf(b, filter), {
    transpose_a: false,
    transpose_b: false,
    ...precision,
  });
  return b.patchSum(product, tables.partsOf(level, 'parts', placesOf(filter)));
}

function rowsOfLabels(tables: Tables, { pieces }: Pieces, filter: Node, level: number): Node {
  const { b } = tables;
  const sums = filtersOf(b, filter, pieces).map((part, index) => {
    const held = pieces[index]?.holds === 'edge' ? 'edges' : 'parts';
    return b.patchSum(blocksOf(b, part), tables.partsOf(level, held, placesOf(filter)));
  });
  return sums.reduce((sum, next) => b.add(sum, next));
}

/** Lays a filter [h,w,C,O] out as [C,h w O]: a block of columns for each place. */
function blocksOf(b: Builder, filter: Node): Node {
  const [height, width, channels, out] = shapeOf(filter) as [number, number, number, number];
  const turned = b.transpose(filter, { permutation: [2, 0, 1, 3] });
  return b.reshape(turned, { shape: [channels, height * width * out] });
}

function placesOf(filter: Node): number {
  const [height, width] = shapeOf(filter) as [number, number];
  return height * width;
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

/** The window that a convolution moves over a form. */
function windowOf(form: Pieces | Rows, filter: Node, geometry: Geometry): PatchWindow {
  const [kernelHeight, kernelWidth] = shapeOf(filter) as [number, number];
  const [height, width] =
    form.kind === 'rows' ? [form.height, form.width] : [form.grid.rows.length, form.grid.columns.length];
  return {
    rows: windowAlong(height, kernelHeight, geometry, form.margin.rows),
    columns: windowAlong(width, kernelWidth, geometry, form.margin.columns),
  };
}

/** The window along an axis of `size` pixels with a margin of zeros. */
function windowAlong(
  size: number,
  kernel: number,
  { dilation = 1, stride, padding }: Geometry,
  [before, after]: readonly [number, number],
): WindowAxis {
  const extent = extentOf(kernel, dilation);
  const inside = along(before + size + after, extent, { stride, padding });
  const first = before + inside.before;
  const reached = (inside.out - 1) * stride + extent;
  return { kernel, stride, dilation, before: first, after: Math.max(0, reached - first - size) };
}
