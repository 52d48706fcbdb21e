/** The ops that put a tensor into a larger one and cut a block out of one: each is the other's gradient. */
import { pairs, f32 } from '../../ir/types.ts';
import { type Fact, isPicture, range } from '../../locality/facts.ts';
import { padded, pick } from '../../locality/rule.ts';
import { hasMargin } from '../../rows/forms.ts';
import { shapeOf, typeOf, type Cotangents, type Op } from '../../ir/node.ts';
import { defineOp, list, number, type Method } from '../../ir/op.ts';
import { at, checkFinite, emitList, entryAt, handedOn, tabulate } from './support.ts';

export const pad = defineOp({
  name: 'pad',
  doc: 'Puts `value` around x: `amounts` holds (before, after) for each axis.',
  edges: handedOn,
  operands: ['x'],
  attrs: { amounts: list('(before, after) of each axis, flat'), value: number('what to put there') },
  infer: ({ x, amounts, value }, check) => {
    checkFinite(value, 'value', check);
    check(value === 0 || x.dtype === 'f32', 'value is 0 where x is not floating-point', String(value));
    check(amounts.length === 2 * x.shape.length, 'amounts has two numbers an axis', `[${amounts}]`);
    check(
      amounts.every((amount) => Number.isInteger(amount) && amount >= 0),
      'amounts are integers and not negative',
      `[${amounts}]`,
    );
    const shape = pairs(amounts).map(([before, after], axis) => at(x.shape, axis) + before + after);
    return { dtype: x.dtype, shape };
  },
  vjp: ({ x, amounts }, { b, dy }): Cotangents => [
    () => b.slice(dy, { begin: pairs(amounts).map(([before]) => before), size: shapeOf(x) }),
  ],
  reference: ({ x, amounts, value }, node) => {
    const around = pairs(amounts);
    return tabulate(shapeOf(node), (index) => {
      const inside = index.map((i, axis) => i - at(around, axis)[0]);
      return inside.every((i, axis) => i >= 0 && i < at(x.shape, axis)) ? entryAt(x, inside) : value;
    });
  },
  tensorflow: ({ x, amounts, value }, { emit, node }) => {
    const paddings = emit.constant('i32', [amounts.length / 2, 2], amounts);
    const attrs = { T: { type: typeOf(node).dtype }, Tpaddings: { type: 'i32' } } as const;
    return value === 0
      ? emit.op('Pad', [x, paddings], attrs)
      : emit.op('PadV2', [x, paddings, emit.constant('f32', [], [value])], attrs);
  },
  tfjs: ({ x, amounts, value }, { tf }) => tf.pad(x, pairs(amounts), value),
  actsOnParts: ({ amounts }, axis) => amounts[2 * axis] === 0 && amounts[2 * axis + 1] === 0,
  locality: padded((walk, axis, before, after) => walk.pixels.axes.pad(axis, before, after)),
  // Zeros around are a part of what the next window looks at.
  onRows: ({ operands: [x], attrs: { amounts, value } }, tables) => {
    const form = tables.formOf(x);
    if (!form || form.kind === 'ids' || hasMargin(form.margin) || value !== 0) return undefined;
    const [pictures, rows, columns, channels] = pairs(amounts);
    const isAround = [pictures, channels].every((pair) => pair?.every((amount) => amount === 0));
    return isAround && rows && columns ? { ...form, margin: { rows, columns } } : undefined;
  },
  flops: () => 0,
  samples: [0, 1.5].map((value) => ({
    operands: [f32(2, 3, 4)],
    attrs: { amounts: [0, 0, 1, 2, 3, 0], value },
  })),
});

export const slice = defineOp({
  name: 'slice',
  doc: 'The block of x that starts at `begin` and has `size`.',
  edges: handedOn,
  operands: ['x'],
  attrs: { begin: list('first index of each axis'), size: list('size of the block') },
  infer: ({ x, begin, size }, check) => {
    check(
      begin.length === x.shape.length && size.length === begin.length,
      'begin and size have one number an axis',
      `begin [${begin}], size [${size}], x [${x.shape}]`,
    );
    check(
      begin.every(
        (first, axis) => Number.isInteger(first) && first >= 0 && first + at(size, axis) <= at(x.shape, axis),
      ),
      'the block lies inside x',
      `begin [${begin}], size [${size}], x [${x.shape}]`,
    );
    return { dtype: x.dtype, shape: size };
  },
  vjp: ({ x, begin }, { b, dy }): Cotangents => [
    () => {
      const amounts = shapeOf(x).flatMap((size, axis) => [
        at(begin, axis),
        size - at(begin, axis) - at(shapeOf(dy), axis),
      ]);
      return b.pad(dy, { amounts, value: 0 });
    },
  ],
  reference: ({ x, begin, size }) =>
    tabulate(size, (index) =>
      entryAt(
        x,
        index.map((i, axis) => i + at(begin, axis)),
      ),
    ),
  tensorflow: ({ x, begin, size }, { emit, node }) =>
    emit.op('Slice', [x, emitList(emit, begin), emitList(emit, size)], {
      T: { type: typeOf(node).dtype },
      Index: { type: 'i32' },
    }),
  tfjs: ({ x, begin, size }, { tf }) => tf.slice(x, [...begin], [...size]),
  locality: (node, walk) => {
    const [x] = node.operands;
    if (!isPicture(shapeOf(x))) return [undefined];
    const { begin, size } = node.attrs;
    return [
      size.reduce<Fact>(
        (fact, count, axis) => pick(walk, fact, axis, range(at(begin, axis), count)),
        walk.asPixels(x, shapeOf(x).length),
      ),
    ];
  },
  flops: () => 0,
  samples: [{ operands: [f32(3, 4, 5)], attrs: { begin: [1, 0, 2], size: [2, 4, 1] } }],
});

export const blockOps: readonly Op[] = [pad, slice];

declare module '../../ir/node.ts' {
  interface Builder {
    pad: Method<typeof pad>;
    slice: Method<typeof slice>;
  }
}
