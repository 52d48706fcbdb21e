/**
 * Answers for making nodes: hash-consed, so that structural equality is identity and common subexpressions are one node by
 * construction; and checked by each op's `infer`, so that an ill-typed node cannot exist. State is functional: `read` gives
 * a variable's value at the start of a method, and a method names the values to be written at its end.
 */
import { OpError, printAttrs, shapeOf, typeOf, type Attrs, type Node, type Origin } from './node.ts';
import type { TensorType } from './types.ts';
import { brokenInvariant, must } from '../../dsl/errors.ts';

/** Fails with the constraint's text where `condition` does not hold; `found` says what was there instead. */
export type Check = (condition: boolean, constraint: string, found?: string) => void;

/** What a builder asks of an op. */
export interface OpTyping {
  /** Checks the constraints and gives the result type, or the types of several results. */
  readonly infer: (
    operands: readonly TensorType[],
    attrs: Attrs,
    check: Check,
  ) => TensorType | readonly TensorType[];
}

/** Makes nodes of the ops of a table; `Builder` of ops/builder.ts is that of all ops. */
export class GraphBuilder {
  private readonly interned = new Map<string, Node>();
  private count = 0;

  constructor(private readonly ops: ReadonlyMap<string, OpTyping>) {}

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

  /** Makes, or finds, the node `name(operands) {attrs}`; throws an `OpError` where a constraint of the op fails. */
  op(name: string, operands: readonly Node[], attrs: Attrs = {}): Node {
    this.asked += 1;
    const entry = this.ops.get(name);
    if (!entry) throw brokenInvariant(`there is no op '${name}'`);
    if (operands.some((operand) => operand.results.length !== 1))
      throw brokenInvariant(`an operand of ${name} has several results; take one with item`);
    const key = `${name}|${operands.map((operand) => operand.id).join(',')}|${printAttrs(attrs)}`;
    const known = this.interned.get(key);
    if (known) return known;
    const inferred = entry.infer(operands.map(typeOf), attrs, (condition, constraint, found) => {
      if (!condition)
        throw new OpError(name, constraint, found ?? operands.map((o) => `[${shapeOf(o)}]`).join(' and '));
    });
    const results = 'dtype' in inferred ? [inferred] : inferred;
    const node: Node = { id: this.count++, op: name, operands, attrs, results, origin: this.origin };
    this.interned.set(key, node);
    return node;
  }

  /** Takes result `index` of a node with several. */
  item(node: Node, index: number): Node {
    const type = must(node.results[index], `${node.op} has a result ${index}`);
    const key = `item|${node.id}|${index}`;
    const known = this.interned.get(key);
    if (known) return known;
    const made: Node = {
      id: this.count++,
      op: 'item',
      operands: [node],
      attrs: { index },
      results: [type],
      origin: this.origin ?? node.origin,
    };
    this.interned.set(key, made);
    return made;
  }

  /** Takes all results of a node with several. */
  items(node: Node): Node[] {
    return node.results.map((_, index) => this.item(node, index));
  }

  /** A named value that is fed at each call of a method. */
  input(name: string, type: TensorType): Node {
    return this.op('input', [], { name, dtype: type.dtype, shape: type.shape });
  }

  /** The value of a variable when the method starts. */
  read(variable: string, type: TensorType): Node {
    return this.op('read', [], { name: variable, dtype: type.dtype, shape: type.shape });
  }

  /** A float32 tensor of one value. */
  constant(value: number, shape: readonly number[] = []): Node {
    return this.op('constant', [], { value, shape });
  }

  // Arithmetic is frequent enough to be written short.
  add(a: Node, b: Node): Node {
    return this.op('add', [a, b]);
  }
  sub(a: Node, b: Node): Node {
    return this.op('sub', [a, b]);
  }
  mul(a: Node, b: Node | number): Node {
    return this.op('mul', [a, typeof b === 'number' ? this.constant(b) : b]);
  }
  div(a: Node, b: Node): Node {
    return this.op('div', [a, b]);
  }
  reshape(a: Node, shape: readonly number[]): Node {
    return this.op('reshape', [a], { shape });
  }
  sum(a: Node, axes: readonly number[], keep = true): Node {
    return axes.length === 0 ? a : this.op('sum', [a], { axes, keep });
  }
  mean(a: Node, axes: readonly number[], keep = true): Node {
    const count = axes.reduce(
      (product, axis) => product * must(shapeOf(a)[axis], `the operand of mean has the axis ${axis}`),
      1,
    );
    return this.mul(this.sum(a, axes, keep), 1 / count);
  }
}
