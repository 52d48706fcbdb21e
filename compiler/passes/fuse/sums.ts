/**
 * Computes sums sooner or over fewer pixels, so that a tensor is read once less. Sums are linear, and every
 * pixel of an upsampled picture is there as often as every other:
 *
 *     sum(s * x + y)       ->  s * sum(x) + sum(y)            [s the same along the axes, and known only after another sum]
 *     sum(x - m)           ->  sum(x) - n * m
 *     sum(f(upsample(x)))  ->  factor^2 * sum(f(x))           [f pointwise, the axes those of the pixels or more]
 */
import { add, div, mul, neg, sub } from '../../ops/primitive/pointwise.ts';
import { broadcastTo } from '../../ops/primitive/shapes.ts';
import type { sum } from '../../ops/primitive/reductions.ts';
import { sumOver } from '../../ops/primitive/support.ts';
import { type Builder, shapeOf, type Node } from '../../ir/node.ts';
import { sameShape, sizeOf, isSymbolic, type Shape } from '../../ir/types.ts';
import { is, type NodeOf } from '../../ir/op.ts';
import { broadcastsByItself, centeredSquares, inlinedAs, isInlined, isReduction } from './nodes.ts';

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
  rewrite(node: NodeOf<typeof sum>, x: Node): Node {
    const shape = shapeOf(x);
    if (shape.some(isSymbolic)) return this.b.sum(x, node.attrs);
    // Axes of size 1 have nothing to add up; without them equal sums are one node.
    const axes = node.attrs.axes.filter((axis) => shape[axis]! > 1);
    const made = axes.length === 0 ? x : this.sum(x, axes);
    return sameShape(shapeOf(made), shapeOf(node)) ? made : this.b.reshape(made, { shape: shapeOf(node) });
  }

  private sum(x: Node, axes: readonly number[]): Node {
    return this.ofSmaller(x, axes) ?? this.ofTerms(x, axes) ?? sumOver(this.b, x, axes);
  }

  /** How many passes over memory a value needs before it is known. */
  private depthOf(node: Node): number {
    const known = this.depths.get(node);
    if (known !== undefined) return known;
    const squares = centeredSquares(node);
    const needed = squares ? [squares] : node.operands;
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
      if (is(neg, node)) return collect(left!, { ...rest, isNegative: !isNegative });
      if (is(broadcastTo, node)) return collect(left!, rest);
      if (is(add, node)) return [left!, right!].forEach((each) => collect(each, rest));
      if (is(sub, node)) {
        collect(left!, rest);
        return collect(right!, { ...rest, isNegative: !isNegative });
      }
      if (is(mul, node) && isSame(left!)) return collect(right!, { ...rest, factors: [...factors, left!] });
      if (is(mul, node) && isSame(right!)) return collect(left!, { ...rest, factors: [...factors, right!] });
      if (is(div, node) && isSame(right!))
        return collect(left!, { ...rest, divisors: [...divisors, right!] });
      terms.push({ value: node, factors, divisors, isNegative });
    };
    collect(x, { value: undefined, factors: [], divisors: [], isNegative: false });
    if (terms.some(({ value }) => value && this.depthOf(value) >= latest)) return undefined;
    const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const sums = terms.map((term) => this.sumOfTerm(term, shape, axes));
    const total = sums.reduce((sum, each) => b.add(sum, each));
    return sameShape(shapeOf(total), kept) ? total : b.broadcastTo(total, { shape: kept });
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
    const sum = value ? (own.length > 0 ? this.sum(value, own) : value) : b.constant({ value: 1 });
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
      : this.b.broadcastTo(small, { shape: smallShape });
    const own = axes.filter((axis) => smallShape[axis]! > 1);
    return this.b.mul(own.length > 0 ? this.sum(filled, own) : filled, found.factor ** 2);
  }

  /** Computes x for one pixel of each square, if all that differs between pixels is upsampled by one factor. */
  private lower(x: Node, domain: Shape, found: { factor?: number }): Node | undefined {
    const { b } = this;
    if (isSameAlong(shapeOf(x), domain, [1, 2])) return x;
    const inlined = inlinedAs(x);
    if (inlined?.kind === 'upsample') {
      const { factor } = inlined;
      if (found.factor !== undefined && found.factor !== factor) return undefined;
      found.factor = factor;
      return x.operands[0];
    }
    if (!isInlined(x) || inlined?.kind === 'reshape' || inlined?.kind === 'rows') return undefined;
    const operands: Node[] = [];
    for (const operand of x.operands) {
      const small = this.lower(operand, domain, found);
      if (!small) return undefined;
      operands.push(small);
    }
    // What was repeated to fill the picture repeats by itself where others fill the small one.
    if (inlined?.kind === 'same') return operands[0];
    if (inlined?.kind === 'last' && !hasChannelsOf(operands[0]!, x.operands[0]!)) return undefined;
    const isAlike = operands.every((operand) => sameShape(shapeOf(operand), shapeOf(operands[0]!)));
    if (!isAlike && !broadcastsByItself(x)) return undefined;
    return b.make(x.op, operands, x.attrs);
  }
}

/** Tells whether a value that takes the place of another one for fewer pixels still has all of its channels. */
function hasChannelsOf(small: Node, x: Node): boolean {
  const [few, all] = [shapeOf(small), shapeOf(x)];
  return few.length === all.length && few.at(-1) === all.at(-1);
}

/** Tells whether a value that broadcasts to `domain` is the same along axes of it. */
function isSameAlong(shape: Shape, domain: Shape, axes: readonly number[]): boolean {
  const extra = domain.length - shape.length;
  return axes.every((axis) => axis < extra || shape[axis - extra] === 1);
}
