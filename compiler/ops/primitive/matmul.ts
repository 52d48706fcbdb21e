/** The matrix product. */
import { shapeOf, type Cotangents, type Node, type Op } from '../../ir/node.ts';
import { defineOp, flag, type Method } from '../../ir/op.ts';
import { f32, sizeOf } from '../../ir/types.ts';
import { precisionOf, reducible } from './precision.ts';
import { at, checkFloat, checkRank, entryAt, float, multiplied, product, tabulate } from './support.ts';

/** The sizes (rows, columns) of a matrix after it is transposed, or not. */
const turned = ([rows = 1, columns = 1]: readonly number[], isTransposed: boolean): [number, number] =>
  isTransposed ? [columns, rows] : [rows, columns];

export const matmul = reducible(
  defineOp({
    name: 'matmul',
    doc: 'The matrix product of a and b, either of them transposed first.',
    edges: multiplied('torch.matmul'),
    operands: ['a', 'b'],
    attrs: { transpose_a: flag('whether a is transposed'), transpose_b: flag('whether b is transposed') },
    infer: ({ a, b, transpose_a, transpose_b }, check) => {
      checkFloat([a, b], check);
      checkRank(a, 2, 'a', check);
      checkRank(b, 2, 'b', check);
      const [rows, inner] = turned(a.shape, transpose_a);
      const [other, columns] = turned(b.shape, transpose_b);
      check(inner === other, 'the inner sizes are equal', `${inner} and ${other}`);
      return f32(rows, columns);
    },
    vjp: ({ a: left, b: right, transpose_a: ta, transpose_b: tb }, { b, node, dy }): Cotangents => {
      const product = (m: Node, n: Node, transpose_a: boolean, transpose_b: boolean): Node =>
        b.matmul(m, n, { transpose_a, transpose_b, ...precisionOf(node.attrs) });
      return [
        () => (ta ? product(right, dy, tb, true) : product(dy, right, false, !tb)),
        () => (tb ? product(dy, left, true, ta) : product(left, dy, !ta, false)),
      ];
    },
    reference: ({ a, b, transpose_a: ta, transpose_b: tb }, node) => {
      const [, inner] = turned(a.shape, ta);
      return tabulate(shapeOf(node), (index) => {
        const [row, column] = [at(index, 0), at(index, 1)];
        let total = 0;
        for (let k = 0; k < inner; k++)
          total += entryAt(a, ta ? [k, row] : [row, k]) * entryAt(b, tb ? [column, k] : [k, column]);
        return total;
      });
    },
    tensorflow: ({ a, b, transpose_a, transpose_b }, { emit }) =>
      emit.op('MatMul', [a, b], {
        ...float,
        transpose_a: { bool: transpose_a },
        transpose_b: { bool: transpose_b },
      }),
    tfjs: ({ a, b, transpose_a, transpose_b }, { tf }) =>
      product(tf, a, b, { transposeA: transpose_a, transposeB: transpose_b }),
    traits: { isLinear: true },
    flops: ({ a, transpose_a }, node) => 2 * turned(a.shape, transpose_a)[1] * sizeOf(shapeOf(node)),
    samples: [
      { ta: false, tb: false, a: [3, 4], b: [4, 5] },
      { ta: true, tb: false, a: [4, 3], b: [4, 5] },
      { ta: false, tb: true, a: [3, 4], b: [5, 4] },
      { ta: true, tb: true, a: [4, 3], b: [5, 4] },
    ].map(({ ta, tb, a, b }) => ({
      operands: [f32(...a), f32(...b)],
      attrs: { transpose_a: ta, transpose_b: tb },
    })),
  }),
);

export const matmulOps: readonly Op[] = [matmul];

declare module '../../ir/node.ts' {
  interface Builder {
    matmul: Method<typeof matmul>;
  }
}
