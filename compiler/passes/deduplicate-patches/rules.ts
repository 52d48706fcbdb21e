/** Says how each op acts on forms. What has no rule here, or a form that a rule does not take, becomes pixels. */
import { concat } from '../../ops/primitive/joining.ts';
import { conv2d } from '../../ops/primitive/convolution/conv2d.ts';
import { input } from '../../ir/sources.ts';
import { oneHot } from '../../ops/primitive/one-hot.ts';
import { pad } from '../../ops/primitive/blocks.ts';
import { stopGradient } from '../../ops/primitive/sources.ts';
import { take } from '../../ops/primitive/take.ts';
import { shapeOf, type Node, type Op } from '../../ir/node.ts';
import { rebuild } from '../../ir/rebuild.ts';
import { is, type NodeOf } from '../../ir/op.ts';
import { pairs, sizeOf } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import { convolve } from './convolve.ts';
import { hasMargin, isAllLabels, isSameGrid, noMargin, takeOfGrid, type Form, type Piece } from './forms.ts';
import type { Tables } from './tables.ts';

/** Gives the form of a node's result; undefined where only pixels will do. */
export function formOfResult(tables: Tables, node: Node): Form | undefined {
  if (node.op.traits.isPointwise || is(stopGradient, node)) return pointwise(tables, node);
  if (is(input, node)) return ofInput(tables, node);
  if (is(take, node)) return ofTake(tables, node);
  if (is(oneHot, node)) return ofOneHot(tables, node);
  if (is(concat, node)) return ofConcat(tables, node);
  if (is(pad, node)) return ofPad(tables, node);
  if (is(conv2d, node)) return ofConvolution(tables, node);
  return undefined;
}

/** How a node of an op is held. */
type Rule<D extends Op> = (tables: Tables, node: NodeOf<D>) => Form | undefined;

const ofInput: Rule<typeof input> = ({ levels }, node) => {
  const { labels, edges, height, width } = levels.maps;
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  const place = { grid: { rows: upTo(height), columns: upTo(width) }, times: 1 };
  switch (node.attrs.name) {
    case labels:
      return { kind: 'ids', ...place };
    case edges:
      return { kind: 'pieces', ...place, pieces: [{ holds: 'edge', channels: 1 }], margin: noMargin };
    default:
      return undefined;
  }
};

const ofTake: Rule<typeof take> = (tables, { operands: [x], attrs: { axis, indices } }) => {
  const form = tables.formOf(x);
  if (!form || form.kind === 'rows' || (axis !== 1 && axis !== 2)) return undefined;
  if (form.kind === 'pieces' && (!isAllLabels(form) || hasMargin(form.margin))) return undefined;
  return { ...form, grid: takeOfGrid(form.grid, axis, indices) };
};

const ofOneHot: Rule<typeof oneHot> = (tables, { operands: [ids], attrs: { depth } }) => {
  const form = tables.formOf(ids);
  if (form?.kind !== 'ids') return undefined;
  const { grid, times } = form;
  const pieces: Piece[] = [{ holds: 'classes', channels: depth }];
  return { kind: 'pieces', grid, times, pieces, margin: noMargin };
};

/** The same pictures again, or pieces side by side. */
const ofConcat: Rule<typeof concat> = (tables, { operands, attrs: { axis } }) => {
  if (axis === 0) {
    const form = operands[0] && tables.formOf(operands[0]);
    const isRepeated = operands.every((operand) => operand === operands[0]);
    return form && isRepeated ? { ...form, times: form.times * operands.length } : undefined;
  }
  const forms = operands.map((operand) => tables.formOf(operand));
  const labels = forms.filter((form) => form?.kind === 'pieces');
  const [first] = labels;
  if (!first || axis !== 3) return undefined;
  const fits = labels.every(
    (form) => form.times === first.times && isSameGrid(form.grid, first.grid) && !hasMargin(form.margin),
  );
  if (!fits) return undefined;
  const pieces = operands.flatMap((operand, index): readonly Piece[] => {
    const form = forms[index];
    if (form?.kind === 'pieces') return form.pieces;
    return [
      {
        holds: 'other',
        channels: must(shapeOf(operand)[3], 'pictures have channels'),
        node: operand,
      },
    ];
  });
  return { ...first, pieces };
};

const ofPad: Rule<typeof pad> = (tables, { operands: [x], attrs: { amounts, value } }) => {
  const form = tables.formOf(x);
  if (!form || form.kind === 'ids' || hasMargin(form.margin) || value !== 0) return undefined;
  const [pictures, rows, columns, channels] = pairs(amounts);
  const isAround = [pictures, channels].every((pair) => pair?.every((amount) => amount === 0));
  return isAround && rows && columns ? { ...form, margin: { rows, columns } } : undefined;
};

const ofConvolution: Rule<typeof conv2d> = (tables, node) => {
  const [x, filter] = node.operands;
  const form = tables.formOf(x);
  if (!form || form.kind === 'ids' || (form.kind === 'pieces' && !isAllLabels(form))) return undefined;
  return convolve(tables, form, node, tables.asPixels(filter));
};

/** Pixel by pixel: rows of one level, and what is the same at every pixel. */
function pointwise(tables: Tables, node: Node): Form | undefined {
  const forms = node.operands.map((operand) => tables.formOf(operand));
  const rows = forms.filter((form) => form?.kind === 'rows');
  const [first] = rows;
  const isOneLevel = rows.every(
    (form) => form.level === first?.level && form.times === first.times && !hasMargin(form.margin),
  );
  if (!first || !isOneLevel) return undefined;
  const operands = node.operands.map((operand, index) => {
    const form = forms[index];
    if (form) return form.kind === 'rows' ? form.rows : undefined;
    const shape = shapeOf(operand);
    const channels = shape.at(-1) ?? 1;
    if (sizeOf(shape) !== channels) return undefined;
    const value = tables.asPixels(operand);
    return shape.length < 2 ? value : tables.b.reshape(value, { shape: [channels] });
  });
  const isWhole = (all: readonly (Node | undefined)[]): all is readonly Node[] => all.every((one) => one);
  return isWhole(operands) ? { ...first, rows: rebuild(tables.b, node, operands) } : undefined;
}
