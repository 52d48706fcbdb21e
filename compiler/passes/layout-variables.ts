/**
 * Keeps a weight with its axes in the order in which all methods use it, with what its optimizer keeps beside it, so that nothing is
 * transposed: neither weights on the way forward nor gradients on the way back.
 *
 *     y = f(transpose(read w))               ->  y = f(read w')                    [w' is kept with its axes in that order]
 *     write m = 0.9 * read m + transpose(g)  ->  write m' = 0.9 * read m' + g      [m belongs to w]
 *
 * It takes weights whose every use, in all methods, is a transpose by one and the same order; pointwise uses, as updates are, do not
 * count, since they treat every entry alike. A transpose that a weight's layout does not absorb stays, or comes where a value leaves for
 * an op that needs its own order. The program then says the layouts, and the plan turns these variables where they are set and read.
 */
import { constant } from '../ops/primitive/sources.ts';
import { is } from '../ir/op.ts';
import { item, read } from '../ir/sources.ts';
import { sum } from '../ops/primitive/reductions.ts';
import { transpose } from '../ops/primitive/shapes.ts';
import { must } from '../../dsl/errors.ts';
import { GraphBuilder } from '../ops/builder.ts';
import { inOrder, orderedType, type AxisOrder } from '../ir/layout.ts';
import { shapeOf, typeOf, type Node } from '../ir/node.ts';
import { nodesOf, type Method, type Program } from '../ir/program.ts';
import { copy } from '../ir/rebuild.ts';

import { inverseOrder } from '../ops/primitive/support.ts';
import { weightOfCompanion } from '../ir/variables.ts';
import type { ProgramPass } from './pass.ts';
import { inPlaceOf, walk } from './rewrite.ts';

export const layoutVariables: ProgramPass = {
  name: 'layout-variables',
  level: 'program',
  run(program) {
    const layouts = chooseLayouts(program);
    if (layouts.size === 0) return program;
    const methods = program.methods.map((method) => new LayoutRewriter(layouts).rewrite(method));
    return { ...program, layouts, methods };
  },
};

/** Finds the order of axes in which each variable is kept; those that are not named, in their own. */
function chooseLayouts(program: Program): ReadonlyMap<string, AxisOrder> {
  const weights = new Map(
    program.variables.map(({ name, role }) => [
      name,
      role === 'parameter' || role === 'state' ? name : weightOfCompanion(name),
    ]),
  );
  /** The order in which each weight is used; undefined where it is used as it is, or in several orders. */
  const uses = new Map<string, AxisOrder | undefined>();
  for (const method of program.methods)
    for (const node of nodesOf(method))
      for (const operand of node.operands) {
        const weight = is(read, operand) ? weights.get(operand.attrs.name) : undefined;
        if (weight === undefined || treatsEntriesAlike(node)) continue;
        const order = is(transpose, node) ? node.attrs.permutation : undefined;
        const known = uses.has(weight) ? uses.get(weight) : order;
        uses.set(weight, order && known && String(order) === String(known) ? order : undefined);
      }
  return new Map(
    [...weights].flatMap(([name, weight]) => {
      const order = uses.get(weight);
      return order ? [[name, order] as const] : [];
    }),
  );
}

/** Tells whether a node treats every entry alike, wherever it is. */
function treatsEntriesAlike({ op: { traits } }: Node): boolean {
  return traits.isPointwise === true || traits.isUpdate === true;
}

const isIdentity = (order: AxisOrder): boolean => order.every((axis, index) => axis === index);

/** A value of the old method: `node` transposed by `order`, which waits for somebody who needs it so. */
interface Transposed {
  readonly node: Node;
  readonly order: AxisOrder | undefined;
}

class LayoutRewriter {
  private readonly b = new GraphBuilder();

  constructor(private readonly layouts: ReadonlyMap<string, AxisOrder>) {}

  rewrite(method: Method): Method {
    const made = new Map<Node, Transposed>();
    const now = walk<Transposed>(this.b, nodesOf(method), made, (node, operands) =>
      this.make(node, operands),
    );
    const under = (node: Node, make: (value: Transposed) => Node): Node =>
      inPlaceOf(this.b, node, () => make(now(node)));
    const outputs = [...method.outputs].map(
      ([name, node]) => [name, under(node, (value) => this.plain(value))] as const,
    );
    const writes = [...method.writes].map(
      ([name, node]) => [name, under(node, (value) => this.written(name, value))] as const,
    );
    return { name: method.name, outputs: new Map(outputs), writes: new Map(writes) };
  }

  private make(node: Node, operands: readonly Transposed[]): Transposed {
    const { b } = this;
    if (is(read, node)) {
      const { name } = node.attrs;
      const layout = this.layouts.get(name);
      if (layout)
        return {
          node: b.read({ name, ...orderedType(typeOf(node), layout) }),
          order: inverseOrder(layout),
        };
    }
    const [first] = operands;
    if (is(transpose, node) && first) {
      const order = node.attrs.permutation;
      const whole = first.order ? inOrder(order, first.order) : order;
      if (isIdentity(whole)) return { node: first.node, order: undefined };
      // Gradients of what is kept in another order wait, since updates take them as they are.
      if (first.order !== undefined || this.isInverseOfLayout(order))
        return { node: first.node, order: whole };
    }
    if (is(item, node) && first) return { node: b.item(first.node, node.attrs.index), order: first.order };
    // A sum over all entries is the same in any order.
    if (is(sum, node) && first && node.attrs.axes.length === shapeOf(node.operands[0]).length)
      return { node: copy(b, node, [first.node]), order: undefined };
    const order = treatsEntriesAlike(node) ? this.sharedOrder(node, operands) : undefined;
    const inputs = operands.map((operand) => (order ? operand.node : this.plain(operand)));
    return { node: copy(b, node, inputs), order };
  }

  private isInverseOfLayout(order: AxisOrder): boolean {
    return [...this.layouts.values()].some((layout) => String(inverseOrder(layout)) === String(order));
  }

  /** Gives the order that all operands of a pointwise op have, but for scalars, which have no axes. */
  private sharedOrder(node: Node, operands: readonly Transposed[]): AxisOrder | undefined {
    const full = operands.filter(
      (_, index) =>
        shapeOf(must(node.operands[index], `${node.op.name} has ${operands.length} operands`)).length > 0,
    );
    const [order] = full.map((operand) => operand.order);
    const isShared = full.every((operand) => operand.order && String(operand.order) === String(order));
    return isShared ? order : undefined;
  }

  private plain({ node, order }: Transposed): Node {
    return order ? this.b.transpose(node, { permutation: order }) : node;
  }

  /** Gives what is written to a variable, in its layout. */
  private written(variable: string, { node, order }: Transposed): Node {
    const layout = this.layouts.get(variable);
    if (!layout) return this.plain({ node, order });
    if (is(constant, node))
      return this.b.constant({ value: node.attrs.value, shape: inOrder(layout, shapeOf(node)) });
    const whole = order ? inOrder(layout, order) : layout;
    return this.plain({ node, order: isIdentity(whole) ? undefined : whole });
  }
}
