/** The ops that join tensors along an axis and cut one into pieces: each is the other's gradient. */
import { type Fact, type Segment, isPicture, tidy } from '../../locality/facts.ts';
import { type Shape, f32, formatType } from '../../ir/types.ts';
import { type Walk, pick } from '../../locality/rule.ts';
import { hasMargin, isSameGrid, type Form, type Piece } from '../../rows/forms.ts';
import type { Tables } from '../../rows/rule.ts';
import { slice } from './blocks.ts';
import { deriveOp } from './derive.ts';
import { at, emitList, entryAt, four, handedOn, tabulate, withAxis } from './support.ts';
import { upTo } from '../../locality/axis.ts';
import { type Node, shapeOf, typeOf, type Cotangents, type Op } from '../../ir/node.ts';
import { defineOp, list, number, type Method } from '../../ir/op.ts';

/** Channels side by side. */
function joinedChannels(
  operands: readonly Node[],
  parts: readonly (readonly Segment[] | undefined)[],
  shape: Shape,
  walk: Walk,
): Fact {
  const [pictures, height, width] = four(shape);
  const segments = operands.flatMap((operand, index): readonly Segment[] => {
    const part = parts[index];
    if (!part) return [{ channels: at(shapeOf(operand), 3), pixels: undefined }];
    return part.map(({ channels, pixels }) => ({
      channels,
      pixels: pixels && walk.pixels.broadcast(pixels, [pictures, height, width]),
    }));
  });
  return tidy(segments);
}

/** The same pictures again: the same rows, so much more often. */
function repeatedForm(operands: readonly Node[], tables: Tables): Form | undefined {
  const form = tables.formOf(at(operands, 0));
  const isRepeated = operands.every((operand) => operand === operands[0]);
  return form && isRepeated ? { ...form, times: form.times * operands.length } : undefined;
}

/** Labels of one grid side by side, with whatever else stands beside them. */
function joinedPieces(operands: readonly Node[], tables: Tables): Form | undefined {
  const forms = operands.map((operand) => tables.formOf(operand));
  const labels = forms.filter((form) => form?.kind === 'pieces');
  const [first] = labels;
  if (!first) return undefined;
  const fits = labels.every(
    (form) => form.times === first.times && isSameGrid(form.grid, first.grid) && !hasMargin(form.margin),
  );
  if (!fits) return undefined;
  const pieces = operands.flatMap((operand, index): readonly Piece[] => {
    const form = forms[index];
    return form?.kind === 'pieces'
      ? form.pieces
      : [{ holds: 'other', channels: at(shapeOf(operand), 3), node: operand }];
  });
  return { ...first, pieces };
}

export const concat = defineOp({
  name: 'concat',
  doc: 'Joins tensors along `axis`.',
  edges: handedOn,
  operands: ['...parts'],
  attrs: { axis: number('the axis along which they are joined') },
  infer: ({ parts, axis }, check) => {
    const first = at(parts, 0);
    check(axis >= 0 && axis < first.shape.length, 'axis is one of the operands', String(axis));
    check(
      parts.every(
        (type) =>
          type.dtype === first.dtype &&
          type.shape.length === first.shape.length &&
          type.shape.every((size, i) => i === axis || size === first.shape[i]),
      ),
      'operands have one dtype and agree outside the axis',
      `axis ${axis} of ${parts.map(formatType).join(' and ')}`,
    );
    const total = parts.reduce((sum, type) => sum + at(type.shape, axis), 0);
    return { dtype: first.dtype, shape: withAxis(first.shape, axis, total) };
  },
  vjp: ({ parts, axis }, { b, dy }): Cotangents => {
    const sizes = parts.map((part) => at(shapeOf(part), axis));
    return parts.map((_, index) => () => b.item(b.split(dy, { axis, sizes }), index));
  },
  reference: ({ parts, axis }, node) =>
    tabulate(shapeOf(node), (index) => {
      let offset = at(index, axis);
      for (const part of parts) {
        const size = at(part.shape, axis);
        if (offset < size) return entryAt(part, withAxis(index, axis, offset));
        offset -= size;
      }
      return 0;
    }),
  tensorflow: ({ parts, axis }, { emit, node }) =>
    emit.op('ConcatV2', [...parts, emit.constant('i32', [], [axis])], {
      N: { int: parts.length },
      T: { type: typeOf(node).dtype },
      Tidx: { type: 'i32' },
    }),
  tfjs: ({ parts, axis }, { tf }) => tf.concat([...parts], axis),
  traits: { isCheap: true },
  actsOnParts: (attrs, axis) => axis === 0 && attrs.axis !== axis,
  locality: ({ operands, results, attrs: { axis } }, walk) => {
    const { shape } = at(results, 0);
    const first = at(operands, 0);
    if (!isPicture(shape)) return [undefined];
    const parts = operands.map((operand) => walk.asPixels(operand, shape.length));
    if (axis === 3) return [joinedChannels(operands, parts, shape, walk)];
    // One value several times: the same function of more pictures.
    if (axis !== 0 || operands.some((operand) => operand !== first)) return [undefined];
    const pictures = operands.flatMap(() => upTo(at(shapeOf(first), 0)));
    return [pick(walk, parts[0], 0, pictures)];
  },
  onRows: ({ operands, attrs: { axis } }, tables) => {
    if (axis === 0) return repeatedForm(operands, tables);
    return axis === 3 ? joinedPieces(operands, tables) : undefined;
  },
  flops: () => 0,
  samples: [{ operands: [f32(2, 3, 4), f32(2, 1, 4), f32(2, 2, 4)], attrs: { axis: 1 } }],
});

export const split = deriveOp({
  name: 'split',
  doc: 'Cuts x along `axis` into pieces of `sizes`; the inverse of concat.',
  edges: handedOn,
  operands: ['x'],
  attrs: {
    axis: number('the axis that is cut'),
    sizes: list('the sizes of the pieces, which sum to the axis'),
  },
  requires: ({ x, axis, sizes }, check) => {
    check(axis >= 0 && axis < x.shape.length, 'axis is one of x', String(axis));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    check(total === x.shape[axis], 'sizes sum to the axis', `sizes [${sizes}], axis of ${x.shape[axis]}`);
  },
  of: [slice],
  expand: ({ x, axis, sizes }, b): Node[] => {
    const shape = shapeOf(x);
    return sizes.map((size, index) => {
      const before = sizes.slice(0, index).reduce((sum, one) => sum + one, 0);
      return b.slice(x, {
        begin: shape.map((_, other) => (other === axis ? before : 0)),
        size: withAxis(shape, axis, size),
      });
    });
  },
  vjp: ({ axis }, { b, node, dys }): Cotangents => [
    () => {
      const parts = node.results.map(({ shape }, index) => dys[index] ?? b.constant({ value: 0, shape }));
      return b.concat(parts, { axis });
    },
  ],
  tensorflow: ({ x, axis, sizes }, { emit, node }) => {
    const operands = [x, emitList(emit, sizes), emit.constant('i32', [], [axis])];
    const name = emit.op('SplitV', operands, {
      num_split: { int: sizes.length },
      T: { type: at(node.results, 0).dtype },
      Tlen: { type: 'i32' },
    });
    return sizes.map((_, index) => (index === 0 ? name : `${name}:${index}`));
  },
  tfjs: ({ x, axis, sizes }, { tf }) => tf.split(x, [...sizes], axis),
  samples: [{ operands: [f32(2, 6, 3)], attrs: { axis: 1, sizes: [1, 3, 2] } }],
});

export const joinOps: readonly Op[] = [concat, split];

declare module '../../ir/node.ts' {
  interface Builder {
    concat: Method<typeof concat>;
    split: Method<typeof split>;
  }
}
