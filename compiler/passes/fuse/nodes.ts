/** Says what fusion can take into a kernel: values that each pixel computes for itself, and sums over pixels. */
import { must } from '../../../dsl/errors.ts';
import { shapeOf, typeOf, type Node } from '../../ir/node.ts';
import type { FusionLimits } from '../../ir/target.ts';
import { isSymbolic, sameShape, type Shape } from '../../ir/types.ts';
import { list, number } from '../../ir/op.ts';

/** Pointwise ops of several operands, which broadcast. */
const broadcasting = new Set([
  ...['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'greater_equal', 'less_equal', 'select'],
]);

const pointwise = new Set([
  ...['neg', 'exp', 'log', 'sqrt', 'rsqrt', 'square', 'abs', 'sign', 'tanh', 'sigmoid'],
  ...['leaky_relu', 'leaky_relu_grad', ...broadcasting],
]);

/** Ops that hand a value on as it is. */
const passing = new Set(['broadcast_to', 'stop_gradient', 'reshape']);

/** Counts the values of a shape; a table whose rows are not known yet counts as the target says. */
export function valuesIn(shape: Shape, { rowsOfTable }: Pick<FusionLimits, 'rowsOfTable'>): number {
  return shape.reduce((product, size) => product * (isSymbolic(size) ? rowsOfTable : size), 1);
}

/** Tells whether a node computes or moves values pixel by pixel, so that a kernel may compute it where it is used. */
export function isInlined(node: Node): boolean {
  const [type] = node.results;
  if (node.results.length !== 1 || type?.dtype === 'i32') return false;
  if (pointwise.has(node.op) || node.op === 'constant') return true;
  if (node.op === 'cast') return typeOf(node.operands[0]!).dtype !== 'i32';
  if (node.op === 'reshape')
    return sameShape(withoutOnes(shapeOf(node)), withoutOnes(shapeOf(node.operands[0]!)));
  if (node.op === 'upsample_nearest' || node.op === 'expand_rows') return true;
  return passing.has(node.op) || isOverChannels(node);
}

/** Tells whether a node's op broadcasts its operands. */
export function broadcastsByItself(node: Node): boolean {
  return broadcasting.has(node.op);
}

/** Tells whether a node only hands the value of its operand on. */
export function isPassing(node: Node): boolean {
  return passing.has(node.op);
}

/** The sizes of a shape beside 1. */
export const withoutOnes = (shape: Shape): Shape => shape.filter((size) => size !== 1);

/** Tells whether a node is a sum or maximum over its operand's last axis alone. */
export function isOverChannels(node: Node): boolean {
  if (node.op !== 'sum' && node.op !== 'max') return false;
  const shape = shapeOf(node.operands[0]!);
  const axes = list(node.attrs, 'axes');
  const counting = shape.flatMap((size, axis) => (size > 1 && axis < shape.length - 1 ? [axis] : []));
  return axes.length === 1 && axes[0] === shape.length - 1 && counting.length > 0;
}

/** Tells whether a node is a sum over pixels that a kernel can make: over all of them, or over those of each picture. */
export function isSumOverPixels(node: Node): boolean {
  if (node.op !== 'sum' || isOverChannels(node)) return false;
  const shape = shapeOf(node.operands[0]!);
  const axes = list(node.attrs, 'axes');
  const kept = shape.flatMap((size, axis) => (size > 1 && !axes.includes(axis) ? [axis] : []));
  const isEnd = (axis: number): boolean => axis === shape.length - 1 || (axis === 0 && shape.length >= 3);
  return kept.every(isEnd) && kept.length < withoutOnes(shape).length;
}

/** Tells whether a node is a mean over squares that cover the whole picture. */
export function isPoolOfSquares(node: Node): boolean {
  if (node.op !== 'avg_pool2d') return false;
  const size = number(node.attrs, 'size');
  const [, height, width] = shapeOf(node.operands[0]!);
  return (
    size === number(node.attrs, 'stride') &&
    must(height, 'pictures have a height') % size === 0 &&
    must(width, 'pictures have a width') % size === 0
  );
}

/** Tells whether a node puts pixels together in a way that a kernel can do while it computes them. */
export function isReduction(node: Node): boolean {
  return isSumOverPixels(node) || isPoolOfSquares(node) || node.op === 'collect_rows';
}

/** Gives the operand that a kernel reads from memory as a whole, because it chooses its pixels itself. */
export function tableOf(node: Node): Node | undefined {
  return node.op === 'upsample_nearest' || node.op === 'expand_rows' ? node.operands[0] : undefined;
}

/**
 * Finds x where `node` is the sum over axes of squared distances of x from its own mean over them, as norms write variances:
 * sum(square(sub(x, mul(sum(x), 1 / count)))).
 */
export function centeredSquares(node: Node): Node | undefined {
  if (!isSumOverPixels(node)) return undefined;
  const square = node.operands[0]!;
  const distance = square.op === 'square' ? square.operands[0]! : undefined;
  if (distance?.op !== 'sub') return undefined;
  const [x, mean] = distance.operands as [Node, Node];
  const axes = list(node.attrs, 'axes');
  if (!sameShape(shapeOf(x), shapeOf(distance))) return undefined;
  const count = axes.reduce((product, axis) => product * shapeOf(x)[axis]!, 1);
  const { base, factor } = withoutFactor(mean);
  const isMean =
    base.op === 'sum' &&
    base.operands[0] === x &&
    String(list(base.attrs, 'axes')) === String(axes) &&
    base.attrs['keep'] === true &&
    Math.abs(factor * count - 1) < 1e-9;
  return isMean ? x : undefined;
}

/** Takes constant factors off a product. */
function withoutFactor(node: Node): { base: Node; factor: number } {
  if (node.op !== 'mul') return { base: node, factor: 1 };
  const [left, right] = node.operands as [Node, Node];
  const [constant, other] = right.op === 'constant' ? [right, left] : [left, right];
  if (constant.op !== 'constant') return { base: node, factor: 1 };
  const { base, factor } = withoutFactor(other);
  return { base, factor: factor * number(constant.attrs, 'value') };
}
