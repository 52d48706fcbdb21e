/**
 * The graph as text: one assignment a line, numbered at print time, so that equal graphs have equal texts.
 *
 *     method generate
 *     %0: f32[1,8,8,3] = input "image"
 *     %1: f32[3,3,3,4] = read "G.conv.weight"
 *     %2: f32[1,8,8,4] = conv2d %0, %1 {padding: "same", stride: 1}   ; G.conv
 *     output "y" = %2
 */
import { printAttrs, reachable, type Node } from './node.ts';
import { nodesOf, type Method, type Program } from './program.ts';
import { formatType } from './types.ts';
import { must } from '../../dsl/errors.ts';

/** Prints a method: its name, its nodes, then its outputs and writes. `parseMethod` reads it back. */
export function printMethod(method: Method): string {
  const nodes = nodesOf(method);
  const numbers = numbersOf(nodes);
  const ends = (keyword: string, values: ReadonlyMap<string, Node>): string[] =>
    [...values].map(([name, node]) => `${keyword} ${JSON.stringify(name)} = ${reference(node, numbers)}`);
  return [
    `method ${method.name}`,
    ...nodes.map((node) => printNode(node, numbers)),
    ...ends('output', method.outputs),
    ...ends('write', method.writes),
  ].join('\n');
}

/** Prints all methods of a program, with an empty line between them. */
export function printProgram(program: Program): string {
  return `${program.methods.map(printMethod).join('\n\n')}\n`;
}

/** Prints the nodes that `roots` need, without a method around them. */
export function printNodes(roots: readonly Node[]): string {
  const nodes = reachable(roots);
  const numbers = numbersOf(nodes);
  return nodes.map((node) => printNode(node, numbers)).join('\n');
}

function numbersOf(nodes: readonly Node[]): ReadonlyMap<Node, number> {
  return new Map(nodes.map((node, position) => [node, position]));
}

function reference(node: Node, numbers: ReadonlyMap<Node, number>): string {
  return `%${must(numbers.get(node), `the operand ${node.op.name} is listed before its user`)}`;
}

function printNode(node: Node, numbers: ReadonlyMap<Node, number>): string {
  const types = node.results.map(formatType).join(', ');
  const type = node.results.length === 1 ? types : `(${types})`;
  const scope = node.origin?.scope;
  const origin = scope ? `   ; ${scope}` : '';
  return `${reference(node, numbers)}: ${type} = ${printCall(node, numbers)}${origin}`;
}

function printCall(node: Node, numbers: ReadonlyMap<Node, number>): string {
  // A source has its name; its other attributes are the type, which stands before.
  if (node.op.traits.isSource) return `${node.op.name} ${JSON.stringify(node.attrs['name'])}`;
  const operands = node.operands.map((operand) => reference(operand, numbers)).join(', ');
  return [node.op.name, operands, printAttrs(node.attrs)].filter((part) => part !== '').join(' ');
}
