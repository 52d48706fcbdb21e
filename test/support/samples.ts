/** Draws the numbers of op tests: a pure function of the op's name, the sample and their use. */
import { sumOver } from '../../compiler/ops/primitive/support.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { type Builder, shapeOf, typeOf, type Node, type Op, type Sample } from '../../compiler/ir/node.ts';
import type { Method, Program } from '../../compiler/ir/program.ts';
import { f32, sizeOf, type TensorType } from '../../compiler/ir/types.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import { ops } from '../../compiler/ops/index.ts';
import { bfloat16 } from '../../compiler/ops/primitive/precision.ts';
import { RandomStream } from '../../compiler/ir/random.ts';
import type { Feeds } from '../../runtime/session/session.ts';

/** A sample of the op table with its test's name. */
export interface SampleCase {
  readonly name: string;
  readonly op: Op;
  readonly sample: Sample;
  /** Whether the op is replaced by its expansion. */
  readonly isExpanded: boolean;
}

const expanded = (each: SampleCase): SampleCase => ({
  ...each,
  name: `${each.name}, expanded`,
  isExpanded: true,
});

/** Lists every sample of an op; those of derived ops both as one node and expanded. */
export function samplesOf(op: Op): SampleCase[] {
  const cases = op.samples.map((sample, index): SampleCase => ({
    name: `${op.name} ${index}`,
    op,
    sample,
    isExpanded: false,
  }));
  return op.expand ? cases.flatMap((each) => [each, expanded(each)]) : cases;
}

/** Lists every sample of every op. */
export const sampleCases: readonly SampleCase[] = ops.flatMap(samplesOf);

/** Tells whether a sample computes in bfloat16. */
export const isReduced = ({ sample }: SampleCase): boolean =>
  sample.attrs?.['compute'] === bfloat16['compute'];

/** Draws a tensor of uniform numbers in [-1, 1), float32-rounded; `name` keys the stream. */
export function drawUniform(name: string, shape: readonly number[]): RefTensor {
  const random = new RandomStream(1, name);
  const data = Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(2 * random.uniform() - 1));
  return { shape, data };
}

/**
 * Draws the operands of a sample by its entry's rule; floats are rounded to float32 so that every engine gets the same
 * numbers.
 */
export function drawOperands({ name, sample }: SampleCase): RefTensor[] {
  return sample.operands.map(({ dtype, shape }, index) => {
    // Integers without a rule are ids 0..3.
    const byDefault = (u: number): number => (dtype === 'i32' ? Math.floor(2 * u + 2) : u);
    const draw = (u: number): number => (sample.draw ? sample.draw(index, u) : byDefault(u));
    const uniform = drawUniform(`${name}/operand ${index}`, shape);
    return { shape, data: uniform.data.map((u) => (dtype === 'i32' ? draw(u) : Math.fround(draw(u)))) };
  });
}

/** The input name of operand `index` of a sample. */
export const operandName = (index: number): string => `x${index}`;

/** Builds the results of a sample. Booleans cannot be fed, so they are made of 0 and 1 by a comparison. */
export function buildSample(
  b: Builder,
  { op, sample, isExpanded }: SampleCase,
): { results: readonly Node[]; operands: Node[] } {
  const operands = sample.operands.map((type, index) =>
    b.input({ name: operandName(index), ...fedType(type) }),
  );
  const typed = operands.map((operand, index) =>
    sample.operands[index]!.dtype === 'bool' ? b.greaterEqual(operand, b.constant({ value: 0.5 })) : operand,
  );
  const results =
    isExpanded && op.expand
      ? op.expand(b, typed, sample.attrs ?? {})
      : resultsOf(b, b.make(op, typed, sample.attrs));
  return { results, operands };
}

const fedType = (type: TensorType): TensorType => (type.dtype === 'bool' ? f32(...type.shape) : type);

/** Gives the results of a node as nodes with one result each. */
export function resultsOf(b: Builder, node: Node): Node[] {
  return node.results.length === 1 ? [node] : b.items(node);
}

/** Makes one program of many samples, a method each, whose outputs `y0`, `y1`.. are float32. */
export function sampleProgram(cases: readonly SampleCase[]): Program {
  const b = new GraphBuilder();
  const methods = cases.map((each, index): Method => {
    const outputs = buildSample(b, each).results.map(
      (y, i) => [`y${i}`, typeOf(y).dtype === 'f32' ? y : b.cast(y, { to: 'f32' })] as const,
    );
    return { name: methodName(index), outputs: new Map(outputs), writes: new Map() };
  });
  return { variables: [], methods };
}

/** The method of the sample at `index` in a program of `sampleProgram`. */
export const methodName = (index: number): string => `sample_${index}`;

/** Converts drawn operands to feeds. */
export function feedsOf(each: SampleCase, values: readonly RefTensor[]): Feeds {
  return Object.fromEntries(
    values.map(({ data }, index) => [
      operandName(index),
      each.sample.operands[index]!.dtype === 'i32' ? Int32Array.from(data) : Float32Array.from(data),
    ]),
  );
}

/** Names tensors as the inputs of a sample's node. */
export function bindingsOf(values: readonly RefTensor[]): Map<string, RefTensor> {
  return new Map(values.map((value, index) => [operandName(index), value]));
}

/** The largest difference of two arrays, relative to the largest entry of `expected` (absolute where that is 0). */
export function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  const scale = Math.max(0, ...Array.from(expected, Math.abs)) || 1;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!);
    if (!(difference <= worst)) worst = difference; // NaN counts as the worst difference, and stays
  }
  return Number.isNaN(worst) ? Infinity : worst / scale;
}

/** Sums a product with fixed numbers: the scalar sum over results r of <result r, weight r>. */
export function pairing(b: Builder, results: readonly Node[], weights: readonly Node[]): Node {
  return results
    .map((result, index) => {
      const product = b.mul(result, weights[index]!);
      return sumOver(
        b,
        product,
        shapeOf(product).map((_, axis) => axis),
        false,
      );
    })
    .reduce((total, term) => b.add(total, term));
}
