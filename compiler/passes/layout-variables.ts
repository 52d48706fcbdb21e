/**
 * Answers for the order of axes in which TensorFlow keeps a variable. Where methods use a weight with its axes in another order
 * only, as transposed convolutions and tables do, it is kept in that order, and so is what its optimizer keeps beside it:
 * nothing has to be turned then, neither weights on the way forward nor gradients on the way back.
 */
import { Builder } from '../ops/builder.ts';
import { shapeOf, typeOf, type Node } from '../ir/node.ts';
import { nodesOf, type Method, type Program } from '../ir/program.ts';
import { copy } from '../ir/rebuild.ts';
import type { TensorType } from '../ir/types.ts';
import { must } from '../../dsl/errors.ts';
import { list } from '../ir/op.ts';
import { pointwiseNames } from '../ops/primitive/pointwise.ts';
import { inverseOrder } from '../ops/primitive/support.ts';
import { weightOfCompanion } from '../ir/variables.ts';

/** An order of axes: entry `i` says which axis comes `i`-th. */
export type AxisOrder = readonly number[];

/** Puts what belongs to axes into an order. */
export function inOrder<T>(order: AxisOrder, ofAxes: readonly T[]): T[] {
  return order.map((axis) => must(ofAxes[axis], 'an order of these axes'));
}

const isIdentity = (order: AxisOrder): boolean => order.every((axis, index) => axis === index);

/** Says in which order of axes variables are kept; those that are not named, in their own. */
export function chooseOrders(program: Program): ReadonlyMap<string, AxisOrder> {
  const weights = new Map(
    program.variables.map(({ name, role }) => [
      name,
      role === 'parameter' || role === 'state' ? name : weightOfCompanion(name),
    ]),
  );
  /** The orders in which each weight is used; undefined where it is used as it is. */
  const uses = new Map<string, AxisOrder | undefined>();
  for (const method of program.methods)
    for (const node of nodesOf(method))
      for (const operand of node.operands) {
        const weight = operand.op === 'read' && weights.get(String(operand.attrs['name']));
        if (weight === false || weight === undefined || isElementwise(node)) continue;
        const order = node.op === 'transpose' ? list(node.attrs, 'permutation') : undefined;
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

/** Tells whether a node does with every entry the same, wherever it is. */
function isElementwise({ op }: Node): boolean {
  return op === 'adam' || pointwiseNames.has(op);
}

/** Makes a method again for variables that are kept in `orders`. */
export function withOrders(method: Method, orders: ReadonlyMap<string, AxisOrder>): Method {
  return orders.size === 0 ? method : new OrderRewriter(orders).rewrite(method);
}

/** A value: `node` with its axes in `order`. */
interface Turned {
  readonly node: Node;
  readonly order: AxisOrder | undefined;
}

class OrderRewriter {
  private readonly b = new Builder();
  private readonly made = new Map<Node, Turned>();

  constructor(private readonly orders: ReadonlyMap<string, AxisOrder>) {}

  rewrite(method: Method): Method {
    for (const node of nodesOf(method))
      this.made.set(
        node,
        this.b.within(node.origin, () => this.rewriteNode(node)),
      );
    const outputs = [...method.outputs].map(
      ([name, node]) => [name, this.b.within(node.origin, () => this.plain(this.now(node)))] as const,
    );
    const writes = [...method.writes].map(
      ([name, node]) => [name, this.b.within(node.origin, () => this.written(name, this.now(node)))] as const,
    );
    return { name: method.name, outputs: new Map(outputs), writes: new Map(writes) };
  }

  private now(node: Node): Turned {
    return must(this.made.get(node), 'operands come before their users');
  }

  private rewriteNode(node: Node): Turned {
    const { b } = this;
    if (node.op === 'read') {
      const variable = String(node.attrs['name']);
      const order = this.orders.get(variable);
      if (order)
        return { node: b.read(variable, orderedType(typeOf(node), order)), order: inverseOrder(order) };
    }
    const operands = node.operands.map((operand) => this.now(operand));
    const [first] = operands;
    if (node.op === 'transpose' && first) {
      const order = list(node.attrs, 'permutation');
      const whole = first.order ? inOrder(order, first.order) : order;
      // Gradients of what is kept in another order wait for whoever takes them as they are.
      const waits = first.order !== undefined || this.isUndone(order);
      if (isIdentity(whole)) return { node: first.node, order: undefined };
      if (waits) return { node: first.node, order: whole };
    }
    if (node.op === 'item' && first)
      return { node: b.item(first.node, Number(node.attrs['index'])), order: first.order };
    // It does not matter in which order everything is added up.
    if (node.op === 'sum' && first && list(node.attrs, 'axes').length === shapeOf(node.operands[0]!).length)
      return { node: copy(b, node, [first.node]), order: undefined };
    const order = isElementwise(node) ? this.sharedOrder(node, operands) : undefined;
    const inputs = operands.map((operand) => (order ? operand.node : this.plain(operand)));
    return { node: copy(b, node, inputs), order };
  }

  /** Tells whether gradients of a kept weight are turned by `order`. */
  private isUndone(order: AxisOrder): boolean {
    return [...this.orders.values()].some((one) => String(inverseOrder(one)) === String(order));
  }

  /** Gives the order that all operands of an op on entries have, but for numbers that stand for all entries. */
  private sharedOrder(node: Node, operands: readonly Turned[]): AxisOrder | undefined {
    const full = operands.filter((_, index) => shapeOf(must(node.operands[index], 'its operand')).length > 0);
    const [order] = full.map((operand) => operand.order);
    const isShared = full.every((operand) => operand.order && String(operand.order) === String(order));
    return isShared ? order : undefined;
  }

  private plain({ node, order }: Turned): Node {
    return order ? this.b.op('transpose', [node], { permutation: order }) : node;
  }

  /** What is written to a variable, in the order in which it is kept. */
  private written(variable: string, { node, order }: Turned): Node {
    const kept = this.orders.get(variable);
    if (!kept) return this.plain({ node, order });
    if (node.op === 'constant')
      return this.b.constant(Number(node.attrs['value']), inOrder(kept, shapeOf(node)));
    const whole = order ? inOrder(kept, order) : kept;
    return this.plain({ node, order: isIdentity(whole) ? undefined : whole });
  }
}

/** Gives the type of a value with its axes in another order. */
export function orderedType({ dtype, shape }: TensorType, order: AxisOrder): TensorType {
  return { dtype, shape: inOrder(order, shape) };
}
