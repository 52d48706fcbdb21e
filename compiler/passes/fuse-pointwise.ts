/**
 * Computes pointwise work in kernels, each one pass over memory, in place of an op for each step.
 *
 *     a = mul x, y                                                     v0 = load x, v1 = load y, v2 = mul v0 v1
 *     b = tanh a                  ->  b, s = fused x, y {program}      v3 = tanh v2: store b
 *     s = sum b over pixels                                            v4 = sum of v3 over pixels: s
 *
 * Values that each pixel computes for itself are taken in, with sums over pixels, means over squares and the collecting of rows. What an
 * op outside of kernels needs is stored; all else is computed again by each kernel that needs it, which costs less than memory does.
 * fuse/kernels.ts says what becomes one kernel, and fuse/write.ts writes its program. It needs engines with a kernel of the op `fused`, and
 * gradients that are there already, since that op has none.
 */
import { must } from '../../dsl/errors.ts';
import { GraphBuilder } from '../ops/builder.ts';
import { shapeOf, type Node } from '../ir/node.ts';
import { nodesOf, withValues, type Method } from '../ir/program.ts';
import { copy } from '../ir/rebuild.ts';
import type { FusionLimits } from '../ir/target.ts';

import { printProgramText } from '../ops/fused/program.ts';
import { isSingleOp, KernelPlanner, type Kernel } from './fuse/kernels.ts';
import { isTrivial, writeKernel } from './fuse/write.ts';
import type { MethodPass } from './pass.ts';
import { inPlaceOf } from './rewrite.ts';

export const fusePointwise: MethodPass = {
  name: 'fuse-pointwise',
  level: 'method',
  run: (method, { target }) => (target.fuse ? withKernels(method, target.fusion) : method),
};

function withKernels(method: Method, limits: FusionLimits): Method {
  const nodes = nodesOf(method);
  const kept = [...method.outputs.values(), ...method.writes.values()];
  const maker = new KernelMaker(new KernelPlanner(nodes, kept, limits), limits);
  for (const node of nodes) maker.visit(node);
  return withValues(method, (node) => maker.now(node));
}

/**
 * Makes kernels, and the nodes between them, in the order of the graph that they are made of, so that values live as short as
 * they did: a kernel comes where the last of its roots was, or before the first user of one.
 */
class KernelMaker {
  private readonly b = new GraphBuilder();
  private readonly made = new Map<Node, Node>();
  private readonly kernels: ReadonlyMap<Node, Kernel>;

  constructor(
    private readonly planner: KernelPlanner,
    private readonly limits: FusionLimits,
  ) {
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
    return must(this.made.get(node), `a kernel gives %${node.id} (${node.op.name})`);
  }

  private makeKernel(kernel: Kernel): void {
    const isInline = (node: Node): boolean => this.planner.isInline(node);
    const written = writeKernel(kernel, isInline);
    const operands = written.operands.map((operand) => this.now(operand));
    const [first] = kernel.roots as [Node];
    if (isSingleOp(kernel, isInline, this.limits)) {
      this.made.set(first, this.copy(first));
      return;
    }
    inPlaceOf(this.b, first, () => this.writeRoots(kernel, written, operands));
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
      this.made.set(first, b.reshape(operands[0]!, { shape: shapeOf(first) }));
      return;
    }
    const node = b.fused(operands, { program: printProgramText(written.program) });
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
