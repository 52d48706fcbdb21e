/**
 * Writes the roots of a kernel as a program: values that each pixel computes, in order, and results made of them.
 *
 *     root mul(x, tanh(y))  ->  values: load x, load y, tanh v1, mul v0 v2; results: store v3
 */
import { collectRows, expandRows } from '../../ops/primitive/tables/rows.ts';
import { avgPool2d, upsampleNearest } from '../../ops/primitive/pooling.ts';
import { brokenInvariant, must } from '../../../dsl/errors.ts';
import { constant } from '../../ops/primitive/sources.ts';
import { is } from '../../ir/op.ts';
import { sum } from '../../ops/primitive/reductions.ts';
import { shapeOf, type Node } from '../../ir/node.ts';
import { sameShape, type Shape } from '../../ir/types.ts';
import { alongDomain, axesOfOperand, type Axes } from './expression.ts';
import { axesOfRoot, valueOfRoot, type Kernel } from './kernels.ts';
import { centeredSquares, instructionOf, isOverChannels, isPassing, isReduction } from './nodes.ts';
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
    if (!isReduction(root)) return { kind: 'store', value, shape };
    if (is(avgPool2d, root)) return { kind: 'pool', value, factor: root.attrs.size, shape };
    if (is(collectRows, root))
      return {
        kind: 'collect',
        value,
        pixels: this.operand(root.operands[1]),
        like: this.operand(root.operands[2]),
        shape,
      };
    if (!is(sum, root)) throw brokenInvariant(`no kernel makes the reduction ${root.op.name}`);
    return { kind: centeredSquares(root) ? 'squares' : 'sum', value, axes: root.attrs.axes, shape };
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
    if (is(constant, node)) return this.add({ kind: 'constant', value: node.attrs.value });
    if (is(upsampleNearest, node)) {
      const operand = this.operand(node.operands[0]);
      return this.add({ kind: 'upsample', operand, factor: node.attrs.factor });
    }
    if (is(expandRows, node)) {
      const [table, pixels] = node.operands;
      return this.add({ kind: 'rows', operand: this.operand(table), pixels: this.operand(pixels) });
    }
    const inputs = node.operands.map((operand, index) =>
      this.valueOf(
        operand,
        must(axesOfOperand(node, index, axes, this.domain), 'an inlined value runs along the domain'),
      ),
    );
    if (isPassing(node)) return inputs[0]!;
    if (isOverChannels(node))
      return this.add({
        kind: 'last',
        op: is(sum, node) ? 'sum_last' : 'max_last',
        inputs: [inputs[0]!],
      });
    const { parameters = [] } = must(instructionOf(node), `kernels have an instruction for ${node.op.name}`);
    return this.add({
      kind: 'apply',
      op: node.op.name,
      inputs,
      parameters: parameters.map((name) => Number(node.attrs[name])),
    });
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
