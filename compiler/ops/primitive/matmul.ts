/** Answers for the matrix product. */
import { shapeOf, typeOf } from '../../ir/node.ts';
import { sizeOf } from '../../ir/types.ts';
import { defineOp, flag, type OpDefinition } from '../../ir/op.ts';
import { reducible } from './precision.ts';
import { at, checkFloat, checkRank, entryAt, float, tabulate } from './support.ts';

const matmul = defineOp({
  name: 'matmul',
  doc: 'The matrix product of a and b, either of them transposed first.',
  operands: ['a', 'b'],
  attrs: { transpose_a: 'whether a is transposed', transpose_b: 'whether b is transposed' },
  infer: ([a, b], attrs, check) => {
    checkFloat([a!, b!], check);
    checkRank(a!, 2, 'a', check);
    checkRank(b!, 2, 'b', check);
    const [rows, inner] = flag(attrs, 'transpose_a')
      ? [a!.shape[1]!, a!.shape[0]!]
      : [a!.shape[0]!, a!.shape[1]!];
    const [other, columns] = flag(attrs, 'transpose_b')
      ? [b!.shape[1]!, b!.shape[0]!]
      : [b!.shape[0]!, b!.shape[1]!];
    check(inner === other, 'the inner sizes are equal', `${inner} and ${other}`);
    return { dtype: 'f32', shape: [rows, columns] };
  },
  vjp: ({ b, node, x, dy }) => {
    const [left, right] = [at(x, 0), at(x, 1)];
    const ta = flag(node.attrs, 'transpose_a');
    const tb = flag(node.attrs, 'transpose_b');
    const product = (m: typeof dy, n: typeof dy, transposeM: boolean, transposeN: boolean) =>
      b.op('matmul', [m, n], { ...node.attrs, transpose_a: transposeM, transpose_b: transposeN });
    return [
      () => (ta ? product(right, dy, tb, true) : product(dy, right, false, !tb)),
      () => (tb ? product(dy, left, true, ta) : product(left, dy, !ta, false)),
    ];
  },
  reference: ([a, b], node) => {
    const ta = flag(node.attrs, 'transpose_a');
    const tb = flag(node.attrs, 'transpose_b');
    const inner = ta ? a!.shape[0]! : a!.shape[1]!;
    return tabulate(shapeOf(node), ([row, column]) => {
      let total = 0;
      for (let k = 0; k < inner; k++)
        total += entryAt(a!, ta ? [k, row!] : [row!, k]) * entryAt(b!, tb ? [column!, k] : [k, column!]);
      return total;
    });
  },
  tensorflow: ({ emit, inputs, node }) =>
    emit.op('MatMul', inputs, {
      ...float,
      transpose_a: { bool: flag(node.attrs, 'transpose_a') },
      transpose_b: { bool: flag(node.attrs, 'transpose_b') },
    }),
  tfjs: ({ tf, inputs, node }) =>
    tf.matMul(at(inputs, 0), at(inputs, 1), flag(node.attrs, 'transpose_a'), flag(node.attrs, 'transpose_b')),
  flops: (node) => {
    const a = typeOf(at(node.operands, 0)).shape;
    const [rows, columns] = shapeOf(node);
    return 2 * (sizeOf(a) / rows!) * rows! * columns!;
  },
  samples: [
    [false, false, [3, 4], [4, 5]],
    [true, false, [4, 3], [4, 5]],
    [false, true, [3, 4], [5, 4]],
    [true, true, [4, 3], [5, 4]],
  ].map(([ta, tb, a, b]) => ({
    operands: [
      { dtype: 'f32' as const, shape: a as number[] },
      { dtype: 'f32' as const, shape: b as number[] },
    ],
    attrs: { transpose_a: ta as boolean, transpose_b: tb as boolean },
  })),
});

export const matmulOps: readonly OpDefinition[] = [matmul].map((op) => reducible(op));
