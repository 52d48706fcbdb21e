/** Says what fusion can take into a kernel: values that each pixel computes for itself, and sums over pixels. */
import { collectRows, expandRows } from '../../ops/primitive/tables/rows.ts';
import { avgPool2d, upsampleNearest } from '../../ops/primitive/pooling.ts';
import { constant } from '../../ops/primitive/sources.ts';
import { max, sum } from '../../ops/primitive/reductions.ts';
import { square } from '../../ops/primitive/derived-pointwise.ts';
import { mul, sub } from '../../ops/primitive/pointwise.ts';
import { reshape } from '../../ops/primitive/shapes.ts';
import { must } from '../../../dsl/errors.ts';
import { shapeOf, type Instruction, type Node } from '../../ir/node.ts';
import { is, type NodeOf } from '../../ir/op.ts';
import type { FusionLimits } from '../../ir/target.ts';
import { isSymbolic, sameShape, type Shape } from '../../ir/types.ts';

/** Gives how a kernel computes an entry of a node, where its op says so; kernels compute with float32 numbers and booleans. */
export function instructionOf(node: Node): Instruction | undefined {
  return [node, ...node.operands].some((each) => each.results[0]?.dtype === 'i32')
    ? undefined
    : node.op.instruction;
}

/** Counts the values of a shape; a table whose rows are not known yet counts as the target says. */
export function valuesIn(shape: Shape, { rowsOfTable }: Pick<FusionLimits, 'rowsOfTable'>): number {
  return shape.reduce((product, size) => product * (isSymbolic(size) ? rowsOfTable : size), 1);
}

/** Tells whether a node computes or moves values pixel by pixel, so that a kernel may compute it where it is used. */
export function isInlined(node: Node): boolean {
  const [type] = node.results;
  if (node.results.length !== 1 || type?.dtype === 'i32') return false;
  if (instructionOf(node) || is(constant, node)) return true;
  if (is(reshape, node)) return sameShape(withoutOnes(shapeOf(node)), withoutOnes(shapeOf(node.operands[0])));
  if (is(upsampleNearest, node) || is(expandRows, node)) return true;
  return isPassing(node) || isOverChannels(node);
}

/** Tells whether a node is pointwise in several operands that it broadcasts. */
export function broadcastsByItself(node: Node): boolean {
  const instruction = instructionOf(node);
  return instruction !== undefined && instruction.broadcasts !== false && node.operands.length > 1;
}

/** Tells whether a node only hands the value of its operand on. */
export function isPassing(node: Node): boolean {
  return node.op.traits.handsOn === true;
}

/** The sizes of a shape beside 1. */
export const withoutOnes = (shape: Shape): Shape => shape.filter((size) => size !== 1);

/** Tells whether a node is a sum or maximum over its operand's last axis alone. */
export function isOverChannels(node: Node): boolean {
  if (!is(sum, node) && !is(max, node)) return false;
  const shape = shapeOf(node.operands[0]);
  const { axes } = node.attrs;
  const counting = shape.flatMap((size, axis) => (size > 1 && axis < shape.length - 1 ? [axis] : []));
  return axes.length === 1 && axes[0] === shape.length - 1 && counting.length > 0;
}

/** Tells whether a node is a sum over pixels that a kernel can make: over all of them, or over those of each picture. */
export function isSumOverPixels(node: Node): node is NodeOf<typeof sum> {
  if (!is(sum, node) || isOverChannels(node)) return false;
  const shape = shapeOf(node.operands[0]);
  const { axes } = node.attrs;
  const kept = shape.flatMap((size, axis) => (size > 1 && !axes.includes(axis) ? [axis] : []));
  const isEnd = (axis: number): boolean => axis === shape.length - 1 || (axis === 0 && shape.length >= 3);
  return kept.every(isEnd) && kept.length < withoutOnes(shape).length;
}

/** Tells whether a node is a mean over squares that cover the whole picture. */
export function isPoolOfSquares(node: Node): boolean {
  if (!is(avgPool2d, node)) return false;
  const { size, stride } = node.attrs;
  const [, height, width] = shapeOf(node.operands[0]);
  return (
    size === stride &&
    must(height, 'pictures have a height') % size === 0 &&
    must(width, 'pictures have a width') % size === 0
  );
}

/** Tells whether a node puts pixels together in a way that a kernel can do while it computes them. */
export function isReduction(node: Node): boolean {
  return isSumOverPixels(node) || isPoolOfSquares(node) || is(collectRows, node);
}

/** Gives the operand that a kernel reads from memory as a whole, because it chooses its pixels itself. */
export function tableOf(node: Node): Node | undefined {
  return is(upsampleNearest, node) || is(expandRows, node) ? node.operands[0] : undefined;
}

/**
 * Finds x where `node` is the sum over axes of squared distances of x from its own mean over them, as norms write variances:
 * sum(square(sub(x, mul(sum(x), 1 / count)))).
 */
export function centeredSquares(node: Node): Node | undefined {
  if (!isSumOverPixels(node)) return undefined;
  const [squared] = node.operands;
  const distance = is(square, squared) ? squared.operands[0] : undefined;
  if (!is(sub, distance)) return undefined;
  const [x, mean] = distance.operands;
  const { axes } = node.attrs;
  if (!sameShape(shapeOf(x), shapeOf(distance))) return undefined;
  const count = axes.reduce((product, axis) => product * shapeOf(x)[axis]!, 1);
  const { base, factor } = withoutFactor(mean);
  const isMean =
    is(sum, base) &&
    base.operands[0] === x &&
    String(base.attrs.axes) === String(axes) &&
    base.attrs.keep &&
    Math.abs(factor * count - 1) < 1e-9;
  return isMean ? x : undefined;
}

/** Takes constant factors off a product. */
function withoutFactor(node: Node): { base: Node; factor: number } {
  if (!is(mul, node)) return { base: node, factor: 1 };
  const [left, right] = node.operands;
  const [number, other] = is(constant, right) ? [right, left] : [left, right];
  if (!is(constant, number)) return { base: node, factor: 1 };
  const { base, factor } = withoutFactor(other);
  return { base, factor: factor * number.attrs.value };
}
