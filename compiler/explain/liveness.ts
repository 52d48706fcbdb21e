/** Computes the peak memory of a method's values, if it runs in order and frees each value after its last use. */
import { bytesOfResults, type Node } from '../ir/node.ts';
import { nodesOf, type Method } from '../ir/program.ts';
import { ownerOf } from '../passes/memory.ts';

/** Counts the bytes of a node's results; 0 for inputs, updates in place, and views of an operand. */
export function bytesMade(node: Node): number {
  const { isSource, isUpdate } = node.op.traits;
  return isSource || isUpdate || ownerOf(node) !== node ? 0 : bytesOfResults(node);
}

/** Counts the temporary bytes of a node while it runs, beside its operands and results. */
function bytesWithin(node: Node): number {
  return node.op.workspace?.(node) ?? 0;
}

/** Gives the peak of live bytes: results and temporaries of nodes. Outputs and written values live to the end. */
export function peakBytes(method: Method, bytes: (node: Node) => number = bytesMade): number {
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
    alive += bytes(node);
    peak = Math.max(peak, alive + bytesWithin(node));
    for (const dead of dying.get(position) ?? []) alive -= bytes(dead);
  });
  return peak;
}
