/**
 * Orders the nodes of a method so that less memory is held at one time; the order of creation, which is that of the text, is the
 * order in which it runs.
 *
 *     a = read w                           x = input "x"
 *     x = input "x"                        y = op(x)
 *     g = gradient(..., a)          ->     a = read w                    right before its first use
 *     y = op(x)                            g = gradient(..., a)
 *     write w = adam(a, .., g, ..)         write w = adam(a, .., g, ..)  as soon as nothing needs w as it was
 *
 * Everything else keeps its order, but for paddings, which come right before the convolution that reads them. Values of variables,
 * inputs and constants are there anyway, so what is made of them alone comes right before its first use. A weight moves as soon as its
 * gradient is known and the last user of its old value has run, so that no gradient waits for the end of the step.
 */
import { must } from '../../dsl/errors.ts';
import type { Node } from '../ir/node.ts';
import { is } from '../ir/op.ts';
import { nodesOf, type Method } from '../ir/program.ts';
import { pad } from '../ops/primitive/blocks.ts';
import { constant } from '../ops/primitive/sources.ts';
import { copy } from '../ir/rebuild.ts';

import { ownerOf, readsReplaced, usersByOwner } from './memory.ts';
import type { MethodPass } from './pass.ts';
import { rewriteMethod } from './rewrite.ts';

export const scheduleForMemory: MethodPass = {
  name: 'schedule-for-memory',
  level: 'method',
  run: (method) =>
    rewriteMethod(method, (b) => (node, operands) => copy(b, node, operands), scheduled(method)),
};

function isAlwaysThere(node: Node): boolean {
  const owner = ownerOf(node);
  return owner.op.traits.isSource === true || is(constant, owner);
}

/**
 * TensorFlow makes one op of a padding and the convolution that reads it, which waits for whatever either waited for. If something
 * waited for the padding while the convolution waited for that, they would wait forever: so nothing comes between the two.
 */
const isPad = ({ op }: Node): boolean => op === pad;

/** Lists the nodes of a method in the order in which they should run. */
function scheduled(method: Method): readonly Node[] {
  const nodes = nodesOf(method);
  const { missing, waiting } = updatesOf(method, nodes);
  const ordered = new Set<Node>();
  const place = (node: Node): void => {
    if (ordered.has(node)) return;
    for (const operand of node.operands) if (!isPad(operand)) place(operand);
    node.operands.forEach(place);
    ordered.add(node);
    for (const update of waiting.get(node) ?? []) {
      const left = must(missing.get(update), 'an update counts what it waits for') - 1;
      missing.set(update, left);
      if (left === 0) place(update);
    }
  };
  for (const node of nodes)
    if (!missing.has(node) && !isPad(node) && !node.operands.every(isAlwaysThere)) place(node);
  nodes.forEach(place);
  return [...ordered];
}

interface Updates {
  /** How many nodes have to come before each update in place. */
  readonly missing: Map<Node, number>;
  /** The updates that wait for each node. */
  readonly waiting: ReadonlyMap<Node, readonly Node[]>;
}

/** Finds what each update in place waits for: its operands, and the other users of what it replaces. */
function updatesOf(method: Method, nodes: readonly Node[]): Updates {
  const users = usersByOwner(nodes);
  const missing = new Map<Node, number>();
  const waiting = new Map<Node, Node[]>();
  for (const node of nodes) {
    const replaced = readsReplaced(method, node);
    if (replaced.length === 0) continue;
    const others = replaced.flatMap((read) => users.get(read) ?? []).filter((user) => user !== node);
    const before = new Set([...node.operands.filter((operand) => !isAlwaysThere(operand)), ...others]);
    missing.set(node, before.size);
    for (const one of before) waiting.set(one, [...(waiting.get(one) ?? []), node]);
  }
  return { missing, waiting };
}
