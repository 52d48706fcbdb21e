/** Lowers a method to the portable plan: a flat list of calls, each with the values that are freed after it. */
import { nodesOf, type Method } from '../ir/program.ts';
import type { Node } from '../ir/node.ts';

export interface PortableStep {
  readonly node: Node;
  /** Nodes whose results nobody needs after this step. */
  readonly dead: readonly Node[];
}

/** Orders a method's nodes and computes where each value dies; outputs and written values live on. */
export function lowerToPortable(method: Method): readonly PortableStep[] {
  const nodes = nodesOf(method);
  const kept = new Set([...method.outputs.values(), ...method.writes.values()]);
  const lastUse = new Map<Node, number>();
  nodes.forEach((node, position) => {
    lastUse.set(node, position);
    for (const operand of node.operands) lastUse.set(operand, position);
  });
  const dead: Node[][] = nodes.map(() => []);
  for (const [node, position] of lastUse) if (!kept.has(node)) dead[position]!.push(node);
  return nodes.map((node, position) => ({ node, dead: dead[position]! }));
}
