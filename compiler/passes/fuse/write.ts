/**
 * Writes the roots of a kernel as a program: values that each pixel computes, in order, and results made of them.
 *
 *     root mul(x, tanh(y))  ->  values: load x, load y, tanh v1, mul v0 v2; results: store v3
 */
import { must } from '../../../dsl/errors.ts';
import { shapeOf, type Node } from '../../ir/node.ts';
import { sameShape, type Shape } from '../../ir/types.ts';
import { alongDomain, axesOfOperand, type Axes } from './expression.ts';
import { axesOfRoot, valueOfRoot, type Kernel } from './kernels.ts';
import { centeredSquares, inlinedAs, instructionOf, isReduction, reducedAs } from './nodes.ts';
import type { FusedProgram, Result, Value } from '../../ops/fused/program.ts';

/** A program, and the nodes that its operands are. */
export interface WrittenKernel {
  readonly program: FusedProgram;
  readonly operands: readonly Node[];
}

/** Writes a kernel; what is not `isInline` and no root of it is read from memory. */
export function writeKernel({ domain, roots }: Kernel, isInline: (node: Node) => boolean): WrittenKernel {
  const writer = new KernelWriter(domain, (node) => isInline(node) || roots.includes(node));
  const results = roots.map((root) => writer.result(root));
  return { program: { domain, values: writer.values, results }, operands: writer.operands };
}

class KernelWriter {
  readonly values: Value[] = [];
  readonly operands: Node[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly written = new Map<string, number>();

  constructor(
    private readonly domain: Shape,
    private readonly isComputed: (node: Node) => boolean,
  ) {}

  result(root: Node): Result {
    const value = this.valueOf(valueOfRoot(root), axesOfRoot(root));
    const shape = shapeOf(root);
    const reduced = reducedAs(root);
    switch (reduced?.kind) {
      case undefined:
        return { kind: 'store', value, shape };
      case 'sum':
        return { kind: centeredSquares(root) ? 'squares' : 'sum', value, axes: reduced.axes, shape };
      case 'pool':
        return { kind: 'pool', value, factor: reduced.factor, shape };
      case 'collect': {
        const [pixels, like] = [this.operandOf(root, 1), this.operandOf(root, 2)];
        return { kind: 'collect', value, pixels, like, shape };
      }
    }
  }

  private valueOf(node: Node, axes: Axes): number {
    const key = `${node.id} ${axes.join()}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const made =
      this.isComputed(node) && !isReduction(node) ? this.compute(node, axes) : this.load(node, axes);
    this.numbers.set(key, made);
    return made;
  }

  private load(node: Node, axes: Axes): number {
    const shape = alongDomain(shapeOf(node), axes, this.domain.length);
    return this.add({ kind: 'load', operand: this.operand(node), shape });
  }

  private compute(node: Node, axes: Axes): number {
    const input = (index: number): number => this.input(node, index, axes);
    const inlined = inlinedAs(node);
    switch (inlined?.kind) {
      case undefined:
        return this.apply(
          node,
          node.operands.map((_, index) => input(index)),
        );
      case 'constant':
        return this.add(inlined);
      case 'same':
      case 'reshape':
        return input(0);
      case 'last':
        return this.add({ ...inlined, inputs: [input(0)] });
      case 'upsample':
        return this.add({ kind: 'upsample', operand: this.operandOf(node, 0), factor: inlined.factor });
      case 'rows':
        return this.add({ kind: 'rows', operand: this.operandOf(node, 0), pixels: this.operandOf(node, 1) });
    }
  }

  /** The value of an operand that is computed at the same places. */
  private input(node: Node, index: number, axes: Axes): number {
    const inner = axesOfOperand(node, index, axes, this.domain);
    return this.valueOf(
      must(node.operands[index], `${node.op.name} has an operand ${index}`),
      must(inner, 'an inlined value runs along the domain'),
    );
  }

  private apply(node: Node, inputs: readonly number[]): number {
    const { parameters = [] } = must(instructionOf(node), `kernels have an instruction for ${node.op.name}`);
    return this.add({
      kind: 'apply',
      op: node.op.name,
      inputs,
      parameters: parameters.map((name) => Number(node.attrs[name])),
    });
  }

  private operandOf(node: Node, index: number): number {
    return this.operand(must(node.operands[index], `${node.op.name} has an operand ${index}`));
  }

  private operand(node: Node): number {
    const known = this.operands.indexOf(node);
    return known >= 0 ? known : this.operands.push(node) - 1;
  }

  private add(value: Value): number {
    const text = JSON.stringify(value);
    const known = this.written.get(text);
    if (known !== undefined) return known;
    const made = this.values.push(value) - 1;
    this.written.set(text, made);
    return made;
  }
}

/** Tells whether a program does nothing but hand an operand on under another shape. */
export function isTrivial({ program }: WrittenKernel): boolean {
  const [value] = program.values;
  const [result] = program.results;
  return (
    program.values.length === 1 &&
    program.results.length === 1 &&
    value?.kind === 'load' &&
    result?.kind === 'store' &&
    sameShape(value.shape, program.domain)
  );
}
