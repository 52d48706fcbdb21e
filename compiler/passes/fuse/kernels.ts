/**
 * Chooses what becomes a kernel. Values that ops outside of kernels need are stored; all others are computed again by each
 * kernel that needs them, which costs less than memory does. What is stored or summed is a root and has a level, one more than that
 * of what it reads. Roots of one level and domain that read the same tensors share a kernel, so that each tensor is read once:
 *
 *     level 1, over x:  s = sum(x), q = sum((x - mean(x))^2)
 *     level 2, over x:  y = leaky_relu((x - mean) * rsqrt(q / n) * gamma)
 *
 * No kernel depends on another one of its level, so levels give an order.
 */
import { constant } from '../../ops/primitive/sources.ts';
import { is } from '../../ir/op.ts';
import { sum } from '../../ops/primitive/reductions.ts';
import { must } from '../../../dsl/errors.ts';
import { shapeOf, type Node } from '../../ir/node.ts';
import type { FusionLimits } from '../../ir/target.ts';
import { sameShape, type Shape } from '../../ir/types.ts';
import { axesOfOperand, coversDomain, ownAxes, type Axes } from './expression.ts';
import { centeredSquares, isInlined, isOverChannels, isReduction, tableOf, valuesIn } from './nodes.ts';

/** Nodes that one pass over a domain computes. */
export interface Kernel {
  readonly domain: Shape;
  readonly roots: readonly Node[];
}

/** Gives the domain over which a root is computed. */
export function domainOf(root: Node): Shape {
  const isPutTogether = isReduction(root) || isOverChannels(root);
  return shapeOf(isPutTogether ? must(root.operands[0], 'a reduction has an operand') : root);
}

/** The value that a root stores or puts together. */
export function valueOfRoot(root: Node): Node {
  if (!isReduction(root)) return root;
  return centeredSquares(root) ?? must(root.operands[0], 'a reduction has an operand');
}

/** The axes along which `valueOfRoot` runs. */
export function axesOfRoot(root: Node): Axes {
  return ownAxes(shapeOf(valueOfRoot(root)));
}

export class KernelPlanner {
  /** Nodes that could be inlined and are computed by ops of their own. */
  private readonly apart = new Set<Node>();
  /** Inlined nodes that are stored. */
  private readonly stored = new Set<Node>();
  private readonly levels = new Map<Node, number>();

  /** Starts from the nodes of a method, operands first; `kept` are its outputs and writes. */
  constructor(
    private readonly nodes: readonly Node[],
    private readonly kept: readonly Node[],
    private readonly limits: FusionLimits,
  ) {
    this.findApart();
    this.kept.forEach((node) => this.store(node));
    this.nodes.forEach((node) => this.storeOperands(node));
    this.storeUnreachable();
  }

  /** Chooses kernels. */
  plan(): Kernel[] {
    const places = new Map<string, Node[]>();
    for (const node of this.nodes) {
      if (this.isInline(node)) continue;
      const level = this.isRoot(node) ? this.levelOfRoot(node) : this.levelOfNode(node);
      this.levels.set(node, level);
      if (!this.isRoot(node)) continue;
      const key = `${level} ${domainOf(node).join()}`;
      places.set(key, [...(places.get(key) ?? []), node]);
    }
    return [...places.values()].flatMap((roots) =>
      this.connected(roots).map((group) => ({ domain: domainOf(group[0]!), roots: group })),
    );
  }

  /** Tells whether kernels compute a node where they need it. */
  isInline(node: Node): boolean {
    return this.canInline(node) && !this.stored.has(node);
  }

  private canInline(node: Node): boolean {
    return isInlined(node) && !this.apart.has(node);
  }

  private isRoot(node: Node): boolean {
    return isReduction(node) || (this.canInline(node) && this.stored.has(node));
  }

  /** Kernels keep no booleans: where an op outside needs one, what computes it and what uses it stay outside too. */
  private findApart(): void {
    const isBool = (node: Node): boolean => node.results[0]?.dtype === 'bool';
    for (let before = -1; before < this.apart.size;) {
      before = this.apart.size;
      for (const node of this.nodes) {
        if (!this.canInline(node)) {
          if (isReduction(node)) continue;
          for (const operand of node.operands) if (isBool(operand)) this.apart.add(operand);
        } else if (node.operands.some((operand) => isBool(operand) && !this.canInline(operand)))
          this.apart.add(node);
      }
      for (const node of this.kept) if (isBool(node)) this.apart.add(node);
    }
  }

  private store(node: Node): void {
    if (this.canInline(node)) this.stored.add(node);
  }

  private storeOperands(node: Node): void {
    if (isReduction(node)) node.operands.slice(1).forEach((operand) => this.store(operand));
    else if (!this.canInline(node)) node.operands.forEach((operand) => this.store(operand));
    const table = tableOf(node);
    if (table) this.store(table);
  }

  /** Stores what a root cannot compute pixel by pixel of its own domain. */
  private storeUnreachable(): void {
    for (let before = -1; before < this.stored.size;) {
      before = this.stored.size;
      for (const node of this.nodes) if (this.isRoot(node)) this.leavesOf(node);
    }
  }

  private levelOf(node: Node): number {
    return must(this.levels.get(node), `%${node.id} (${node.op.name}) has a level before its users`);
  }

  private levelOfNode(node: Node): number {
    return Math.max(0, ...node.operands.map((operand) => this.levelOf(operand))) + 1;
  }

  private levelOfRoot(root: Node): number {
    const domain = domainOf(root);
    const mayJoin = (leaf: Node): boolean =>
      this.canInline(leaf) && sameShape(domainOf(leaf), domain) && !isReduction(leaf);
    const after = (leaf: Node): number => this.levelOf(leaf) + (mayJoin(leaf) ? 0 : 1);
    return Math.max(1, ...[...this.leavesOf(root)].map(after));
  }

  /** What a root reads from memory, or finds stored in its own kernel. */
  private leavesOf(root: Node): Set<Node> {
    const domain = domainOf(root);
    const leaves = new Set<Node>();
    const seen = new Set<string>();
    const read = (node: Node, axes: Axes): void => {
      if (!this.isInline(node)) leaves.add(node);
      else compute(node, axes);
    };
    const compute = (node: Node, axes: Axes): void => {
      const key = `${node.id} ${axes.join()}`;
      if (seen.has(key)) return;
      seen.add(key);
      if (tableOf(node)) {
        if (coversDomain(node, axes, domain)) node.operands.forEach((operand) => leaves.add(operand));
        else leaves.add(this.nowStored(node));
        return;
      }
      const inner = node.operands.map((_, index) => axesOfOperand(node, index, axes, domain));
      if (inner.some((each) => each === undefined)) leaves.add(this.nowStored(node));
      else node.operands.forEach((operand, index) => read(operand, inner[index]!));
    };
    if (isReduction(root)) {
      read(valueOfRoot(root), axesOfRoot(root));
      root.operands.slice(1).forEach((operand) => leaves.add(operand));
    } else compute(root, axesOfRoot(root));
    return leaves;
  }

  private nowStored(node: Node): Node {
    this.stored.add(node);
    return node;
  }

  /** Parts roots of one level and domain into those that share what they read. */
  private connected(roots: readonly Node[]): Node[][] {
    const { smallDomain, largeOperand } = this.limits;
    // Starting a kernel costs more than computing a small one.
    const isSmall = valuesIn(domainOf(roots[0]!), this.limits) <= smallDomain;
    const groups: { roots: Node[]; shared: Set<Node> }[] = [];
    for (const root of roots) {
      const large = [...this.leavesOf(root)].filter(
        (leaf) => roots.includes(leaf) || valuesIn(shapeOf(leaf), this.limits) >= largeOperand,
      );
      const joined = { roots: [root], shared: new Set([root, ...large]) };
      for (const group of groups.filter(
        ({ shared }) => isSmall || [...joined.shared].some((leaf) => shared.has(leaf)),
      )) {
        joined.roots.unshift(...group.roots);
        for (const leaf of group.shared) joined.shared.add(leaf);
        groups.splice(groups.indexOf(group), 1);
      }
      groups.push(joined);
    }
    return groups.map((group) => group.roots.sort((a, b) => a.id - b.id));
  }
}

/** Tells whether a kernel would be a single op, which has a kernel already; large sums are better off in one of ours. */
export function isSingleOp(
  { domain, roots }: Kernel,
  isInline: (node: Node) => boolean,
  limits: FusionLimits,
): boolean {
  const [root] = roots;
  if (roots.length !== 1 || !root || centeredSquares(root)) return false;
  if (is(sum, root) && valuesIn(domain, limits) > limits.smallDomain) return false;
  return root.operands.every((operand) => !isInline(operand) || is(constant, operand));
}
