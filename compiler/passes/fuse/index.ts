/**
 * Answers for fusion: a method whose pointwise work is done by kernels, each one pass over memory, in place of an op for each
 * step. It is a pass over finished graphs, gradients included, for engines that have the kernel of the op `fused`.
 */
import { Builder } from '../../ops/builder.ts';
import { shapeOf, type Node } from '../../ir/node.ts';
import { nodesOf, withValues, type Method } from '../../ir/program.ts';
import { copy } from '../../ir/rebuild.ts';
import { broadcastShapes, sameShape, type Shape } from '../../ir/types.ts';
import { must } from '../../../dsl/errors.ts';
import { isSingleOp, KernelPlanner, type Kernel } from './kernels.ts';
import { broadcastsByItself, isSumOverPixels } from './nodes.ts';
import { asPointwise } from './outer.ts';
import { printProgramText } from '../../ops/fused/program.ts';
import { withScaleAfter } from './scales.ts';
import { SumRewriter } from './sums.ts';
import { isTrivial, writeKernel } from './write.ts';

/** Fuses a method: what it computes stays the same but for rounding. */
export function fuseMethod(method: Method): Method {
  return makeKernels(withFewerPasses(method));
}

/** Makes a method again in forms that read and write less. */
function withFewerPasses(method: Method): Method {
  const b = new Builder();
  const rewriter = new SumRewriter(b);
  const made = new Map<Node, Node>();
  const now = (node: Node): Node => must(made.get(node), 'operands come before their users');
  for (const node of nodesOf(method)) {
    const operands = withoutFilling(node, node.operands.map(now));
    const rewritten = b.within(node.origin, () =>
      isSumOverPixels(node)
        ? rewriter.rewrite(node, operands[0]!)
        : (withoutBarrier(node, operands) ??
          asPointwise(b, node, operands) ??
          withScaleAfter(b, node, operands)),
    );
    made.set(node, rewritten ?? copy(b, node, operands));
  }
  return withValues(method, now);
}

/** Once gradients are made, what they were not to go through is what it is: the same products on either side are one. */
function withoutBarrier(node: Node, [operand]: readonly Node[]): Node | undefined {
  return node.op === 'stop_gradient' ? operand : undefined;
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
  const nodes = nodesOf(method);
  const kept = [...method.outputs.values(), ...method.writes.values()];
  const maker = new KernelMaker(new KernelPlanner(nodes, kept));
  for (const node of nodes) maker.visit(node);
  return withValues(method, (node) => maker.now(node));
}

/**
 * Makes kernels, and the nodes between them, in the order of the graph that they are made of, so that values live as short as
 * they did: a kernel comes where the last of its roots was, or before the first user of one.
 */
class KernelMaker {
  private readonly b = new Builder();
  private readonly made = new Map<Node, Node>();
  private readonly kernels: ReadonlyMap<Node, Kernel>;

  constructor(private readonly planner: KernelPlanner) {
    this.kernels = new Map(planner.plan().flatMap((kernel) => kernel.roots.map((root) => [root, kernel])));
  }

  /** Makes a node in its place in the order, if that is not inside of a kernel or at a later root of it. */
  visit(node: Node): void {
    const kernel = this.kernels.get(node);
    if (this.planner.isInline(node) || (kernel && kernel.roots.at(-1) !== node)) return;
    this.now(node);
  }

  /** Gives what became of a node, which it makes where that was not done yet. */
  now(node: Node): Node {
    const known = this.made.get(node);
    if (known) return known;
    const kernel = this.kernels.get(node);
    if (kernel) this.makeKernel(kernel);
    else this.made.set(node, this.copy(node));
    return must(this.made.get(node), `%${node.id} ${node.op} was made`);
  }

  private makeKernel(kernel: Kernel): void {
    const isInline = (node: Node): boolean => this.planner.isInline(node);
    const written = writeKernel(kernel, isInline);
    const operands = written.operands.map((operand) => this.now(operand));
    const [first] = kernel.roots as [Node];
    if (isSingleOp(kernel, isInline)) {
      this.made.set(first, this.copy(first));
      return;
    }
    this.b.within(first.origin, () => this.writeRoots(kernel, written, operands));
  }

  /** Makes the results of a kernel of what was written for it. */
  private writeRoots(
    { roots }: Kernel,
    written: ReturnType<typeof writeKernel>,
    operands: readonly Node[],
  ): void {
    const { b } = this;
    const [first] = roots as [Node];
    if (isTrivial(written)) {
      this.made.set(first, b.reshape(operands[0]!, shapeOf(first)));
      return;
    }
    const node = b.op('fused', operands, { program: printProgramText(written.program) });
    roots.forEach((root, index) =>
      this.made.set(root, node.results.length === 1 ? node : b.item(node, index)),
    );
  }

  /** Makes a node that stays an op of its own; constants are made where they are used. */
  private copy(node: Node): Node {
    return copy(
      this.b,
      node,
      node.operands.map((operand) =>
        this.planner.isInline(operand) ? copy(this.b, operand, []) : this.now(operand),
      ),
    );
  }
}
