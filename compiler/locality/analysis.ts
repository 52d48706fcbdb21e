/**
 * Finds the label-local values of a graph: at each pixel, they are a function of a window of the label maps and of
 * weights alone. One walk over the nodes applies the locality rule in each op's entry; no network is special.
 */
import { reachable, shapeOf, type ExpandedOp, type Node } from '../ir/node.ts';
import { is, type NodeOf } from '../ir/op.ts';
import { input, item, read } from '../ir/sources.ts';
import type { Axis } from './axis.ts';
import { isPicture, tidy, type Fact, type Segment } from './facts.ts';
import { LocalityTable, type LocalValue } from './local.ts';
import type { Pixels, PixelTable } from './pixels.ts';
import { pointwise, type PartlyLocal, type Walk } from './rule.ts';

export interface LocalityOptions {
  /** Tells the inputs that are label maps ([N,H,W] ids, or [N,H,W,C] of few discrete values such as edges) by name. */
  readonly isMap: (input: string) => boolean;
  /**
   * Nodes that hold weights although they are computed from pictures: the optimizer's results earlier in the same
   * method. The values that a method writes are such nodes.
   */
  readonly weights?: Iterable<Node>;
}

export interface Locality {
  /** The label-local nodes with one result, operands before users. */
  readonly local: ReadonlyMap<Node, LocalValue>;
  readonly partly: ReadonlyMap<Node, PartlyLocal>;
  /** The nodes that depend on weights alone. */
  readonly weights: ReadonlySet<Node>;
}

/** Finds the label-local nodes among those that `roots` depend on. */
export function analyzeLocality(roots: Iterable<Node>, options: LocalityOptions): Locality {
  const walk = new LocalityWalk(options);
  const nodes = reachable(roots);
  for (const node of nodes) walk.visit(node);
  const weights = new Set(nodes.filter((node) => walk.isWeight(node)));
  return { local: walk.local, partly: walk.partly, weights };
}

class LocalityWalk implements Walk {
  readonly table = new LocalityTable();
  readonly pixels: PixelTable = this.table.pixels;
  readonly local = new Map<Node, LocalValue>();
  readonly partly = new Map<Node, PartlyLocal>();
  private readonly facts = new Map<Node, readonly Fact[]>();
  private readonly weights: ReadonlySet<Node>;

  readonly isMap: (input: string) => boolean;

  constructor({ isMap, weights }: LocalityOptions) {
    this.isMap = isMap;
    this.weights = new Set(weights);
  }

  visit(node: Node): void {
    const facts = this.weights.has(node) ? node.results.map((): Fact => 'weights') : this.factsOf(node);
    this.facts.set(node, facts);
    if (facts.length !== 1 || node.results.length !== 1) return;
    const [fact] = facts;
    const whole = fact === 'weights' ? undefined : this.whole(fact);
    if (whole && whole.maps.length > 0) this.local.set(node, this.table.describe(whole));
  }

  private factsOf(node: Node): readonly Fact[] {
    if (is(item, node)) return [this.all(node.operands[0])[node.attrs.index]];
    if (is(read, node)) return ['weights'];
    if (is(input, node)) return [this.mapOf(node)];
    const facts = node.op.traits.isPointwise ? pointwise(node, this) : node.op.locality?.(node, this);
    if (facts?.some((fact) => fact !== undefined)) return facts;
    // A node computed only from weights is a weight itself.
    const isWeight = node.operands.length > 0 && node.operands.every((operand) => this.isWeight(operand));
    return node.results.map(() => (isWeight ? 'weights' : undefined));
  }

  private mapOf(node: NodeOf<typeof input>): Fact {
    const { name, shape } = node.attrs;
    if (!this.isMap(name) || !isPicture(shape)) return undefined;
    const [pictures, height, width, channels = 1] = shape as [number, number, number, number?];
    return [{ channels, pixels: this.pixels.map(name, pictures, height, width) }];
  }

  of(node: Node): Fact {
    return this.facts.get(node)?.[0];
  }

  all(node: Node): readonly Fact[] {
    return this.facts.get(node) ?? [];
  }

  isWeight(node: Node): boolean {
    return this.all(node).every(
      (fact) => fact === 'weights' || fact?.every(({ pixels }) => pixels?.maps.length === 0) === true,
    );
  }

  whole(fact: Fact): Pixels | undefined {
    if (fact === undefined || fact === 'weights') return undefined;
    return this.mergeAll(fact.map(({ pixels }) => pixels));
  }

  mergeAll(all: readonly (Pixels | undefined)[]): Pixels | undefined {
    return all.reduce((sum, next) => sum && next && this.pixels.merge(sum, next));
  }

  asPixels(node: Node, rank: number): readonly Segment[] | undefined {
    const fact = this.of(node);
    const shape = shapeOf(node);
    if (fact !== 'weights' && shape.length === rank) return fact;
    if (!this.isWeight(node)) return undefined;
    const aligned = [...new Array<number>(Math.max(rank - shape.length, 0)).fill(1), ...shape];
    if (aligned.length !== rank || aligned.slice(0, 3).some((size) => size !== 1)) return undefined;
    return [{ channels: aligned[3] ?? 1, pixels: this.pixels.uniform(1, 1) }];
  }

  each(x: Node, change: (pixels: Pixels) => Pixels | undefined): readonly Fact[] {
    const fact = this.asPixels(x, shapeOf(x).length);
    return [
      fact && tidy(fact.map(({ channels, pixels }) => ({ channels, pixels: pixels && change(pixels) }))),
    ];
  }

  alongBoth(pixels: Pixels, change: (axis: Axis, which: 1 | 2) => Axis): Pixels {
    return this.pixels.along(
      pixels,
      (axis) => change(axis, 1),
      (axis) => change(axis, 2),
    );
  }

  notePartly(node: Node, channels: PartlyLocal['channels'], pixels: Pixels): void {
    this.partly.set(node, { channels, local: this.table.describe(pixels) });
  }

  through({ inputs, results }: ExpandedOp, operands: readonly Node[]): readonly Fact[] {
    const given = new Set(inputs);
    operands.forEach((operand, index) => {
      const input = inputs[index];
      if (input) this.facts.set(input, this.all(operand));
    });
    for (const node of reachable(results, given)) {
      if (!given.has(node)) this.facts.set(node, this.factsOf(node));
      // The node is not in the walked graph.
      this.partly.delete(node);
    }
    return results.map((result) => this.of(result));
  }
}
