/** Tests that the float64 reference of every op is what PyTorch computes at edges, and that each op says what it does there. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../compiler/ops/builder.ts';
import { ops } from '../compiler/ops/index.ts';
import { evaluate } from '../compiler/ops/reference.ts';
import { differences, edgeCases, edgeOutputs, isNear } from './support/edges.ts';
import { bindingsOf } from './support/samples.ts';

/** Which zero PyTorch gives here depends on the order of operands, or on how its kernel is compiled. */
const zerosOfEitherSign = ['leaky_relu', 'leaky_relu_grad', 'maximum', 'minimum'];

/** Numbers of the fixture have the digits of float32. */
const tolerance = 1e-6;

describe('the reference is as PyTorch at edges', () => {
  it.each(edgeCases)('$name', (each) => {
    const outputs = edgeOutputs(new GraphBuilder(), each);
    const inputs = bindingsOf(each.values);
    each.cotangents.forEach((cotangent, i) => inputs.set(`u${i}`, cotangent));
    const found = evaluate([...outputs.values()], { inputs, variables: new Map() });
    each.expected.forEach(({ name, shape, float64 }, i) => {
      expect(found[i]!.shape).toEqual(shape);
      const isSigned = !zerosOfEitherSign.includes(each.op.name) && name.startsWith('y');
      expect(
        differences(each, float64, found[i]!.data, (place) =>
          isSigned && place.expected === 0
            ? Object.is(place.found, place.expected)
            : isNear(place, tolerance),
        ),
        name,
      ).toEqual([]);
    });
  });
});

/** Ops that PyTorch has no function for, and why none of its functions is compared with them. */
const withoutCounterpart: Readonly<Record<string, string>> = {
  input: 'it computes nothing',
  read: 'it computes nothing',
  constant: 'it computes nothing, and its value is finite',
  patch_sum: 'tables of patches are ours; ids outside of a table stand for zeros',
  patch_spread: 'tables of patches are ours',
  expand_rows: 'tables of rows are ours; ids outside of a table stand for zeros',
  collect_rows: 'tables of rows are ours',
  random_normal: 'its numbers are a function of seed, step and stream',
  random_uniform: 'its numbers are a function of seed, step and stream',
  fused: 'it is what its program is made of',
};

describe('every op', () => {
  it('is compared with PyTorch, or says why not', () => {
    const compared = new Set(edgeCases.map(({ op }) => op.name));
    const without = ops.map(({ name }) => name).filter((name) => !compared.has(name));
    expect(without).toEqual(Object.keys(withoutCounterpart));
  });

  it.each(ops.filter(({ name }) => !(name in withoutCounterpart)))(
    'says what it does at edges: $name',
    (op) => {
      expect(op.edges).toMatch(/\w/);
    },
  );
});
