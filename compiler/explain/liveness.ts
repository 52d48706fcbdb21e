/** Answers for how much memory a method's values need at one time, if it runs in order and drops what nobody needs anymore. */
import type { Node } from '../ir/node.ts';
import { nodesOf, type Method } from '../ir/program.ts';
import { ownerOf } from '../lower/order.ts';

/**
 * Gives the peak of bytes that are alive: what nodes make, and what they take besides while they are computed. Outputs and written
 * values stay to the end.
 */
export function peakBytes(
  method: Method,
  bytesMade: (node: Node) => number,
  bytesWithin: (node: Node) => number = () => 0,
): number {
  const nodes = nodesOf(method);
  const lastUse = new Map<Node, number>();
  nodes.forEach((node, position) =>
    node.operands.forEach((operand) => lastUse.set(ownerOf(operand), position)),
  );
  for (const node of [...method.outputs.values(), ...method.writes.values()])
    lastUse.set(ownerOf(node), nodes.length);
  const dying = new Map<number, Node[]>();
  for (const [node, position] of lastUse) dying.set(position, [...(dying.get(position) ?? []), node]);
  let alive = 0;
  let peak = 0;
  nodes.forEach((node, position) => {
    alive += bytesMade(node);
    peak = Math.max(peak, alive + bytesWithin(node));
    for (const dead of dying.get(position) ?? []) alive -= bytesMade(dead);
  });
  return peak;
}
