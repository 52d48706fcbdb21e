/** Tests the graph builder: equal expressions become one node, unequal ones do not. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { builderOf } from '../../compiler/ir/methods.ts';
import { defineOp } from '../../compiler/ir/op.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { exp } from '../../compiler/ops/primitive/pointwise.ts';
import { constant } from '../../compiler/ops/primitive/sources.ts';

describe('the builder', () => {
  it('makes equal expressions one node, wherever they come from', () => {
    const b = new GraphBuilder();
    const make = (scope: string) =>
      b.within({ scope, span: undefined }, () =>
        b.leakyRelu(b.input({ name: 'x', ...f32(2) }), { slope: 0.2 }),
      );
    expect(make('G.a')).toBe(make('G.b'));
  });

  it('gives an origin to what is made within it, also where making it fails', () => {
    const b = new GraphBuilder();
    const fail = (): never => {
      throw new Error('failed');
    };
    expect(() => b.within({ scope: 'G', span: undefined }, fail)).toThrow('failed');
    expect(b.constant({ value: 1 }).origin).toBe(undefined);
  });

  it('keeps 0 and -0 apart, which divide differently', () => {
    const b = new GraphBuilder();
    expect(b.constant({ value: -0 })).not.toBe(b.constant({ value: 0 }));
  });

  it('keeps lists as they were when the node was made', () => {
    const b = new GraphBuilder();
    const axes = [0];
    const sum = b.sum(b.input({ name: 'x', ...f32(2, 3) }), { axes, keep: false });
    axes[0] = 1;
    expect(sum.attrs['axes']).toEqual([0]);
  });

  it('refuses nodes of another builder', () => {
    const [own, other] = [new GraphBuilder(), new GraphBuilder()];
    const [x, y] = [own, other].map((b) => b.input({ name: 'x', ...f32(2) }));
    own.add(x!, x!);
    expect(() => own.add(x!, y!)).toThrow('an operand of add is a node of another builder');
  });

  it('refuses another op of a name that it knows', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(2) });
    b.exp(x);
    expect(() => b.make({ ...exp }, [x])).toThrow('two ops are called exp');
    expect(() => builderOf([exp, { ...exp }], constant)).toThrow('called exp');
    expect(() => builderOf([{ ...exp, name: 'make' }], constant)).toThrow('called make');
  });

  it('refuses axes that are no whole numbers', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(2, 3, 4) });
    expect(() => b.sum(x, { axes: [0, 0.5], keep: false })).toThrow('axes of x');
  });

  it('does not mind the order in which attributes are given', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(2, 3) });
    expect(b.sum(x, { axes: [0], keep: true })).toBe(b.sum(x, { keep: true, axes: [0] }));
  });

  it('keeps constants apart that differ in the last bit, and refuses those that are no finite number', () => {
    const b = new GraphBuilder();
    expect(b.constant({ value: 1 })).not.toBe(b.constant({ value: 1 + Number.EPSILON }));
    expect(() => b.constant({ value: NaN })).toThrow(
      'constant: value is a finite number of float32 (found NaN)',
    );
    expect(() => b.constant({ value: -Infinity })).toThrow(
      'constant: value is a finite number of float32 (found -Infinity)',
    );
  });

  it('refuses results that do not exist', () => {
    const b = new GraphBuilder();
    expect(() => b.item(b.constant({ value: 1 }), 1)).toThrow('expected that constant has a result 1');
  });

  it('refuses operands with several results', () => {
    const b = new GraphBuilder();
    const split = b.split(b.input({ name: 'x', ...f32(2) }), { axis: 0, sizes: [1, 1] });
    expect(() => b.neg(split)).toThrow('an operand of neg has several results');
  });

  it('names op, constraint and finding where types do not fit', () => {
    const b = new GraphBuilder();
    const [x, y] = [b.input({ name: 'a', ...f32(2) }), b.input({ name: 'b', ...f32(3) })];
    expect(() => b.add(x, y)).toThrow('add: shapes are equal or broadcast (1 against n) (found [2] and [3])');
  });
});

describe('an entry', () => {
  const named = (operands: readonly string[]) => () =>
    defineOp({
      name: 'odd',
      doc: 'odd',
      operands,
      infer: () => f32(1),
      vjp: { nondifferentiable: 'it is odd' },
      reference: () => ({ shape: [1], data: Float64Array.of(0) }),
      tensorflow: () => '',
      tfjs: (_inputs, { tf }) => tf.zeros([1]),
      flops: () => 0,
      samples: [],
    });

  it('has operands of different names, a list last', () => {
    expect(named(['x', 'x'])).toThrow('odd has two operands of one name: x, x');
    expect(named(['...xs', 'y'])).toThrow('odd has a list of operands that is not the last: ...xs, y');
    expect(named(['x', '...ys'])).not.toThrow();
  });
});
