/**
 * Answers for keeping what comes from data alone apart from what weights have reached. A discriminator of several scales pools
 * labels joined to a picture, of painted and real pictures joined in turn: pooled before they are joined, labels and photographs
 * are pooled once for all passes of a step, and gradients run through the painted picture alone.
 *
 *     avg_pool2d(concat(labels, picture)) -> concat(avg_pool2d(labels), avg_pool2d(picture))
 *
 * So does the whole discriminator while it judges for a generator, as its own weights have no gradients then: painted and real
 * pictures pass it apart, until something looks at both.
 *
 *     split(conv2d(concat(painted, real))) -> conv2d(painted), conv2d(real)
 */
import { GraphRewrite } from '../ir/graph-rewrite.ts';
import { shapeOf, type Node } from '../ir/node.ts';
import { reachableTo, rebuild } from '../ir/rebuild.ts';
import { must } from '../../dsl/errors.ts';
import { list, number } from '../ir/op.ts';
import { pointwiseNames } from '../ops/primitive/pointwise.ts';

/** Axes along which parts are kept apart: channels, then pictures of a batch. */
const axes = { channels: 3, pictures: 0 } as const;

/** Keeps what comes from data alone apart from what weights have reached. */
export class DataApart extends GraphRewrite {
  /** Whether any weight has reached a node. */
  private readonly reached = new Map<Node, boolean>();
  /** Whether a node has gradients: a weight that is trained has reached it. */
  private readonly moved = new Map<Node, boolean>();

  override rewrite(
    roots: readonly Node[],
    weights: ReadonlySet<Node>,
    trained: ReadonlySet<Node> = new Set(),
  ): ReadonlyMap<Node, Node> {
    // Each objective trains others.
    this.moved.clear();
    for (const weight of weights) {
      this.reached.set(weight, true);
      this.moved.set(weight, trained.has(weight));
    }
    for (const node of reachableTo(roots, weights)) {
      const made = this.made.get(node);
      if (made) this.isMoved(made);
    }
    return super.rewrite(roots, weights);
  }

  /** Makes `node` of `operands`: the same of each part, joined, where that keeps data apart. */
  protected override make(node: Node, operands: readonly Node[]): Node {
    // Asked of each node in its turn, this never goes deep.
    for (const operand of operands) {
      this.isReached(operand);
      this.isMoved(operand);
    }
    const part = this.joinedPart(node, operands);
    if (part) return part;
    for (const axis of Object.values(axes)) {
      if (!actsAlong(node, axis)) continue;
      const joined = operands.map((_, at) => this.partsFor(node, operands, at, axis));
      if (!this.isWorthIt(node, operands, joined, axis)) continue;
      const count = joined.find((parts) => parts !== undefined)?.length ?? 0;
      const parts = Array.from({ length: count }, (_, index) =>
        this.make(
          node,
          operands.map((operand, at) => joined[at]?.[index] ?? operand),
        ),
      );
      return this.b.op('concat', parts, { axis });
    }
    return this.inSum(node, operands) ?? rebuild(this.b, node, operands);
  }

  /** A convolution of channels from data and of others is the sum of both. */
  private inSum(node: Node, [x, filter]: readonly Node[]): Node | undefined {
    const parts = node.op === 'conv2d' && x ? this.partsAlong(x, axes.channels) : undefined;
    if (!parts || !filter || !this.isWorthIt(node, [x!], [parts], axes.channels)) return undefined;
    const sizes = parts.map((part) => must(shapeOf(part)[axes.channels], 'a picture has channels'));
    const filters = this.b.items(this.b.op('split', [filter], { axis: 2, sizes }));
    const sums = parts.map((part, index) => this.make(node, [part, must(filters[index], 'one of each')]));
    return sums.reduce((sum, one) => this.make(this.b.add(sum, one), [sum, one]));
  }

  private isReached(node: Node): boolean {
    return isFound(this.reached, node, (one) => (one.op === 'read' ? true : undefined));
  }

  private isMoved(node: Node): boolean {
    return isFound(this.moved, node, (one) => (one.op === 'stop_gradient' ? false : undefined));
  }

  /**
   * Tells whether operands are joined of parts of the same sizes, some of which no weight has reached, or have no gradients while
   * others have; or of one part repeated. `parts` are those of each operand that is joined.
   */
  private isWorthIt(
    { op }: Node,
    operands: readonly Node[],
    parts: readonly (readonly Node[] | undefined)[],
    axis: number,
  ): boolean {
    const joined = parts.filter((one) => one !== undefined);
    const [first] = joined;
    if (!first) return false;
    const sizes = (some: readonly Node[]): string => String(some.map((part) => shapeOf(part)[axis]));
    const others = operands.filter((_, at) => !parts[at]);
    // A filter is the same for all pictures.
    const isFit = op === 'conv2d' || others.every((one) => isAlike(one, axis));
    if (!isFit || joined.some((some) => sizes(some) !== sizes(first))) return false;
    const found = (has: (part: Node) => boolean): boolean[] =>
      first.map((_, index) => joined.some((some) => has(must(some[index], 'alike'))));
    const reached = found((part) => this.isReached(part));
    const fromData = reached.includes(false);
    // Channels of data alone had better stay together.
    if (axis === axes.channels) return fromData && reached.includes(true);
    if (joined.every((some) => new Set(some).size === 1)) return true;
    if (op === 'concat') return false;
    const moved = found((part) => this.isMoved(part));
    const isHalfMoved =
      moved.includes(true) && moved.includes(false) && !others.some((one) => this.isMoved(one));
    return isHalfMoved || (fromData && op !== 'conv2d');
  }

  /** Gives the part that `node` takes of joined ones; undefined for all other nodes. */
  private joinedPart({ op, attrs }: Node, [cut]: readonly Node[]): Node | undefined {
    if (op !== 'item' || cut?.op !== 'split') return undefined;
    const axis = number(cut.attrs, 'axis');
    const parts = this.partsAlong(must(cut.operands[0], 'it has an operand'), axis);
    const sizes = parts?.map((part) => shapeOf(part)[axis]);
    return String(sizes) === String(list(cut.attrs, 'sizes')) ? parts?.[number(attrs, 'index')] : undefined;
  }

  /** Gives the parts of an operand that is joined along an axis of pictures; a filter, or a vector that is broadcast, has other axes. */
  private partsFor(
    { op }: Node,
    operands: readonly Node[],
    at: number,
    axis: number,
  ): readonly Node[] | undefined {
    const operand = must(operands[at], 'an operand');
    const isPictures = op === 'conv2d' ? at === 0 : op === 'one_hot' || shapeOf(operand).length === 4;
    return isPictures ? this.partsAlong(operand, axis) : undefined;
  }

  /** Gives the parts that a node joins along an axis. */
  private partsAlong(node: Node, axis: number): readonly Node[] | undefined {
    const { op, operands, attrs } = node;
    if (op === 'concat') return number(attrs, 'axis') === axis ? operands : undefined;
    if (op !== 'expand_rows' || axis !== axes.pictures) return undefined;
    const [rows, places] = operands as [Node, Node];
    return this.partsAlong(places, axis)?.map((part) => this.b.op(op, [rows, part], attrs));
  }
}

/** Tells whether something is found in a node: `known` or `own` may say so, else it is found in an operand. */
function isFound(known: Map<Node, boolean>, node: Node, own: (node: Node) => boolean | undefined): boolean {
  const found = known.get(node) ?? own(node) ?? node.operands.some((operand) => isFound(known, operand, own));
  known.set(node, found);
  return found;
}

/** Tells whether a value is the same all along an axis of pictures [N,H,W,C], as an operand that is broadcast. */
function isAlike(node: Node, axis: number): boolean {
  const shape = shapeOf(node);
  return (shape[shape.length - 4 + axis] ?? 1) === 1;
}

/** Tells whether an op does with each part along an axis of pictures what it does with the whole. */
function actsAlong({ op, operands, attrs, results }: Node, axis: number): boolean {
  if (results[0]?.shape.length !== 4) return false;
  switch (op) {
    case 'avg_pool2d':
    case 'max_pool2d':
      return true;
    case 'pad':
      return list(attrs, 'amounts')[2 * axis] === 0 && list(attrs, 'amounts')[2 * axis + 1] === 0;
    case 'one_hot':
    case 'reflect_pad':
    case 'upsample_nearest':
      return axis === axes.pictures;
    case 'sum':
      return axis === axes.pictures && !list(attrs, 'axes').includes(axis);
    case 'concat':
      return number(attrs, 'axis') !== axis && axis === axes.pictures;
    case 'conv2d':
      return axis === axes.pictures;
    default:
      return pointwiseNames.has(op) && operands.some((operand) => shapeOf(operand).length === 4);
  }
}
