/**
 * Makes nodes: hash-consed, so that structural equality is identity and common subexpressions are one node by
 * construction; and checked by each op's `infer`, so that an ill-typed node cannot exist. State is functional: `read` gives
 * a variable's value at the start of a method, and a method names the values to be written at its end.
 */
import { brokenInvariant, must } from '../../dsl/errors.ts';
import { isVariadic } from './op.ts';
import { item } from './sources.ts';
import {
  OpError,
  printAttrs,
  shapeOf,
  typeOf,
  type Attrs,
  type Check,
  type Node,
  type Op,
  type Origin,
} from './node.ts';
import type { TensorType } from './types.ts';

/** What all builders do; `builderOf` adds the methods of ops. */
export class NodeMaker {
  private readonly interned = new Map<string, Node>();
  /** All nodes by their number. */
  private readonly nodes: Node[] = [];

  /** The origin given to nodes that are made now; `within` alone sets it. */
  private origin: Origin | undefined = undefined;

  /** How many times a node was asked for: the work done, also where it was there already. */
  asked = 0;

  /** Gives nodes that are made meanwhile an origin. */
  within<T>(origin: Origin | undefined, make: () => T): T {
    const outer = this.origin;
    this.origin = origin;
    try {
      return make();
    } finally {
      this.origin = outer;
    }
  }

  /** Makes, or finds, the node `op(operands) {attrs}`; throws an `OpError` where a constraint of the op fails. */
  make(op: Op, operands: readonly Node[], attrs: Attrs = {}): Node {
    this.asked += 1;
    for (const operand of operands) {
      if (operand.results.length !== 1)
        throw brokenInvariant(`an operand of ${op.name} has several results; take one with item`);
      if (this.nodes[operand.id] !== operand)
        throw brokenInvariant(`an operand of ${op.name} is a node of another builder`);
    }
    const key = `${op.name}|${operands.map((operand) => operand.id).join(',')}|${printAttrs(attrs)}`;
    const known = this.interned.get(key);
    if (known && known.op !== op) throw brokenInvariant(`two ops are called ${op.name}`);
    if (known) return known;
    const inferred = inferTypes(op, operands.map(typeOf), attrs, (condition, constraint, found) => {
      if (!condition)
        throw new OpError(op.name, constraint, found ?? operands.map((o) => `[${shapeOf(o)}]`).join(' and '));
    });
    return this.intern(key, { op, operands, attrs: copyOf(attrs), results: inferred, origin: this.origin });
  }

  /** Takes result `index` of a node with several. */
  item(node: Node, index: number): Node {
    const type = must(node.results[index], `${node.op.name} has a result ${index}`);
    const key = `item|${node.id}|${index}`;
    const origin = this.origin ?? node.origin;
    return (
      this.interned.get(key) ??
      this.intern(key, { op: item, operands: [node], attrs: { index }, results: [type], origin })
    );
  }

  /** Takes all results of a node with several. */
  items(node: Node): Node[] {
    return node.results.map((_, index) => this.item(node, index));
  }

  private intern(key: string, parts: Omit<Node, 'id'>): Node {
    const node: Node = { id: this.nodes.length, ...parts };
    this.nodes.push(node);
    this.interned.set(key, node);
    return node;
  }
}

/** Copies the lists of attributes, which their owner may change later. */
function copyOf(attrs: Attrs): Attrs {
  const lists = Object.entries(attrs).filter(([, value]) => typeof value === 'object');
  if (lists.length === 0) return attrs;
  return { ...attrs, ...Object.fromEntries(lists.map(([name, value]) => [name, [...(value as number[])]])) };
}

/** Gives the types of the results of an op, after checking its operands and attributes. */
export function inferTypes(
  op: Op,
  operands: readonly TensorType[],
  attrs: Attrs,
  check: Check,
): readonly TensorType[] {
  checkOperands(op, operands.length, check);
  checkAttrs(op, attrs, check);
  const inferred = op.infer(operands, attrs, check);
  return 'dtype' in inferred ? [inferred] : inferred;
}

function checkOperands({ operands }: Op, count: number, check: Check): void {
  const isOpen = operands.some(isVariadic);
  if (isOpen ? count < operands.length - 1 : count !== operands.length)
    check(false, `it has the operands ${operands.join(', ') || 'none'}`, String(count));
}

function checkAttrs({ attrs: rules }: Op, attrs: Attrs, check: Check): void {
  for (const name in rules) {
    const rule = must(rules[name], 'an attribute has a rule');
    const value = attrs[name];
    if (value === undefined ? !rule.mayLack : !rule.accepts(value))
      check(false, `${name} is ${rule.kind}${rule.mayLack ? ', or left out' : ''}`, String(value));
  }
  for (const name in attrs)
    if (!(name in rules))
      check(false, `it has the attributes ${Object.keys(rules).join(', ') || 'none'}`, name);
}
