/** The ops that have no operands, what a graph's values begin with, and the one that keeps gradients from them. */
import { asOperand } from '../../locality/rule.ts';
import { pointwise } from '../../rows/rule.ts';
import { isPicture } from '../../locality/facts.ts';
import { shapeOf, type Cotangents, type Op } from '../../ir/node.ts';
import { defineOp, list, number, preset, type Method } from '../../ir/op.ts';
import { input, read } from '../../ir/sources.ts';
import { f32 } from '../../ir/types.ts';
import { checkFinite, emitList, float, handedOn, tabulate } from './support.ts';

export const constant = defineOp({
  name: 'constant',
  doc: 'A float32 tensor of `shape` that holds one value everywhere.',
  operands: [],
  attrs: { value: number('the value'), shape: preset(list('the shape'), []) },
  infer: ({ value, shape }, check) => {
    checkFinite(value, 'value', check);
    return { dtype: 'f32', shape };
  },
  vjp: (): Cotangents => [],
  reference: ({ value, shape }) => tabulate(shape, () => value),
  tensorflow: ({ value, shape }, { emit }) => {
    const scalar = emit.constant('f32', [], [value]);
    if (shape.length === 0) return scalar;
    return emit.op('Fill', [emitList(emit, shape), scalar], { ...float, index_type: { type: 'i32' } });
  },
  tfjs: ({ value, shape }, { tf }) => tf.fill([...shape], value),
  traits: { isCheap: true },
  fuse: ({ attrs: { value } }) => ({ kind: 'constant', value }),
  locality: (node, walk) => {
    const shape = shapeOf(node);
    const [, height = 1, width = 1, channels = 1] = shape;
    const isPlane = isPicture(shape) && height * width > 1;
    return isPlane ? [[{ channels, pixels: walk.pixels.uniform(height, width) }]] : ['weights'];
  },
  flops: () => 0,
  samples: [
    { operands: [], attrs: { value: 2.5, shape: [] } },
    { operands: [], attrs: { value: -1, shape: [2, 3] } },
  ],
});

export const stopGradient = defineOp({
  name: 'stop_gradient',
  doc: 'The value of x, through which no gradient flows.',
  edges: handedOn,
  operands: ['x'],
  infer: ({ x }) => x,
  vjp: { nondifferentiable: 'that is its purpose' },
  reference: ({ x }) => x,
  tensorflow: ({ x }) => x,
  tfjs: ({ x }, { tf }) => tf.clone(x),
  traits: { isView: true, isCheap: true },
  fuse: () => ({ kind: 'same' }),
  locality: asOperand,
  onRows: pointwise,
  flops: () => 0,
  samples: [{ operands: [f32(2, 3)] }],
});

export const sourceOps: readonly Op[] = [input, read, constant, stopGradient];

declare module '../../ir/node.ts' {
  interface Builder {
    constant: Method<typeof constant>;
    stopGradient: Method<typeof stopGradient>;
  }
}
