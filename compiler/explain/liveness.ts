/** Answers for how much memory a method's values need at one time, if it runs in order and drops what nobody needs anymore. */
import type { Node } from '../ir/node.ts';
import { nodesOf, type Method } from '../ir/program.ts';

/** Ops that give a view of their first operand, which therefore stays. */
const views = new Set(['item', 'reshape', 'stop_gradient']);

/** Gives the peak of bytes that are alive; outputs and written values stay to the end. */
export function peakBytes(method: Method, bytesMade: (node: Node) => number): number {
  const nodes = nodesOf(method);
  const owners = new Map<Node, Node>();
  const owner = (node: Node): Node => owners.get(node) ?? node;
  for (const node of nodes) {
    const [first] = node.operands;
    if (first && views.has(node.op)) owners.set(node, owner(first));
  }
  const lastUse = new Map<Node, number>();
  nodes.forEach((node, position) =>
    node.operands.forEach((operand) => lastUse.set(owner(operand), position)),
  );
  for (const node of [...method.outputs.values(), ...method.writes.values()])
    lastUse.set(owner(node), nodes.length);
  const dying = new Map<number, Node[]>();
  for (const [node, position] of lastUse) dying.set(position, [...(dying.get(position) ?? []), node]);
  let alive = 0;
  let peak = 0;
  nodes.forEach((node, position) => {
    alive += bytesMade(node);
    peak = Math.max(peak, alive);
    for (const dead of dying.get(position) ?? []) alive -= bytesMade(dead);
  });
  return peak;
}
