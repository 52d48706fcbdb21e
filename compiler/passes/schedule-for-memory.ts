/**
 * Answers for the order in which TensorFlow runs a method: that of its graph, but for what can move so that less is held at one
 * time. What is made of variables and inputs alone, which are there anyway, comes right before its first use; and a weight
 * moves as soon as nothing needs it as it was, so that its gradient need not wait for the end.
 */
import { Builder } from '../ops/builder.ts';
import type { Node } from '../ir/node.ts';
import { nodesOf, withValues, type Method } from '../ir/program.ts';
import { copy } from '../ir/rebuild.ts';
import { must } from '../../dsl/errors.ts';

/** Ops that give a view of their first operand, which therefore stays as long as they do. */
const views: ReadonlySet<string> = new Set(['item', 'reshape', 'stop_gradient']);

/** Gives the node whose memory holds what `node` gives. */
export function ownerOf(node: Node): Node {
  const [first] = node.operands;
  return first && views.has(node.op) ? ownerOf(first) : node;
}

/** Names the variable that operand `index` of a node reads, if result `index` is what the method writes to it. */
export function updatedVariable({ writes }: Method, node: Node, index: number): string | undefined {
  const operand = node.operands[index];
  if (operand?.op !== 'read') return undefined;
  const variable = String(operand.attrs['name']);
  const value = writes.get(variable);
  const matches = value?.op === 'item' && value.operands[0] === node && value.attrs['index'] === index;
  return matches ? variable : undefined;
}

/** Lists the reads of the variables that a node updates in place. */
export function readsReplaced(method: Method, node: Node): readonly Node[] {
  return node.operands.filter((_, index) => updatedVariable(method, node, index) !== undefined);
}

/** Lists what uses each node, itself or a view of it. */
export function usersByOwner(nodes: readonly Node[]): ReadonlyMap<Node, readonly Node[]> {
  const users = new Map<Node, Node[]>();
  for (const node of nodes)
    for (const owner of new Set(node.operands.map(ownerOf))) {
      const known = users.get(owner);
      if (known) known.push(node);
      else users.set(owner, [node]);
    }
  return users;
}

/** Makes a method again with its nodes in the order in which they should run. */
export function inThriftyOrder(method: Method): Method {
  const b = new Builder();
  const made = new Map<Node, Node>();
  const now = (node: Node): Node => must(made.get(node), 'operands come before their users');
  for (const node of thriftyOrder(method)) made.set(node, copy(b, node, node.operands.map(now)));
  return withValues(method, now);
}

const sources: ReadonlySet<string> = new Set(['read', 'input', 'constant']);

const isAlwaysThere = (node: Node): boolean => sources.has(ownerOf(node).op);

/**
 * TensorFlow makes one op of a padding and the convolution that reads it, which waits for whatever either waited for: nothing may
 * wait for one and be waited for by the other, so they come one right after the other.
 */
const isPad = ({ op }: Node): boolean => op === 'pad';

function thriftyOrder(method: Method): readonly Node[] {
  const nodes = nodesOf(method);
  const users = usersByOwner(nodes);
  // What has to come before each update, and the updates that wait for each node.
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

  const ordered = new Set<Node>();
  const place = (node: Node): void => {
    if (ordered.has(node)) return;
    for (const operand of node.operands) if (!isPad(operand)) place(operand);
    node.operands.forEach(place);
    ordered.add(node);
    for (const update of waiting.get(node) ?? []) {
      const left = must(missing.get(update), 'it waits') - 1;
      missing.set(update, left);
      if (left === 0) place(update);
    }
  };
  for (const node of nodes)
    if (!missing.has(node) && !isPad(node) && !node.operands.every(isAlwaysThere)) place(node);
  nodes.forEach(place);
  return [...ordered];
}
