/**
 * Answers for fusion: a method whose pointwise work is done by kernels, each one pass over memory, in place of an op for each
 * step. It is a pass over finished graphs, gradients included, for engines that have the kernel of the op `fused`.
 */
import { Builder } from '../ir/builder.ts';
import { shapeOf, type Node } from '../ir/node.ts';
import { nodesOf, type Method, type Program } from '../ir/program.ts';
import { broadcastShapes, must, sameShape, type Shape } from '../ir/types.ts';
import { isSingleOp, KernelPlanner, type Kernel } from './kernels.ts';
import { broadcastsByItself, isSumOverPixels } from './nodes.ts';
import { printProgramText } from './program.ts';
import { SumRewriter } from './sums.ts';
import { isTrivial, writeKernel } from './write.ts';

/** Fuses the methods of a program. */
export function fuseProgram(program: Program): Program {
  return { ...program, methods: program.methods.map(fuseMethod) };
}

/** Fuses a method: what it computes stays the same but for rounding. */
export function fuseMethod(method: Method): Method {
  return makeKernels(rewriteSums(method));
}

/** Makes a method again with its sums over pixels in forms that need fewer passes. */
function rewriteSums(method: Method): Method {
  const b = new Builder();
  const rewriter = new SumRewriter(b);
  const made = new Map<Node, Node>();
  const now = (node: Node): Node => must(made.get(node), 'operands come before their users');
  for (const node of nodesOf(method)) {
    const operands = withoutFilling(node, node.operands.map(now));
    b.origin = node.origin;
    made.set(
      node,
      isSumOverPixels(node) ? rewriter.rewrite(node, operands[0]!) : copyNode(b, node, operands),
    );
  }
  return withValues(method, now);
}

/** Ops that broadcast by themselves need no operands that are broadcast before: then it shows what is the same for all pixels. */
function withoutFilling(node: Node, operands: readonly Node[]): readonly Node[] {
  if (!broadcastsByItself(node)) return operands;
  return operands.reduce<readonly Node[]>((taken, operand, index) => {
    if (operand.op !== 'broadcast_to') return taken;
    const fewer = taken.with(index, operand.operands[0]!);
    const shape = fewer.map(shapeOf).reduce<Shape | undefined>((a, b) => a && broadcastShapes(a, b), []);
    return shape && sameShape(shape, shapeOf(node)) ? fewer : taken;
  }, operands);
}

function makeKernels(method: Method): Method {
  const kept = [...method.outputs.values(), ...method.writes.values()];
  const planner = new KernelPlanner(nodesOf(method), kept);
  const units = planner.plan();
  const b = new Builder();
  const made = new Map<Node, Node>();
  const now = (node: Node): Node => must(made.get(node), `%${node.id} ${node.op} comes after its users`);
  const isInline = (node: Node): boolean => planner.isInline(node);
  for (const unit of units) {
    if (unit.kind === 'kernel') makeKernel(b, unit.kernel, isInline, now, made);
    else made.set(unit.node, copyNode(b, unit.node, unit.node.operands.map(now)));
  }
  return withValues(method, now);
}

/** The method whose outputs and writes are made by now. */
function withValues(method: Method, now: (node: Node) => Node): Method {
  const all = (values: ReadonlyMap<string, Node>): Map<string, Node> =>
    new Map([...values].map(([name, node]) => [name, now(node)]));
  return { name: method.name, outputs: all(method.outputs), writes: all(method.writes) };
}

function makeKernel(
  b: Builder,
  kernel: Kernel,
  isInline: (node: Node) => boolean,
  now: (node: Node) => Node,
  made: Map<Node, Node>,
): void {
  const written = writeKernel(kernel, isInline);
  const [first] = kernel.roots as [Node];
  b.origin = first.origin;
  if (isTrivial(written)) {
    made.set(first, b.reshape(now(written.operands[0]!), shapeOf(first)));
    return;
  }
  if (isSingleOp(kernel, isInline)) {
    const operands = first.operands.map((operand) =>
      isInline(operand) ? copyNode(b, operand, []) : now(operand),
    );
    made.set(first, copyNode(b, first, operands));
    return;
  }
  const node = b.op('fused', written.operands.map(now), { program: printProgramText(written.program) });
  kernel.roots.forEach((root, index) =>
    made.set(root, node.results.length === 1 ? node : b.item(node, index)),
  );
}

function copyNode(b: Builder, node: Node, operands: readonly Node[]): Node {
  b.origin = node.origin;
  return node.op === 'item'
    ? b.item(must(operands[0], 'item of nothing'), Number(node.attrs['index']))
    : b.op(node.op, operands, node.attrs);
}
