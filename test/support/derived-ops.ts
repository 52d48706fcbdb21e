/** Ops with entries of only their expansion, so that all their rules are derived. */
import { shapeOf, type Node, type Op } from '../../compiler/ir/node.ts';
import { number, type NoAttrs, type OpOf } from '../../compiler/ir/op.ts';
import { f32, i32 } from '../../compiler/ir/types.ts';
import { deriveOp } from '../../compiler/ops/primitive/derive.ts';
import { abs } from '../../compiler/ops/primitive/derived-pointwise.ts';
import { split } from '../../compiler/ops/primitive/joining.ts';
import { add, cast, div, mul } from '../../compiler/ops/primitive/pointwise.ts';
import { sum } from '../../compiler/ops/primitive/reductions.ts';

export const softsign: OpOf<readonly ['x'], NoAttrs> = deriveOp({
  name: 'softsign',
  doc: 'x / (1 + |x|)',
  operands: ['x'],
  of: [abs, add, div],
  expand: ({ x }, b): Node => b.div(x, b.add(b.abs(x), 1)),
  samples: [{ operands: [f32(2, 3, 4)] }],
});

/** Several results, items of an op among others, an operand without a gradient, and an operand that is a result. */
export const halves = deriveOp({
  name: 'halves',
  doc: 'Two halves of x, the second by the sum of ids and the first, and x.',
  operands: ['x', 'ids'],
  attrs: { scale: number('a factor') },
  of: [split, cast, add, mul, sum],
  expand: ({ x, ids, scale }, b): Node[] => {
    const half = shapeOf(x)[0]! / 2;
    const [first, second] = b.items(b.split(x, { axis: 0, sizes: [half, half] }));
    const total = b.sum(b.add(first!, b.cast(ids, { to: 'f32' })), { axes: [0], keep: true });
    return [b.mul(first!, scale), b.mul(second!, total), x];
  },
  samples: [{ operands: [f32(4), i32(2)], attrs: { scale: 3 } }],
});

export const derivedAlone: readonly Op[] = [softsign, halves];
