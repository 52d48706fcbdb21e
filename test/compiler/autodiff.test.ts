/** Tests reverse-mode differentiation itself; the gradient rules of ops are tested with the op table. */
import { deriveOp } from '../../compiler/ops/primitive/derive.ts';
import { mul } from '../../compiler/ops/primitive/pointwise.ts';
import { constant } from '../../compiler/ops/primitive/sources.ts';
import { describe, expect, it } from 'vitest';
import { gradients } from '../../compiler/ops/gradients.ts';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { reachable, type Node } from '../../compiler/ir/node.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { evaluate } from '../../compiler/ops/reference.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';

const scalar = (value: number): RefTensor => ({ shape: [], data: Float64Array.of(value) });

/** Evaluates scalar nodes with scalar inputs. */
function values(nodes: readonly Node[], inputs: Readonly<Record<string, number>>): number[] {
  const bound = new Map(Object.entries(inputs).map(([name, value]) => [name, scalar(value)]));
  return evaluate(nodes, { inputs: bound, variables: new Map() }).map(({ data }) => data[0]!);
}

describe('gradients', () => {
  it('add up over all uses of a value', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32() });
    const y = b.add(b.mul(x, x), b.mul(x, 3)); // x^2 + 3x
    expect(values(gradients(b, y, [x]), { x: 5 })).toEqual([13]);
  });

  it('of a derived op that is given a value twice count each use once', () => {
    const scaled = deriveOp({
      name: 'scaled',
      doc: 'x times its factor',
      operands: ['x', 'factor'],
      of: [mul],
      expand: ({ x, factor }, b): Node => b.mul(x, factor),
      samples: [],
    });
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32() });
    expect(values(gradients(b, b.make(scaled, [x, x]), [x]), { x: 5 })).toEqual([10]);
  });

  it('are refused where a rule gives too few', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32() });
    const half = { ...mul, name: 'half', vjp: () => [() => x] };
    expect(() => gradients(b, b.make(half, [x, b.exp(x)]), [x])).toThrow(
      'half has 2 operands and gives 1 cotangents',
    );
  });

  it('can be taken again and again', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32() });
    const cube = b.mul(b.square(x), x);
    const [first] = gradients(b, cube, [x]);
    const [second] = gradients(b, first!, [x]);
    const [third] = gradients(b, second!, [x]);
    const [fourth] = gradients(b, third!, [x]);
    expect(values([first!, second!, third!, fourth!], { x: 2 })).toEqual([12, 12, 6, 0]);
  });

  it('are zeros of the right shape where the loss does not depend on the target', () => {
    const b = new GraphBuilder();
    const [zero] = gradients(b, b.input({ name: 'x', ...f32() }), [b.input({ name: 'other', ...f32(2, 3) })]);
    expect(zero).toMatchObject({ op: constant, attrs: { value: 0, shape: [2, 3] } });
  });

  it('can be taken with respect to values in the middle', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32() });
    const middle = b.exp(x);
    const loss = b.mul(middle, b.mul(x, 2));
    expect(values(gradients(b, loss, [middle]), { x: 3 })).toEqual([6]);
  });

  it('give the loss itself the gradient 1', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32() });
    expect(values(gradients(b, x, [x]), { x: 3 })).toEqual([1]);
  });

  it('need a cotangent where the loss is no scalar, and weigh the entries by it', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(3) });
    const y = b.square(x);
    expect(() => gradients(b, y, [x])).toThrow('gradients of a loss of shape [3] need a cotangent');
    const weights = b.input({ name: 'u', ...f32(3) });
    const bound = new Map([
      ['x', { shape: [3], data: Float64Array.of(1, 2, 3) }],
      ['u', { shape: [3], data: Float64Array.of(1, 0, -1) }],
    ]);
    const [gradient] = evaluate(gradients(b, y, [x], weights), { inputs: bound, variables: new Map() });
    expect([...gradient!.data]).toEqual([2, 0, -6]);
  });

  it('fill in zeros for results that the loss does not use', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(3) });
    const split = b.split(x, { axis: 0, sizes: [1, 2] });
    const loss = b.sum(b.square(b.item(split, 1)), { axes: [0], keep: false });
    const bound = new Map([['x', { shape: [3], data: Float64Array.of(4, 5, 6) }]]);
    const [gradient] = evaluate(gradients(b, loss, [x]), { inputs: bound, variables: new Map() });
    expect([...gradient!.data]).toEqual([0, 10, 12]);
  });

  it('stop at stop_gradient but flow beside it', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32() });
    const loss = b.mul(x, b.stopGradient(x));
    expect(values(gradients(b, loss, [x]), { x: 3 })).toEqual([3]);
  });

  it('build nothing for operands that lead to no target', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(1, 4, 4, 2) });
    const weight = b.read({ name: 'w', ...f32(3, 3, 2, 2) });
    const y = b.conv2d(x, weight, { stride: 1, padding: 'same' });
    const built = gradients(b, b.sum(y, { axes: [0, 1, 2, 3], keep: false }), [weight]);
    const names = reachable(built).map(({ op }) => op.name);
    expect(names).toContain('conv2d_filter_grad');
    expect(names).not.toContain('conv2d_input_grad');
  });

  it('come from the place that their op comes from', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32() });
    const y = b.within({ scope: 'G.norm', span: undefined }, () => b.tanh(x));
    b.within({ scope: 'loss', span: undefined }, () => {
      const [gradient] = gradients(b, b.mul(y, 2), [x]);
      expect(gradient!.origin?.scope).toBe('G.norm');
      expect(b.constant({ value: 5 }).origin?.scope).toBe('loss');
    });
    expect(b.constant({ value: 6 }).origin).toBe(undefined);
  });
});
