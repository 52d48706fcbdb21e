/** Tests the reference interpreter itself: binding of values and traversal of the graph. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { evaluate } from '../../compiler/ops/reference.ts';

describe('evaluate', () => {
  const b = new GraphBuilder();
  const sum = b.add(b.input({ name: 'x', ...f32(2) }), b.read({ name: 'x', ...f32(2) }));
  const vector = (...values: number[]) => ({ shape: [values.length], data: Float64Array.from(values) });

  it('binds inputs and variables of one name separately', () => {
    const [result] = evaluate([sum], {
      inputs: new Map([['x', vector(1, 2)]]),
      variables: new Map([['x', vector(10, 20)]]),
    });
    expect([...result!.data]).toEqual([11, 22]);
  });

  it('gives the values of all roots in their order', () => {
    const results = evaluate([b.constant({ value: 2 }), b.constant({ value: 1 }), b.constant({ value: 2 })], {
      inputs: new Map(),
      variables: new Map(),
    });
    expect(results.map(({ data }) => data[0])).toEqual([2, 1, 2]);
  });

  it('computes in float64', () => {
    const [result] = evaluate([b.add(b.constant({ value: 1 }), b.constant({ value: 1e-12 }))], {
      inputs: new Map(),
      variables: new Map(),
    });
    expect(result!.data[0]).toBe(1 + 1e-12);
  });

  it('knows the error function to the digits of float64', () => {
    // From Abramowitz and Stegun, table 7.1, and libm.
    const expected = new Map([
      [-7, -1],
      [-0.5, -0.5204998778130465],
      [0, 0],
      [1e-10, 1.1283791670955126e-10],
      [1, 0.8427007929497149],
      [2, 0.9953222650189527],
      [3, 0.9999779095030014],
      [5.9, 0.9999999999999999],
      [Infinity, 1],
    ]);
    const x = vector(...expected.keys());
    const [result] = evaluate([b.erf(b.input({ name: 'z', ...f32(x.data.length) }))], {
      inputs: new Map([['z', x]]),
      variables: new Map(),
    });
    [...expected.values()].forEach((value, at) => {
      expect(Math.abs(result!.data[at]! - value)).toBeLessThanOrEqual(4e-15 * Math.abs(value));
    });
  });

  it('refuses a missing or misshapen value', () => {
    const variables = new Map([['x', vector(1, 2)]]);
    expect(() => evaluate([sum], { inputs: new Map(), variables })).toThrow("no value is bound to input 'x'");
    expect(() => evaluate([sum], { inputs: new Map([['x', vector(1, 2, 3)]]), variables })).toThrow(
      "input 'x' is bound to [3], expected [2]",
    );
  });
});
