/** Says what fusion can take into a kernel: values that each pixel computes for itself, and sums over pixels. */
import { constant } from '../../ops/primitive/sources.ts';
import { sum } from '../../ops/primitive/reductions.ts';
import { square } from '../../ops/primitive/derived-pointwise.ts';
import { mul, sub } from '../../ops/primitive/pointwise.ts';
import type { Fused, Inlined, Reduced } from '../../ir/kernel.ts';
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

/** Says how kernels take in a node that is no instruction; they keep no integers. */
function fusedAs(node: Node): Fused | undefined {
  const [type] = node.results;
  return node.results.length === 1 && type?.dtype !== 'i32' ? node.op.fuse?.(node) : undefined;
}

const isReduced = (fused: Fused): fused is Reduced =>
  fused.kind === 'sum' || fused.kind === 'pool' || fused.kind === 'collect';

/** Says how a kernel puts pixels together in a node while it computes them, if it can. */
export function reducedAs(node: Node): Reduced | undefined {
  const fused = fusedAs(node);
  return fused && isReduced(fused) ? fused : undefined;
}

/** Says how a kernel computes a node pixel by pixel that has no instruction, if it can. */
export function inlinedAs(node: Node): Inlined | undefined {
  const fused = fusedAs(node);
  return fused && !isReduced(fused) ? fused : undefined;
}

/** Tells whether a node computes or moves values pixel by pixel, so that a kernel may compute it where it is used. */
export function isInlined(node: Node): boolean {
  if (node.results.length !== 1 || node.results[0]?.dtype === 'i32') return false;
  return instructionOf(node) !== undefined || inlinedAs(node) !== undefined;
}

/** Tells whether a node is pointwise in several operands that it broadcasts. */
export function broadcastsByItself(node: Node): boolean {
  const instruction = instructionOf(node);
  return instruction !== undefined && instruction.broadcasts !== false && node.operands.length > 1;
}

/** Tells whether a node is a sum or maximum over its operand's last axis alone. */
export function isOverChannels(node: Node): boolean {
  return fusedAs(node)?.kind === 'last';
}

/** Tells whether a node is a sum over pixels that a kernel can make: over all of them, or over those of each picture. */
export function isSumOverPixels(node: Node): node is NodeOf<typeof sum> {
  return is(sum, node) && fusedAs(node)?.kind === 'sum';
}

/** Tells whether a node puts pixels together in a way that a kernel can do while it computes them. */
export function isReduction(node: Node): boolean {
  return reducedAs(node) !== undefined;
}

/** Gives the operand that a kernel reads from memory as a whole, because it chooses its pixels itself. */
export function tableOf(node: Node): Node | undefined {
  const kind = inlinedAs(node)?.kind;
  return kind === 'upsample' || kind === 'rows' ? node.operands[0] : undefined;
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
