/** Tests properties of every optimizer in the table with the float64 reference. */
import { describe, expect, it } from 'vitest';
import { moveWeight, scalarInputs, scalarNames, slotsOf } from '../../compiler/build/optimizers.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import { shapeOf } from '../../compiler/ir/node.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import { optimizers, settingsOf, type OptimizerSpec } from '../../compiler/optimizers/index.ts';

const vector = (data: readonly number[]): RefTensor => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const scalar = (value: number): RefTensor => ({ shape: [], data: Float64Array.of(value) });

/** Every optimizer with its defaults, and with all settings that allow it at 0.5. */
const cases = optimizers.flatMap(({ kind, settings }) =>
  (['defaults', 'halves'] as const).map((name) => {
    const own = Object.entries(settings).map(([key, rule]) => [key, name === 'halves' ? 0.5 : rule.default]);
    const spec = { network: 'N', kind, rate: 0.01, ...Object.fromEntries(own) } as OptimizerSpec;
    return { title: `${kind} with ${name}`, spec };
  }),
);

/** Steps on |w|^2 / 2, whose gradient is w; gives the weight after each step. */
function descend(spec: OptimizerSpec, start: readonly number[], steps: number): number[][] {
  const b = new GraphBuilder();
  const type = f32(start.length);
  const names = ['weight', ...slotsOf(spec)];
  const [weight, ...slots] = names.map((name) => b.read({ name, ...type }));
  const moved = moveWeight(b, spec, { weight: weight!, slots, gradient: weight! });
  const roots = [moved.weight, ...moved.slots];
  let values: RefTensor[] = [vector(start), ...slots.map(() => vector(start.map(() => 0)))];
  return Array.from({ length: steps }, (_, step) => {
    const fed = Object.entries(scalarInputs(spec, { rate: spec.rate, step }));
    const inputs = new Map(fed.map(([name, value]) => [name, scalar(value)]));
    const variables = new Map(names.map((name, at) => [name, values[at]!]));
    values = evaluate(roots, { inputs, variables });
    return [...values[0]!.data];
  });
}

describe('adamw', () => {
  const settings = { beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weight_decay: 0.4 };
  const spec: OptimizerSpec = { network: 'N', kind: 'adamw', rate: 0.05, ...settings };
  const start = [1.5, -0.25, 0];

  it('is the formula of the paper with the rate in both parts, as in PyTorch', () => {
    const { beta1, beta2, epsilon, weight_decay } = settings;
    const each = start.map((value) => {
      let [w, m, v] = [value, 0, 0];
      return Array.from({ length: 20 }, (_, step) => {
        const g = w;
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        const [first, second] = [m / (1 - beta1 ** (step + 1)), v / (1 - beta2 ** (step + 1))];
        w -= spec.rate * (first / (Math.sqrt(second) + epsilon) + weight_decay * w);
        return w;
      });
    });
    descend(spec, start, 20).forEach((weights, step) =>
      weights.forEach((value, index) => expect(value).toBeCloseTo(each[index]![step]!, 12)),
    );
  });

  it('without decay is adam', () => {
    const { weight_decay: _none, ...own } = settings;
    const plain: OptimizerSpec = { network: 'N', kind: 'adam', rate: 0.05, ...own };
    expect(descend({ ...spec, weight_decay: 0 }, start, 5)).toEqual(descend(plain, start, 5));
  });
});

describe('every optimizer', () => {
  it('has names of its own, which are none of what all of them have', () => {
    const kinds = optimizers.map(({ kind }) => kind);
    expect(new Set(kinds).size).toBe(kinds.length);
    for (const optimizer of optimizers) {
      const names = settingsOf(optimizer).map(([name]) => name);
      expect(names).toEqual(['rate', ...Object.keys(optimizer.settings), 'clip_norm', 'average', 'warmup']);
      for (const reserved of ['network', 'kind']) expect(names).not.toContain(reserved);
    }
  });

  it.each(cases)('keeps and feeds what it says, of its own names: $title', ({ spec }) => {
    const b = new GraphBuilder();
    const slots = slotsOf(spec);
    // Other variables that can exist beside a weight.
    for (const companion of ['average', 'sum']) expect(slots).not.toContain(companion);
    const nodes = ['weight', ...slots].map((name) => b.read({ name, ...f32(2, 3) }));
    const moved = moveWeight(b, spec, { weight: nodes[0]!, slots: nodes.slice(1), gradient: nodes[0]! });
    for (const node of [moved.weight, ...moved.slots]) expect(shapeOf(node)).toEqual([2, 3]);
    expect(moved.slots).toHaveLength(slots.length);
    for (const step of [0, 1, 10 ** 6]) {
      const fed = scalarInputs(spec, { rate: spec.rate, step });
      expect(Object.keys(fed)).toEqual(scalarNames(spec));
      for (const [name, value] of Object.entries(fed)) {
        expect(name).toMatch(/^N\//);
        expect(Number.isFinite(value)).toBe(true);
      }
    }
  });

  it.each(cases)('makes a square smaller: $title', ({ spec }) => {
    const [first, ...others] = descend(spec, [1, -2], 100);
    expect(Math.abs(first![0]!)).toBeLessThan(1);
    expect(Math.abs(first![1]!)).toBeLessThan(2);
    for (const value of others.at(-1)!) expect(Math.abs(value)).toBeLessThan(1.5);
  });
});
