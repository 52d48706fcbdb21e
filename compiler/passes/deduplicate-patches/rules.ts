/** Says how each op acts on forms. What has no rule here, or a form that a rule does not take, becomes pixels. */
import { shapeOf, type Node } from '../../ir/node.ts';
import { rebuild } from '../../ir/rebuild.ts';
import { sizeOf } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import { list, number } from '../../ir/op.ts';
import { pointwiseNames } from '../../ops/primitive/pointwise.ts';
import { pairs } from '../../ops/primitive/support.ts';
import { convolve } from './convolve.ts';
import { hasMargin, isAllLabels, isSameGrid, noMargin, takeOfGrid, type Form, type Piece } from './forms.ts';
import type { Tables } from './tables.ts';

type Rule = (tables: Tables, node: Node) => Form | undefined;

const formOfFirst: Rule = (tables, node) => node.operands[0] && tables.formOf(node.operands[0]);

const input: Rule = ({ levels }, node) => {
  const { labels, edges, height, width } = levels.maps;
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  const place = { grid: { rows: upTo(height), columns: upTo(width) }, times: 1 };
  switch (node.attrs['name']) {
    case labels:
      return { kind: 'ids', ...place };
    case edges:
      return { kind: 'pieces', ...place, pieces: [{ holds: 'edge', channels: 1 }], margin: noMargin };
    default:
      return undefined;
  }
};

const take: Rule = (tables, node) => {
  const form = formOfFirst(tables, node);
  const axis = number(node.attrs, 'axis');
  if (!form || form.kind === 'rows' || (axis !== 1 && axis !== 2)) return undefined;
  if (form.kind === 'pieces' && (!isAllLabels(form) || hasMargin(form.margin))) return undefined;
  return { ...form, grid: takeOfGrid(form.grid, axis, list(node.attrs, 'indices')) };
};

const oneHot: Rule = (tables, node) => {
  const form = formOfFirst(tables, node);
  if (form?.kind !== 'ids') return undefined;
  const { grid, times } = form;
  const pieces: Piece[] = [{ holds: 'classes', channels: number(node.attrs, 'depth') }];
  return { kind: 'pieces', grid, times, pieces, margin: noMargin };
};

/** The same pictures again, or pieces side by side. */
const concat: Rule = (tables, node) => {
  const { operands } = node;
  const axis = number(node.attrs, 'axis');
  if (axis === 0) {
    const form = formOfFirst(tables, node);
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

const pad: Rule = (tables, node) => {
  const form = formOfFirst(tables, node);
  if (!form || form.kind === 'ids' || hasMargin(form.margin) || number(node.attrs, 'value') !== 0)
    return undefined;
  const [pictures, rows, columns, channels] = pairs(list(node.attrs, 'amounts'));
  const isAround = [pictures, channels].every((pair) => pair?.every((amount) => amount === 0));
  return isAround && rows && columns ? { ...form, margin: { rows, columns } } : undefined;
};

const conv2d: Rule = (tables, node) => {
  const form = formOfFirst(tables, node);
  if (!form || form.kind === 'ids' || (form.kind === 'pieces' && !isAllLabels(form))) return undefined;
  return convolve(tables, form, node, tables.asPixels(must(node.operands[1], 'a convolution has a filter')));
};

/** Pixel by pixel: rows of one level, and what is the same at every pixel. */
const pointwise: Rule = (tables, node) => {
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
    return shape.length < 2 ? value : tables.b.reshape(value, [channels]);
  });
  const isWhole = (all: readonly (Node | undefined)[]): all is readonly Node[] => all.every((one) => one);
  return isWhole(operands) ? { ...first, rows: rebuild(tables.b, node, operands) } : undefined;
};

/** Finds how an op acts on forms. */
export const ruleOf = (op: string): Rule | undefined => rules.get(op);

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['input', input],
  ['take', take],
  ['one_hot', oneHot],
  ['concat', concat],
  ['pad', pad],
  ['conv2d', conv2d],
  ['stop_gradient', pointwise],
  ...[...pointwiseNames].map((op): [string, Rule] => [op, pointwise]),
]);
