/**
 * Computes outer products entry by entry: a matrix product that adds nothing up, which a kernel can compute where it is read. Gradients of
 * spectral normalization have one as large as each filter.
 *
 *     reshape(matmul(u, v), [3,3,C,O])  ->  reshape(u, [3,3,C,1]) * reshape(v, [1,1,1,O])      [u of one column, v of one row of O]
 */
import { matmul } from '../../ops/primitive/matmul.ts';
import { reshape } from '../../ops/primitive/shapes.ts';
import { type Builder, shapeOf, type Node } from '../../ir/node.ts';
import { sizeOf } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import { is } from '../../ir/op.ts';
import { computesReduced } from '../../ops/primitive/precision.ts';

/** Makes a reshaped outer product [M,N] of operations on entries, where its last axis stays; undefined for all other nodes. */
export function asPointwise(b: Builder, node: Node, [product]: readonly Node[]): Node | undefined {
  if (!is(reshape, node) || !is(matmul, product) || computesReduced(product.attrs)) return undefined;
  const [left, right] = product.operands;
  const inner = must(shapeOf(left)[product.attrs.transpose_a ? 0 : 1], 'an operand of matmul has two axes');
  const shape = shapeOf(node);
  const columns = shape.at(-1);
  if (inner !== 1 || columns === undefined || columns !== sizeOf(shapeOf(right))) return undefined;
  const around = shape.slice(0, -1);
  return b.mul(
    b.reshape(left, { shape: [...around, 1] }),
    b.reshape(right, { shape: [...around.map(() => 1), columns] }),
  );
}
