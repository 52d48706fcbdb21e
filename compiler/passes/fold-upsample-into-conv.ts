/**
 * Computes convolutions of upsampled pictures on the pictures themselves.
 *
 *     conv2d(upsample_nearest(x), w)  ->  upsample_nearest(conv2d(x, w))         [w of 1x1, any factor]
 *     conv2d(upsample_nearest(x), w)  ->  conv2d_input_grad(x, W, stride 2)      [w of 3x3, factor 2, padding same, x not small]
 *
 * The second is a transposed convolution with a filter W of 4x4. Along each side, with pixel p of y looking at x where it was repeated,
 *
 *     y[p] = sum over t of w[t] x[(p + t - 1) / 2] = sum over i of W[p + 1 - 2 i] x[i],   W = [w[2], w[1] + w[2], w[0] + w[1], w[0]]
 *
 * which is 16 products for four pixels where there were 36. Stride and dilation are 1 in both cases. In bfloat16 a 3x3 convolution stays
 * as it is, since the rounded sum of two filters is another number than the sum of rounded ones; so does one of a small picture, which has
 * many channels: putting its filter together costs what fewer products save. Minimal filtering of the upsampled picture would take 9 of 36
 * products, but it reads and stores pictures that are four times as large.
 */
import { conv2d } from '../ops/primitive/convolution/conv2d.ts';
import { is } from '../ir/op.ts';
import { upsampleNearest } from '../ops/primitive/pooling.ts';
import { shapeOf, type Node, type Builder } from '../ir/node.ts';
import { rebuild } from '../ir/rebuild.ts';
import type { UpsamplingLimits } from '../ir/target.ts';

import { computesReduced } from '../ops/primitive/precision.ts';
import type { ForwardPass } from './pass.ts';
import { rewriteForward } from './rewrite.ts';

export const foldUpsampleIntoConv: ForwardPass<Map<Node, Node>> = {
  name: 'fold-upsample-into-conv',
  level: 'forward',
  remember: () => new Map<Node, Node>(),
  run: (graph, { b, memory, target }) =>
    rewriteForward(
      graph,
      b,
      memory,
      (node, operands) => folded(b, node, operands, target.upsampling) ?? rebuild(b, node, operands),
    ),
};

/** Makes a convolution of an upsampled picture on the picture; undefined for all other nodes. */
function folded(
  b: Builder,
  node: Node,
  [upsampled, filter]: readonly Node[],
  { shortestSide }: UpsamplingLimits,
): Node | undefined {
  if (!is(conv2d, node) || !is(upsampleNearest, upsampled) || !filter) return undefined;
  const [picture] = upsampled.operands;
  const { factor } = upsampled.attrs;
  const { stride, padding, dilation = 1 } = node.attrs;
  if (stride !== 1 || dilation !== 1) return undefined;
  const [height, width] = shapeOf(filter) as [number, number];
  if (height === 1 && width === 1)
    return b.upsampleNearest(b.conv2d(picture, filter, node.attrs), { factor });
  const [, rows, columns] = shapeOf(picture) as [number, number, number];
  const isTaken =
    height === 3 &&
    width === 3 &&
    factor === 2 &&
    padding === 'same' &&
    Math.min(rows, columns) >= shortestSide &&
    !computesReduced(node.attrs);
  if (!isTaken) return undefined;
  const taps = fourTaps(b, fourTaps(b, filter, 0), 1);
  // A transposed convolution has its filter as [h,w,O,C].
  const transposed = b.transpose(taps, { permutation: [0, 1, 3, 2] });
  return b.conv2dInputGrad(picture, transposed, {
    stride: 2,
    padding: 'same',
    shape: shapeOf(node),
  });
}

/** Makes W of w along an axis: four taps of three. */
function fourTaps(b: Builder, filter: Node, axis: number): Node {
  const [first, second, third] = b.items(b.split(filter, { axis, sizes: [1, 1, 1] })) as [Node, Node, Node];
  return b.concat([third, b.add(second, third), b.add(first, second), first], { axis });
}
