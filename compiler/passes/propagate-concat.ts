/**
 * Moves ops before the concatenation that they read, so that parts which need less work get less.
 *
 *     avg_pool2d(concat(labels, picture))     ->  concat(avg_pool2d(labels), avg_pool2d(picture))
 *     conv2d(concat(labels, picture), w)      ->  conv2d(labels, w_0) + conv2d(picture, w_1)         [w_0, w_1 = split(w)]
 *     split(conv2d(concat(painted, real), w)) ->  conv2d(painted, w), conv2d(real, w)
 *
 * Along channels this happens where some parts come from data alone and others depend on weights: a discriminator of several
 * scales pools labels joined to painted pictures, and to real ones. Labels are then pooled once for all passes of a step, and
 * gradients are pooled back for the picture's channels only. Along the batch it happens where the parts are the same one repeated;
 * where some have gradients and others have none, as real pictures while the discriminator judges for the generator; or where some
 * come from data alone and nothing is convolved. An op moves only if it acts on each part by itself: pointwise ops, pooling, paddings;
 * along the batch also convolutions and upsampling.
 */
import { expandRows } from '../ops/primitive/tables/rows.ts';
import { concat, split } from '../ops/primitive/joining.ts';
import { conv2d } from '../ops/primitive/convolution/conv2d.ts';
import { is, isVariadic } from '../ir/op.ts';
import { item, read } from '../ir/sources.ts';
import { stopGradient } from '../ops/primitive/sources.ts';
import { must } from '../../dsl/errors.ts';
import { shapeOf, type Node, type Builder, type Op } from '../ir/node.ts';
import { rebuild } from '../ir/rebuild.ts';

import type { ForwardGraph, ForwardPass } from './pass.ts';
import { nodesOfForward, rewriteForward } from './rewrite.ts';

/** Axes of pictures [N,H,W,C] along which parts are concatenated. */
const axes = { channels: 3, batch: 0 } as const;

export const propagateConcat: ForwardPass<Map<Node, Node>> = {
  name: 'propagate-concat',
  level: 'forward',
  remember: () => new Map<Node, Node>(),
  run(graph, { b, memory }) {
    const propagation = new Propagation(b, graph);
    for (const node of nodesOfForward(graph)) {
      const made = memory.get(node);
      if (made) propagation.look(made);
    }
    return rewriteForward(graph, b, memory, (node, operands) => propagation.make(node, operands));
  },
};

class Propagation {
  /** Whether a node depends on any weight. */
  private readonly onWeights = new Map<Node, boolean>();
  /** Whether a node has a gradient: it depends on a weight that is trained. */
  private readonly withGradient = new Map<Node, boolean>();

  constructor(
    private readonly b: Builder,
    { weights, trained }: ForwardGraph,
  ) {
    for (const weight of weights.keys()) {
      this.onWeights.set(weight, true);
      this.withGradient.set(weight, trained.has(weight));
    }
  }

  /** Finds out about a node. Asked of operands before users, no question goes deep. */
  look(node: Node): void {
    this.dependsOnWeights(node);
    this.hasGradient(node);
  }

  /** Makes `node` of `operands`: the same of each part, concatenated, where that pays. */
  make(node: Node, operands: readonly Node[]): Node {
    for (const operand of operands) this.look(operand);
    return (
      this.partOfSplit(node, operands) ??
      this.beforeConcat(node, operands, axes.channels) ??
      this.beforeConcat(node, operands, axes.batch) ??
      this.sumOfConvolutions(node, operands) ??
      rebuild(this.b, node, operands)
    );
  }

  /** item(split(concat(parts))) -> one of the parts, where these have the sizes of the split. */
  private partOfSplit(node: Node, [cut]: readonly Node[]): Node | undefined {
    if (!is(item, node) || !is(split, cut)) return undefined;
    const { axis, sizes } = cut.attrs;
    const parts = this.partsOf(cut.operands[0], axis);
    const found = parts?.map((part) => shapeOf(part)[axis]);
    return String(found) === String(sizes) ? parts?.[node.attrs.index] : undefined;
  }

  /** op(concat(parts), ...) -> concat(op(part, ...)). */
  private beforeConcat(node: Node, operands: readonly Node[], axis: number): Node | undefined {
    if (!actsOnParts(node, axis)) return undefined;
    const partsOfEach = operands.map((operand, at) => this.partsOfOperand(node, operand, at, axis));
    if (!this.pays(node, operands, partsOfEach, axis)) return undefined;
    const count = partsOfEach.find((parts) => parts !== undefined)?.length ?? 0;
    const made = Array.from({ length: count }, (_, index) =>
      this.make(
        node,
        operands.map((operand, at) => partsOfEach[at]?.[index] ?? operand),
      ),
    );
    return this.b.concat(made, { axis });
  }

  /** conv2d(concat(parts), w) -> sum of conv2d(part, part of w), along channels. */
  private sumOfConvolutions(node: Node, [x, filter]: readonly Node[]): Node | undefined {
    const parts = is(conv2d, node) && x ? this.partsOf(x, axes.channels) : undefined;
    if (!parts || !filter || !this.pays(node, [x!], [parts], axes.channels)) return undefined;
    const sizes = parts.map((part) => must(shapeOf(part)[axes.channels], 'pictures have channels'));
    const filters = this.b.items(this.b.split(filter, { axis: 2, sizes }));
    const sums = parts.map((part, index) =>
      this.make(node, [part, must(filters[index], 'there is a filter for each part')]),
    );
    return sums.reduce((sum, one) => this.make(this.b.add(sum, one), [sum, one]));
  }

  private dependsOnWeights(node: Node): boolean {
    return depends(this.onWeights, node, ({ op }) => (op === read ? true : undefined));
  }

  private hasGradient(node: Node): boolean {
    return depends(this.withGradient, node, ({ op }) => (op === stopGradient ? false : undefined));
  }

  /** Tells whether an op becomes cheaper before a concatenation; `partsOfEach` are those of each operand that is one. */
  private pays(
    { op }: Node,
    operands: readonly Node[],
    partsOfEach: readonly (readonly Node[] | undefined)[],
    axis: number,
  ): boolean {
    const concatenated = partsOfEach.filter((parts) => parts !== undefined);
    const [first] = concatenated;
    if (!first) return false;
    const sizes = (parts: readonly Node[]): string => String(parts.map((part) => shapeOf(part)[axis]));
    const others = operands.filter((_, at) => !partsOfEach[at]);
    // What is broadcast has to be the same for all parts.
    const fits = operands.every(
      (operand, at) => partsOfEach[at] || !isTakenByParts(op, at) || isConstantAlong(operand, axis),
    );
    if (!fits || concatenated.some((parts) => sizes(parts) !== sizes(first))) return false;
    const forEachPart = (has: (part: Node) => boolean): boolean[] =>
      first.map((_, index) =>
        concatenated.some((parts) => has(must(parts[index], 'every operand has as many parts'))),
      );
    const onWeights = forEachPart((part) => this.dependsOnWeights(part));
    const someFromData = onWeights.includes(false);
    // Where all channels come from data nothing is saved, and one op over all of them is cheaper than several.
    if (axis === axes.channels) return someFromData && onWeights.includes(true);
    if (concatenated.every((parts) => new Set(parts).size === 1)) return true;
    if (op === concat) return false;
    const withGradient = forEachPart((part) => this.hasGradient(part));
    const someWithout =
      withGradient.includes(true) &&
      withGradient.includes(false) &&
      !others.some((other) => this.hasGradient(other));
    return someWithout || (someFromData && !op.traits.isLinear);
  }

  /** Gives the parts of an operand that an op takes by parts; what is broadcast has other axes. */
  private partsOfOperand({ op }: Node, operand: Node, at: number, axis: number): readonly Node[] | undefined {
    const isBroadcast = op.traits.isPointwise && shapeOf(operand).length !== 4;
    return isTakenByParts(op, at) && !isBroadcast ? this.partsOf(operand, axis) : undefined;
  }

  /** Gives the parts of which a node is a concatenation along an axis; rows that are expanded have those of their pixels. */
  private partsOf(node: Node, axis: number): readonly Node[] | undefined {
    if (is(concat, node)) return node.attrs.axis === axis ? node.operands : undefined;
    if (!is(expandRows, node) || axis !== axes.batch) return undefined;
    const [rows, pixels] = node.operands;
    return this.partsOf(pixels, axis)?.map((part) => this.b.expandRows(rows, part));
  }
}

/** Tells of a node what `known` or `own` say, else whether it holds for any operand; remembers it in `known`. */
function depends(known: Map<Node, boolean>, node: Node, own: (node: Node) => boolean | undefined): boolean {
  const found = known.get(node) ?? own(node) ?? node.operands.some((operand) => depends(known, operand, own));
  known.set(node, found);
  return found;
}

/** Tells whether a value is the same all along an axis of the pictures [N,H,W,C] that it is broadcast to. */
function isConstantAlong(node: Node, axis: number): boolean {
  const shape = shapeOf(node);
  return (shape[shape.length - 4 + axis] ?? 1) === 1;
}

/** Tells whether an operand of an op that acts on parts is cut into them; others are the same for all parts. */
function isTakenByParts({ operands: [first], traits }: Op, at: number): boolean {
  return traits.isPointwise === true || at === 0 || (first !== undefined && isVariadic(first));
}

/** Tells whether an op does with each part along an axis of pictures what it does with the whole. */
function actsOnParts({ op, operands, attrs, results }: Node, axis: number): boolean {
  if (results[0]?.shape.length !== 4) return false;
  if (op.traits.isPointwise) return operands.some((operand) => shapeOf(operand).length === 4);
  return op.actsOnParts?.(attrs, axis) ?? false;
}
