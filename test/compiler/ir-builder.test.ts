/** Tests the graph builder: equal expressions become one node, unequal ones do not. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { f32 } from '../../compiler/ir/types.ts';

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
