/** Tests the op table without an engine: shapes, first and second order gradients, constraints and the page. */
import { constant } from '../compiler/ops/primitive/sources.ts';
import { describe, expect, it } from 'vitest';
import { gradients } from '../compiler/ops/gradients.ts';
import { GraphBuilder } from '../compiler/ops/builder.ts';
import { type Builder, OpError, reachable, shapeOf, typeOf, type Node } from '../compiler/ir/node.ts';
import { sharedConstraint } from '../compiler/ir/op.ts';
import { item } from '../compiler/ir/sources.ts';
import { f32, i32, sizeOf } from '../compiler/ir/types.ts';
import { analyzeLocality } from '../compiler/locality/analysis.ts';
import type { RefTensor } from '../compiler/ir/emitter.ts';
import { constraintsOf, documentOps } from '../compiler/ops/document.ts';
import { coreOps, ops } from '../compiler/ops/index.ts';
import { bfloat16 } from '../compiler/ops/primitive/precision.ts';
import { evaluate } from '../compiler/ops/reference.ts';
import { derivedAlone, halves, softsign } from './support/derived-ops.ts';
import { mutantsOf } from './support/mutants.ts';
import {
  bindingsOf,
  buildSample,
  drawOperands,
  distance,
  drawUniform,
  isReduced,
  operandName,
  pairing,
  resultsOf,
  sampleCases,
  samplesOf,
  type SampleCase,
} from './support/samples.ts';

describe('the inferred shape is the shape of the reference result', () => {
  it.each(sampleCases)('$name', (each) => {
    const b = new GraphBuilder();
    const { results } = buildSample(b, each);
    const values = evaluate(results, { inputs: bindingsOf(drawOperands(each)), variables: new Map() });
    results.forEach((result, index) => {
      expect(values[index]!.shape).toEqual(shapeOf(result));
      expect(values[index]!.data.length).toBe(sizeOf(shapeOf(result)));
      expect(values[index]!.data.every(Number.isFinite)).toBe(true);
    });
  });
});

/** Central differences in float64: truncation is of order step^2, rounding of 1e-16 / step. */
const step = 1e-5;
const gradientTolerance = 1e-8;

/** A differentiable sample with its inputs bound: floats may be varied, ids and conditions are fixed. */
interface GradientCase {
  readonly b: Builder;
  readonly inputs: ReadonlyMap<string, RefTensor>;
  readonly operands: readonly Node[];
  /** The sum of <result, weight> over the results; the weights are inputs, too. */
  readonly loss: Node;
  readonly weights: readonly Node[];
}

// Rounding ops are step functions without a derivative to compare with; their gradients have separate tests.
const differentiable = [...sampleCases, ...derivedAlone.flatMap(samplesOf)].filter(
  (each) =>
    typeof each.op.vjp === 'function' &&
    each.sample.operands.some(({ dtype }) => dtype === 'f32') &&
    !isReduced(each),
);

function gradientCase(each: SampleCase): GradientCase {
  const b = new GraphBuilder();
  const { results, operands } = buildSample(b, each);
  const inputs = bindingsOf(drawOperands(each));
  const weights = results.map((result, index) => b.input({ name: `u${index}`, ...typeOf(result) }));
  weights.forEach((weight, index) =>
    inputs.set(`u${index}`, drawUniform(`${each.name}/u${index}`, shapeOf(weight))),
  );
  const floats = operands.filter((_, index) => each.sample.operands[index]!.dtype === 'f32');
  return { b, inputs, operands: floats, loss: pairing(b, results, weights), weights };
}

/**
 * Requires that <gradient of `loss`, v> is the derivative of `loss` along a random v, varying all `targets` together.
 */
function expectGradient(
  name: string,
  { b, inputs }: GradientCase,
  loss: Node,
  targets: readonly Node[],
): void {
  const names = targets.map((target) => String(target.attrs['name']));
  const directions = names.map((target, index) =>
    drawUniform(`${name}/along ${target}`, shapeOf(targets[index]!)),
  );
  const lossAt = (distance: number): number => {
    const moved = new Map(inputs);
    names.forEach((target, index) => {
      const { shape, data } = inputs.get(target)!;
      moved.set(target, {
        shape,
        data: data.map((value, i) => value + distance * directions[index]!.data[i]!),
      });
    });
    return evaluate([loss], { inputs: moved, variables: new Map() })[0]!.data[0]!;
  };
  const numeric = (lossAt(step) - lossAt(-step)) / (2 * step);
  const built = evaluate(gradients(b, loss, targets), { inputs, variables: new Map() });
  const products = built.flatMap(({ data }, index) =>
    Array.from(data, (g, i) => g * directions[index]!.data[i]!),
  );
  const analytic = products.reduce((sum, product) => sum + product, 0);
  const scale = products.reduce((sum, product) => sum + Math.abs(product), 1);
  expect(Math.abs(analytic - numeric) / scale, `${analytic} against ${numeric}`).toBeLessThan(
    gradientTolerance,
  );
}

describe('the gradient is the derivative of the reference', () => {
  it.each(differentiable)('$name', (each) => {
    const built = gradientCase(each);
    for (const operand of built.operands) expectGradient(each.name, built, built.loss, [operand]);
  });
});

describe('the gradient can be differentiated again', () => {
  it.each(differentiable)('$name', (each) => {
    const built = gradientCase(each);
    const { b, operands, weights } = built;
    const first = gradients(b, built.loss, operands);
    const inputs = new Map(built.inputs);
    const others = first.map((gradient, index) => {
      inputs.set(`w${index}`, drawUniform(`${each.name}/w${index}`, shapeOf(gradient)));
      return b.input({ name: `w${index}`, ...typeOf(gradient) });
    });
    expectGradient(each.name, { ...built, inputs }, pairing(b, first, others), [
      ...operands,
      ...weights,
      ...others,
    ]);
  });
});

describe('derived ops', () => {
  const derived = ops.filter(({ expand }) => expand);

  it('are so many that engines implement 45 ops at most', () => {
    expect(coreOps.length).toBeLessThanOrEqual(45);
    expect(coreOps.length + derived.length).toBe(ops.length);
  });

  it.each(derived)('$name is made of core ops and of ops that are derived before it', (op) => {
    for (const { operands, attrs } of op.samples) {
      const b = new GraphBuilder();
      const inputs = operands.map((type, index) => b.input({ name: operandName(index), ...type }));
      const made = reachable(op.expand!(b, inputs, attrs ?? {})).map((node) => node.op);
      for (const part of made) {
        expect([...ops, item]).toContain(part);
        if (part.expand) expect(ops.indexOf(part), part.name).toBeLessThan(ops.indexOf(op));
      }
    }
  });

  it.each(derived)('$name has the types of what it is made of', (op) => {
    for (const { operands, attrs } of op.samples) {
      const b = new GraphBuilder();
      const inputs = operands.map((type, index) => b.input({ name: operandName(index), ...type }));
      const expanded = op.expand!(b, inputs, attrs ?? {}).map(typeOf);
      expect(b.make(op, inputs, attrs ?? {}).results).toEqual(expanded);
    }
  });

  const expandedCases = [...sampleCases, ...derivedAlone.flatMap(samplesOf)].filter(
    ({ isExpanded }) => isExpanded,
  );

  /** Values of nodes built both ways are equal. */
  const expectSame = (found: readonly RefTensor[], expected: readonly RefTensor[]): void => {
    expect(found.length).toBe(expected.length);
    found.forEach(({ shape, data }, index) => {
      expect(shape).toEqual(expected[index]!.shape);
      expect(distance(data, expected[index]!.data)).toBeLessThan(1e-12);
    });
  };

  it.each(expandedCases)('have one value: $name', (each) => {
    const b = new GraphBuilder();
    const inputs = bindingsOf(drawOperands(each));
    const [asNode, asGraph] = [{ ...each, isExpanded: false }, each].map((one) =>
      evaluate(buildSample(b, one).results, { inputs, variables: new Map() }),
    );
    expectSame(asGraph!, asNode!);
  });

  it.each(differentiable.filter(({ isExpanded }) => isExpanded))(
    'have one gradient, and one second: $name',
    (each) => {
      const [asNode, asGraph] = [{ ...each, isExpanded: false }, each].map((one) => {
        const { b, inputs, operands, loss } = gradientCase(one);
        const first = gradients(b, loss, operands);
        const squares = pairing(b, first, first);
        return evaluate([...first, ...gradients(b, squares, operands)], { inputs, variables: new Map() });
      });
      expectSame(asGraph!, asNode!);
    },
  );

  it('that say no more than what they are made of have the cost, the types and the locality of that', () => {
    const b = new GraphBuilder();
    const x = b.oneHot(b.input({ name: 'map', ...i32(1, 4, 4) }), { depth: 3 });
    const y = b.make(softsign, [x]);
    expect(softsign.flops(y)).toBe(3 * sizeOf(shapeOf(x)));
    const { local } = analyzeLocality([y], { isMap: (input) => input === 'map' });
    expect(local.get(y)).toEqual(local.get(x));
    const ids = b.input({ name: 'ids', ...i32(2) });
    const made = b.make(halves, [b.input({ name: 'x', ...f32(4) }), ids], { scale: 1 });
    expect(made.results).toEqual([f32(2), f32(2), f32(4)]);
    expect(() => b.make(halves, [b.input({ name: 'odd', ...f32(3) }), ids], { scale: 1 })).toThrow(
      new OpError('halves', sharedConstraint, '[1.5]'),
    );
    expect(() => b.make(softsign, [ids])).toThrow(
      new OpError(
        'softsign',
        'what it is made of is well-typed on the operands',
        'abs: operands are floating-point (found i32)',
      ),
    );
  });
});

describe('the gradient of what is computed in bfloat16', () => {
  const reduced = sampleCases.filter(isReduced);
  const kinds = new Set(reduced.map(({ op }) => op.name));

  it.each(reduced)('is computed in bfloat16 too, as is the second: $name', (each) => {
    const { b, loss, operands } = gradientCase(each);
    const first = gradients(b, loss, operands);
    const second = gradients(
      b,
      pairing(
        b,
        first,
        first.map((gradient) => b.stopGradient(gradient)),
      ),
      operands,
    );
    const products = reachable([...first, ...second]).filter(({ op }) => kinds.has(op.name));
    expect(products.length).toBeGreaterThan(2);
    for (const product of products) expect(product.attrs).toMatchObject(bfloat16);
  });

  it.each(reduced)('is near the gradient in float32: $name', (each) => {
    const { compute: _compute, ...attrs } = each.sample.attrs ?? {};
    const [rounded, exact] = [each, { ...each, sample: { ...each.sample, attrs } }].map((one) => {
      const { b, inputs, loss, operands } = gradientCase(one);
      return evaluate(gradients(b, loss, operands), { inputs, variables: new Map() });
    });
    exact!.forEach(({ data }, index) => {
      const found = distance(rounded![index]!.data, data);
      expect(found).toBeLessThan(2 ** -6);
      expect(found, 'something was rounded').toBeGreaterThan(2 ** -14);
    });
  });
});

describe('ops without a gradient', () => {
  const without = ops.filter((op) => typeof op.vjp !== 'function');

  it('are these, on purpose', () => {
    expect(without.map(({ name }) => name)).toEqual([
      'stop_gradient',
      'one_hot',
      'greater_equal',
      'less_equal',
      'adam',
      'adamw',
      'random_normal',
      'random_uniform',
      'fused',
    ]);
  });

  const asNodes = sampleCases.filter(({ op, isExpanded }) => without.includes(op) && !isExpanded);

  it.each(asNodes)('let zeros through: $name', (each) => {
    const b = new GraphBuilder();
    const { results: made, operands } = buildSample(b, each);
    const results = made.map((y) => (typeOf(y).dtype === 'f32' ? y : b.cast(y, { to: 'f32' })));
    const weights = results.map((result) => b.constant({ value: 1, shape: shapeOf(result) }));
    const floats = operands.filter((operand) => typeOf(operand).dtype === 'f32');
    for (const gradient of gradients(b, pairing(b, results, weights), floats))
      expect(gradient).toMatchObject({ op: constant, attrs: { value: 0 } });
  });
});

describe('infer refuses what the reference cannot compute', () => {
  it.each(ops.filter(({ samples }) => samples.length > 0))('$name', (op) => {
    const refused = new Set<string>();
    for (const sample of op.samples)
      for (const { change, operands, attrs } of mutantsOf(sample)) {
        const b = new GraphBuilder();
        const inputs = operands.map((type, index) => b.input({ name: `x${index}`, ...type }));
        let node: Node;
        try {
          node = b.make(op, inputs, attrs);
        } catch (error) {
          expect(error, change).toBeInstanceOf(OpError);
          refused.add((error as OpError).constraint);
          continue;
        }
        // Accepted inputs must work. The sample's ids are kept, as others may be out of range.
        const values = operands.map((type, index) => drawUniform(`${op.name}/${index}`, type.shape));
        evaluate(resultsOf(b, node), { inputs: bindingsOf(values), variables: new Map() }).forEach(
          ({ shape, data }, r) => {
            expect(shape, change).toEqual(node.results[r]!.shape);
            expect(data.length, change).toBe(sizeOf(shape));
          },
        );
      }
    expect([...refused].sort(), 'each constraint refuses something').toEqual(
      expect.arrayContaining(constraintsOf(op).sort()),
    );
  });
});

describe('docs/ops.md', () => {
  it('is what the op table says (renew it with vitest --update)', async () => {
    await expect(documentOps()).toMatchFileSnapshot('../docs/ops.md');
  });
});
