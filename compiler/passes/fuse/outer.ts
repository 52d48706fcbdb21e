/**
 * Answers for outer products, which are matrix products that add nothing up: every entry is one product, so a kernel computes
 * it where it is read. Gradients of spectral normalization have one as large as each filter.
 */
import type { Builder } from '../../ops/builder.ts';
import { shapeOf, type Node } from '../../ir/node.ts';
import { sizeOf } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import { flag } from '../../ir/op.ts';
import { computesReduced } from '../../ops/primitive/precision.ts';

/** Makes a reshaped outer product [M,N] of operations on entries, where its last axis stays; undefined for all other nodes. */
export function asPointwise(b: Builder, node: Node, [product]: readonly Node[]): Node | undefined {
  if (node.op !== 'reshape' || product?.op !== 'matmul' || computesReduced(product.attrs)) return undefined;
  const [left, right] = product.operands as [Node, Node];
  const inner = must(shapeOf(left)[flag(product.attrs, 'transpose_a') ? 0 : 1], 'it has two axes');
  const shape = shapeOf(node);
  const columns = must(shape.at(-1), 'it has axes');
  if (inner !== 1 || columns !== sizeOf(shapeOf(right))) return undefined;
  const around = shape.slice(0, -1);
  return b.mul(b.reshape(left, [...around, 1]), b.reshape(right, [...around.map(() => 1), columns]));
}
