/**
 * Computes sums sooner or over fewer pixels, so that a tensor is read once less. Sums are linear, and every
 * pixel of an upsampled picture is there as often as every other:
 *
 *     sum(s * x + y)       ->  s * sum(x) + sum(y)            [s the same along the axes, and known only after another sum]
 *     sum(x - m)           ->  sum(x) - n * m
 *     sum(f(upsample(x)))  ->  factor^2 * sum(f(x))           [f pointwise, the axes those of the pixels or more]
 */
import type { Builder } from '../../ops/builder.ts';
import { shapeOf, type Node } from '../../ir/node.ts';
import { sameShape, sizeOf, isSymbolic, type Shape } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import { list, number } from '../../ir/op.ts';
import { centeredSquares, isInlined, isReduction } from './nodes.ts';

/** A summand: a value times factors that are the same along the axes of the sum; without a value it is their product alone. */
interface Term {
  readonly value: Node | undefined;
  readonly factors: readonly Node[];
  readonly divisors: readonly Node[];
  readonly isNegative: boolean;
}

export class SumRewriter {
  private readonly depths = new Map<Node, number>();

  constructor(private readonly b: Builder) {}

  /** Makes `sum(x)` in the way that needs the fewest passes; `node` is the sum that is rewritten, `x` its operand by now. */
  rewrite(node: Node, x: Node): Node {
    const shape = shapeOf(x);
    if (shape.some(isSymbolic)) return this.b.op('sum', [x], node.attrs);
    // Axes of size 1 have nothing to add up; without them equal sums are one node.
    const axes = list(node.attrs, 'axes').filter((axis) => shape[axis]! > 1);
    const made = axes.length === 0 ? x : this.sum(x, axes);
    return sameShape(shapeOf(made), shapeOf(node)) ? made : this.b.reshape(made, shapeOf(node));
  }

  private sum(x: Node, axes: readonly number[]): Node {
    return this.ofSmaller(x, axes) ?? this.ofTerms(x, axes) ?? this.b.sum(x, axes);
  }

  /** How many passes over memory a value needs before it is known. */
  private depthOf(node: Node): number {
    const known = this.depths.get(node);
    if (known !== undefined) return known;
    const needed = centeredSquares(node)
      ? [must(centeredSquares(node), 'there is a sum of squared distances')]
      : node.operands;
    const depth =
      Math.max(0, ...needed.map((operand) => this.depthOf(operand))) +
      (isInlined(node) && !isReduction(node) ? 0 : 1);
    this.depths.set(node, depth);
    return depth;
  }

  private ofTerms(x: Node, axes: readonly number[]): Node | undefined {
    const { b } = this;
    const latest = this.depthOf(x);
    const shape = shapeOf(x);
    const terms: Term[] = [];
    const isSame = (node: Node): boolean => isSameAlong(shapeOf(node), shape, axes);
    const collect = (node: Node, { factors, divisors, isNegative }: Term): void => {
      const [left, right] = node.operands;
      if (isSame(node)) return void terms.push({ value: undefined, factors: [...factors, node], divisors, isNegative }); // prettier-ignore
      if (this.depthOf(node) < latest || !isInlined(node))
        return void terms.push({ value: node, factors, divisors, isNegative });
      const rest = { value: undefined, factors, divisors, isNegative };
      if (node.op === 'neg') return collect(left!, { ...rest, isNegative: !isNegative });
      if (node.op === 'broadcast_to') return collect(left!, rest);
      if (node.op === 'add') return [left!, right!].forEach((each) => collect(each, rest));
      if (node.op === 'sub') {
        collect(left!, rest);
        return collect(right!, { ...rest, isNegative: !isNegative });
      }
      if (node.op === 'mul' && isSame(left!))
        return collect(right!, { ...rest, factors: [...factors, left!] });
      if (node.op === 'mul' && isSame(right!))
        return collect(left!, { ...rest, factors: [...factors, right!] });
      if (node.op === 'div' && isSame(right!))
        return collect(left!, { ...rest, divisors: [...divisors, right!] });
      terms.push({ value: node, factors, divisors, isNegative });
    };
    collect(x, { value: undefined, factors: [], divisors: [], isNegative: false });
    if (terms.some(({ value }) => value && this.depthOf(value) >= latest)) return undefined;
    const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const sums = terms.map((term) => this.sumOfTerm(term, shape, axes));
    const total = sums.reduce((sum, each) => b.add(sum, each));
    return sameShape(shapeOf(total), kept) ? total : b.op('broadcast_to', [total], { shape: kept });
  }

  /** The sum of a term over axes of a domain that its value may not fill. */
  private sumOfTerm(
    { value, factors, divisors, isNegative }: Term,
    domain: Shape,
    axes: readonly number[],
  ): Node {
    const { b } = this;
    const extra = domain.length - (value ? shapeOf(value).length : 0);
    const own = value ? axes.map((axis) => axis - extra).filter((axis) => axis >= 0 && shapeOf(value)[axis]! > 1) : []; // prettier-ignore
    const added = value ? sizeOf(own.map((axis) => shapeOf(value)[axis]!)) : 1;
    const repeats = sizeOf(axes.map((axis) => domain[axis]!)) / added;
    const sum = value ? (own.length > 0 ? this.sum(value, own) : value) : b.constant(1);
    const scaled = factors.reduce((product, factor) => b.mul(factor, product), b.mul(sum, isNegative ? -repeats : repeats)); // prettier-ignore
    return divisors.reduce((quotient, divisor) => b.div(quotient, divisor), scaled);
  }

  private ofSmaller(x: Node, axes: readonly number[]): Node | undefined {
    const shape = shapeOf(x);
    const isOverPixels =
      shape.length === 4 && [1, 2].every((axis) => shape[axis] === 1 || axes.includes(axis));
    if (!isOverPixels) return undefined;
    const found: { factor?: number } = {};
    const small = this.lower(x, shape, found);
    if (!small || found.factor === undefined) return undefined;
    const [n, height, width, channels] = shape as [number, number, number, number];
    const smallShape = [n, height / found.factor, width / found.factor, channels];
    const filled = sameShape(shapeOf(small), smallShape)
      ? small
      : this.b.op('broadcast_to', [small], { shape: smallShape });
    const own = axes.filter((axis) => smallShape[axis]! > 1);
    return this.b.mul(own.length > 0 ? this.sum(filled, own) : filled, found.factor ** 2);
  }

  /** Computes x for one pixel of each square, if all that differs between pixels is upsampled by one factor. */
  private lower(x: Node, domain: Shape, found: { factor?: number }): Node | undefined {
    const { b } = this;
    if (isSameAlong(shapeOf(x), domain, [1, 2])) return x;
    if (x.op === 'upsample_nearest') {
      const factor = number(x.attrs, 'factor');
      if (found.factor !== undefined && found.factor !== factor) return undefined;
      found.factor = factor;
      return x.operands[0];
    }
    if (!isInlined(x) || x.op === 'reshape' || x.op === 'expand_rows' || isReduction(x)) return undefined;
    const operands: Node[] = [];
    for (const operand of x.operands) {
      const small = this.lower(operand, domain, found);
      if (!small) return undefined;
      operands.push(small);
    }
    // What was repeated to fill the picture repeats by itself where others fill the small one.
    if (x.op === 'broadcast_to') return operands[0];
    if (x.op === 'leaky_relu_grad' && !sameShape(shapeOf(operands[0]!), shapeOf(operands[1]!)))
      return undefined;
    return b.op(x.op, operands, x.attrs);
  }
}

/** Tells whether a value that broadcasts to `domain` is the same along axes of it. */
function isSameAlong(shape: Shape, domain: Shape, axes: readonly number[]): boolean {
  const extra = domain.length - shape.length;
  return axes.every((axis) => axis < extra || shape[axis - extra] === 1);
}
