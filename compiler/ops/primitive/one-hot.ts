/** The op that turns ids into channels. */
import { shapeOf, type Op } from '../../ir/node.ts';
import { defineOp, number, type Method } from '../../ir/op.ts';
import { i32 } from '../../ir/types.ts';
import { noMargin } from '../../rows/forms.ts';
import { entryAt, float, tabulate, wildId } from './support.ts';

export const oneHot = defineOp({
  name: 'one_hot',
  doc: 'Turns ids [..] into float32 channels [.., depth]: 1 at the id, 0 elsewhere; ids outside 0 .. depth - 1 have no 1.',
  edges: 'ids outside of the channels have no 1; F.one_hot refuses them',
  operands: ['ids'],
  attrs: { depth: number('number of channels') },
  infer: ({ ids, depth }, check) => {
    check(ids.dtype === 'i32', 'ids are integers', ids.dtype);
    check(depth >= 1, 'depth is at least 1', String(depth));
    return { dtype: 'f32', shape: [...ids.shape, depth] };
  },
  vjp: { nondifferentiable: 'ids are discrete' },
  reference: ({ ids }, node) =>
    tabulate(shapeOf(node), (index) => Number(entryAt(ids, index.slice(0, -1)) === index.at(-1))),
  tensorflow: ({ ids, depth }, { emit }) => {
    const operands = [emit.constant('i32', [], [depth]), ...[1, 0].map((x) => emit.constant('f32', [], [x]))];
    return emit.op('OneHot', [ids, ...operands], { ...float, TI: { type: 'i32' }, axis: { int: -1 } });
  },
  tfjs: ({ ids, depth }, { tf, node }) => {
    const flat = tf.reshape(ids, [-1]);
    // The one channel of depth 1 is what tfjs refuses to make.
    const channels = depth === 1 ? tf.equal(flat, tf.scalar(0, 'int32')) : tf.oneHot(flat, depth);
    return tf.reshape(tf.cast(channels, 'float32'), [...shapeOf(node)]);
  },
  traits: { isCheap: true },
  actsOnParts: (_attrs, axis) => axis === 0,
  locality: ({ operands: [ids], attrs: { depth } }, walk) => {
    const whole = shapeOf(ids).length === 3 ? walk.whole(walk.of(ids)) : undefined;
    return [whole && [{ channels: depth, pixels: whole }]];
  },
  onRows: ({ operands: [ids], attrs: { depth } }, tables) => {
    const form = tables.formOf(ids);
    if (form?.kind !== 'ids') return undefined;
    const { grid, times } = form;
    return {
      kind: 'pieces',
      grid,
      times,
      pieces: [{ holds: 'classes', channels: depth }],
      margin: noMargin,
    };
  },
  flops: () => 0,
  samples: [
    { operands: [i32(2, 3)], attrs: { depth: 4 }, draw: (_i, u) => Math.floor(2 * u + 2) },
    ...[4, 1].map((depth) => ({
      operands: [i32(2, 7)],
      attrs: { depth },
      draw: (_i: number, u: number) => wildId(u),
    })),
  ],
});

export const oneHotOps: readonly Op[] = [oneHot];

declare module '../../ir/node.ts' {
  interface Builder {
    oneHot: Method<typeof oneHot>;
  }
}
