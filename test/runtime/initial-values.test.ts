/**
 * Tests the initial values of variables: drawn from seed and name, read from a file, or derived from other variables.
 */
import { describe, expect, it } from 'vitest';
import type { Initializer, Variable, VariableRole } from '../../compiler/ir/variables.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { initialValues } from '../../runtime/session/session.ts';

function variable(
  name: string,
  shape: readonly number[],
  initializer: Initializer,
  role: VariableRole = 'parameter',
): Variable {
  return { name: `G.${name}`, type: f32(...shape), role, network: 'G', initializer };
}

const normal: Initializer = { kind: 'normal', mean: 0, std: 1 };

describe('initial values', () => {
  it('may be uniform between two numbers', () => {
    const [values] = initialValues(
      [variable('w', [4000], { kind: 'uniform', low: -1, high: 3 })],
      1,
    ).values();
    expect(values!.every((value) => value >= -1 && value < 3)).toBe(true);
    // The mean of 4000 numbers of standard deviation 4 / sqrt(12) is within five standard errors.
    const mean = values!.reduce((sum, value) => sum + value, 0) / 4000;
    expect(Math.abs(mean - 1)).toBeLessThan((5 * 4) / Math.sqrt(12 * 4000));
  });

  it('may be the lengths of another variable along its last axis, whichever comes first', () => {
    const g = variable('conv.weight.g', [2], { kind: 'lengths_of', variable: 'conv.weight' });
    const v = variable('conv.weight', [1, 1, 2, 2], normal);
    const values = initialValues([g, v], 1);
    expect(values.get('G.conv.weight')).toEqual(initialValues([v], 1).get('G.conv.weight'));
    const [a, b, c, d] = values.get('G.conv.weight')!;
    expect([...values.get('G.conv.weight.g')!]).toEqual(
      [Math.hypot(a!, c!), Math.hypot(b!, d!)].map(Math.fround),
    );
  });

  it('follow what was loaded, lengths and averages too', () => {
    const variables = [
      variable('w.g', [1], { kind: 'lengths_of', variable: 'w' }),
      variable('w', [2, 1], normal),
      variable('w/average', [2, 1], normal, 'average'),
      variable('other', [2], normal),
    ];
    const values = initialValues(variables, 1, new Map([['G.w', Float32Array.of(3, 4)]]));
    expect([...values.values()].slice(0, 3).map((array) => [...array])).toEqual([[5], [3, 4], [3, 4]]);
    expect(values.get('G.other')).toEqual(initialValues(variables, 1).get('G.other'));
  });

  it('of an average are its weight’s', () => {
    const variables = [variable('w', [3], normal), variable('w/average', [3], normal, 'average')];
    const values = initialValues(variables, 5);
    expect(values.get('G.w/average')).toEqual(values.get('G.w'));
  });
});
